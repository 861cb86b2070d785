import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { RunRecord } from "./run-record.ts";

export type Labels = Readonly<Record<string, string>>;

/** Settings that make no other experiment of a run. */
const notLabels = new Set(["seed", "name", "threads", "task.dataDir"]);

/**
 * The labels of each run: those it has, or, where no run has any, the settings that differ between the runs, by their
 * paths in the recipe (`kl.estimator`); the seed is none of them, nor where the machine keeps the model.
 */
export function labelsOf(records: readonly RunRecord[]): Labels[] {
	if (records.some(({ labels }) => Object.keys(labels).length > 0))
		return records.map(({ labels }) => labels);
	const settings = records.map(({ config }) => settingsOf(config));
	const paths = axesOf(settings).filter((path) => {
		const values = settings.map((own) => own.get(path));
		if (path === "reference" && settings.every((own) => own.get("reference") === own.get("model")))
			return false;
		return !notLabels.has(path) && new Set(values).size > 1;
	});
	const told = paths.filter((path) => !comesWith(path, paths, settings));
	return settings.map((own) =>
		Object.fromEntries(
			told.flatMap((path) => {
				const value = own.get(path);
				return value === undefined ? [] : [[path, value]];
			}),
		),
	);
}

/** What is told of a KL even if it has one value. */
const alwaysTold = new Set(["kl.estimator", "kl.beta"]);

/** Whether a setting has one value wherever it is, and another one says where: as the credit of all KLs in the reward. */
function comesWith(
	path: string,
	paths: readonly string[],
	settings: readonly ReadonlyMap<string, string>[],
): boolean {
	const values = new Set(settings.flatMap((own) => own.get(path) ?? []));
	if (values.size > 1 || alwaysTold.has(path)) return false;
	return paths.some((other) => {
		const all = settings.map((own) => own.get(other));
		// One that is itself there or not says no more than this one.
		if (other === path || all.includes(undefined)) return false;
		const present = new Map<string | undefined, boolean>();
		return settings.every((own, i) => {
			const known = present.get(all[i]);
			present.set(all[i], own.has(path));
			return known === undefined || known === own.has(path);
		});
	});
}

/** The axes of all labels: in the order of those that have most, whatever order the runs come in. */
export function axesOf(all: readonly (Labels | ReadonlyMap<string, string>)[]): string[] {
	const lists = all.map(
		(labels) => (labels instanceof Map ? [...labels.keys()] : Object.keys(labels)) as string[],
	);
	const distinct = [...new Map(lists.map((list) => [JSON.stringify(list), list]))];
	const [first = [], ...rest] = distinct
		.sort(([x, a], [y, b]) => b.length - a.length || (x < y ? -1 : 1))
		.map(([, list]) => list);
	const axes = [...first];
	for (const list of rest) {
		for (const [i, axis] of list.entries()) {
			if (axes.includes(axis)) continue;
			// After what it comes after in its own list.
			const after = list.slice(0, i).findLast((other) => axes.includes(other));
			axes.splice(after === undefined ? 0 : axes.indexOf(after) + 1, 0, axis);
		}
	}
	return axes;
}

/** The same text for the same labels, in whatever order. */
export function keyOf(labels: Labels): string {
	return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Numbers by size, before words; the rest by the alphabet, `none` before all. */
export function compareLabels(a: string | undefined, b: string | undefined): number {
	if (a === b) return 0;
	const [x, y] = [rankOf(a), rankOf(b)];
	for (const [i, of] of x.entries()) {
		if (of !== y[i]) return of < y[i] ? -1 : 1;
	}
	return (a ?? "") < (b ?? "") ? -1 : 1;
}

function rankOf(label: string | undefined): readonly [kind: number, size: number] {
	if (label === undefined) return [0, 0];
	if (label === "none") return [1, 0];
	const number = label.trim() === "" ? NaN : Number(label);
	return Number.isNaN(number) ? [3, 0] : [2, number];
}

/** Path by path what a recipe sets; lists as a whole. */
function settingsOf(config: RunRecord["config"]): Map<string, string> {
	const settings = new Map<string, string>();
	const walk = (value: unknown, path: string) => {
		if (typeof value === "object" && value !== null && !Array.isArray(value)) {
			for (const [key, inner] of Object.entries(value)) walk(inner, path === "" ? key : `${path}.${key}`);
		} else if (value !== undefined) settings.set(path, textOf(value, path));
	};
	walk(config, "");
	return settings;
}

function textOf(value: unknown, path: string): string {
	if (typeof value !== "string") return shortened(JSON.stringify(value));
	return shortened(path === "model" || path === "reference" ? modelName(value) : value);
}

/** A label that a table has room for, other values still another label. */
function shortened(text: string): string {
	if (text.length <= 60) return text;
	return `${text.slice(0, 40)}... ${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

/** A model's path without where the machine keeps it: its folder's name and that above, of a checkpoint its run's too. */
function modelName(path: string): string {
	const parts = path.split(/[\\/]/).filter((part) => part !== "");
	const length = /^step-\d+$/.test(basename(path)) ? 3 : 2;
	return parts.slice(-length).join("/");
}
