import { expected } from "../errors.ts";
import { nearest } from "../recipe/nearest.ts";
import type { Axis, ExperimentFile, Where } from "./experiment-schema.ts";

/** One run of a grid. */
export interface Cell {
	/** Folder of its run: `k1-reward_beta0.1_lag10_seed1`. */
	readonly id: string;
	/** Label of each axis that it has. */
	readonly labels: Readonly<Record<string, string>>;
	readonly seed: number;
	/** As on the command line: `kl.beta=0.1`. */
	readonly overrides: readonly string[];
}

interface Choice {
	readonly axis: string;
	readonly label: string;
	readonly settings: Readonly<Record<string, unknown>>;
	/** Of its cells' ids. */
	readonly id: string;
}

type Grid = Pick<ExperimentFile, "seeds" | "axes" | "without" | "skip" | "settings">;

/** How many cells a grid has at most, before `without` and `skip`: known without making them. */
export function gridSize({ seeds, axes }: Pick<Grid, "seeds" | "axes">): number {
	return Object.values(axes).reduce((size, axis) => size * choicesCount(axis), seeds.length);
}

/**
 * Every run of a grid: seeds outermost, so that after each seed there is a whole table.
 * @throws ThaliaError `experiment-invalid` for conditions on what is not there, for two cells that are the same, and for
 * a grid without cells
 */
export function expandGrid(grid: Grid, subject: string): Cell[] {
	checkNames(grid, subject);
	const axes = Object.entries(grid.axes).map(([name, axis]) => choicesOf(name, axis));
	const configurations = new Map<string, Choice[]>();
	for (const all of product(axes)) {
		const left = all.filter(
			({ axis }) => !grid.without.some((rule) => rule.axis === axis && matches(all, rule.where)),
		);
		if (grid.skip.some((where) => matches(left, where))) continue;
		configurations.set(JSON.stringify(left.map(({ axis, label }) => [axis, label])), left);
	}
	const cells = [...new Set(grid.seeds)].flatMap((seed) =>
		[...configurations.values()].map((choices) => cellOf(choices, seed, grid.settings)),
	);
	if (cells.length === 0)
		throw expected("experiment-invalid", "at least one run", subject, "none", "take something out of `skip`");
	const ids = new Set<string>();
	for (const { id } of cells) {
		if (ids.has(id))
			throw expected("experiment-invalid", "different names", `the runs of ${subject}`, `${id} twice`);
		ids.add(id);
	}
	return cells;
}

function choicesCount(axis: Axis): number {
	return Array.isArray(axis) ? axis.length : Object.keys(axis).length;
}

function choicesOf(name: string, axis: Axis): Choice[] {
	if (Array.isArray(axis)) {
		const last = name.split(".").at(-1) ?? name;
		return axis.map((value) => ({
			axis: name,
			label: String(value),
			settings: { [name]: value },
			id: `${last}${String(value).replaceAll(/[^A-Za-z0-9.+-]/g, "-")}`,
		}));
	}
	// A label that is a number says nothing by itself.
	return Object.entries(axis).map(([label, settings]) => ({
		axis: name,
		label,
		settings: settings ?? {},
		id: /^[\d.]/.test(label) ? `${name}${label}` : label,
	}));
}

function* product(axes: readonly (readonly Choice[])[]): Generator<Choice[]> {
	const [first, ...rest] = axes;
	if (axes.length === 0) yield [];
	else for (const choice of first) for (const others of product(rest)) yield [choice, ...others];
}

function matches(choices: readonly Choice[], where: Where): boolean {
	return Object.entries(where).every(([axis, labels]) => {
		const own = choices.find((choice) => choice.axis === axis)?.label;
		return own !== undefined && [labels].flat().map(String).includes(own);
	});
}

function cellOf(choices: readonly Choice[], seed: number, common: Readonly<Record<string, unknown>>): Cell {
	// A later axis wins over an earlier one, and all of them over what every run has.
	const settings = Object.assign({}, common, ...choices.map((choice) => choice.settings)) as typeof common;
	return {
		id: [...choices.map(({ id }) => id), `seed${seed}`].join("_"),
		labels: Object.fromEntries(choices.map(({ axis, label }) => [axis, label])),
		seed,
		overrides: [
			...Object.entries(settings).map(([path, value]) => `${path}=${JSON.stringify(value)}`),
			`seed=${seed}`,
		],
	};
}

/** @throws ThaliaError `experiment-invalid` */
function checkNames(grid: Grid, subject: string): void {
	const rules = [
		...grid.without.flatMap(({ axis, where }) =>
			[{ [axis]: [] }, where].map((each) => ["without", each] as const),
		),
		...grid.skip.map((each) => ["skip", each] as const),
	];
	for (const [key, where] of rules) checkWhere(grid.axes, where, `${key} of ${subject}`);
}

/** Refuses labels of a condition that no axis has. @throws ThaliaError `experiment-invalid` */
export function checkWhere(axes: Grid["axes"], where: Where, subject: string): void {
	for (const [name, wanted] of Object.entries(where)) {
		const axis = (axes as Partial<typeof axes>)[name];
		if (axis === undefined) throw unknown("an axis", name, Object.keys(axes), subject);
		const labels = choicesOf(name, axis).map(({ label }) => label);
		const bad = [wanted]
			.flat()
			.map(String)
			.find((label) => !labels.includes(label));
		if (bad !== undefined) throw unknown(`a label of ${name}`, bad, labels, subject);
	}
}

function unknown(what: string, name: string, known: readonly string[], subject: string) {
	const meant = nearest(name, known);
	const fix = meant === undefined ? undefined : `did you mean ${meant}?`;
	return expected("experiment-invalid", `${what} (${known.join(", ")})`, subject, name, fix);
}
