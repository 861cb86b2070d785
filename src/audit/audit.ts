import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { composed } from "./bases.ts";
import { readBeside } from "./beside.ts";
import type { Candidate } from "./candidate.ts";
import { withEntryPoint } from "./entry-point.ts";
import { filesUnder } from "./files.ts";
import type { Framework } from "./frameworks/framework.ts";
import { frameworks } from "./frameworks/index.ts";
import { type ChosenVersion, judge } from "./judge.ts";
import { kindOf, readSource } from "./readers/index.ts";
import { redact } from "./redact.ts";
import type { AuditError, AuditedFile, AuditedRun, AuditReport } from "./report.ts";
import { Source } from "./source.ts";
import { Pins } from "./versions.ts";

/** Largest file that is read. */
export const mostBytes = 5 * 2 ** 20;
/** Most runs of one file that are told. */
const mostRuns = 200;

export interface AuditOptions {
	/** A version that is taken for every framework, or by the framework's name. */
	readonly version?: string;
}

/** Audits files, and all files of folders that may configure a run. Nothing of them is executed. */
export async function audit(paths: readonly string[], options: AuditOptions = {}): Promise<AuditReport> {
	const auditor = new Auditor(options);
	const files: AuditedFile[] = [];
	for (const path of paths) {
		const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
		if (!isFolder) files.push(await auditor.file(path, true));
		else for (const inner of filesUnder(path)) files.push(await auditor.file(inner, false, path));
	}
	return { files };
}

/** Audits a text as if it were the file of that path. */
export async function auditText(
	path: string,
	text: string,
	options: AuditOptions = {},
): Promise<AuditedFile> {
	return new Auditor(options).text(path, text);
}

class Auditor {
	readonly #options: AuditOptions;
	readonly #pins = new Pins();

	constructor(options: AuditOptions) {
		this.#options = options;
	}

	/**
	 * @param named whether the user named it: of a folder what is no input is passed over
	 * @param tree the folder that is audited
	 */
	async file(path: string, named: boolean, tree?: string): Promise<AuditedFile> {
		const read = readText(path);
		if ("code" in read)
			return { path, runs: [], errors: named || read.code !== "audit-binary" ? [read] : [] };
		const kind = kindOf(path, read.text);
		if (kind === null)
			return {
				path,
				runs: [],
				errors: named
					? [error("audit-kind", "Expected a shell script, Python, YAML, JSON, TOML or a notebook")]
					: [],
			};
		return this.text(path, read.text, tree);
	}

	async text(path: string, text: string, tree?: string): Promise<AuditedFile> {
		try {
			const kind = kindOf(path, text) ?? "sh";
			const candidates = await readSource(kind, new Source(path, text, tree));
			const runs: AuditedRun[] = [];
			for (const candidate of candidates) {
				const found = await recognised(candidate, path);
				if (found === null || runs.length >= mostRuns) continue;
				const { framework, whole } = found;
				runs.push(judge(framework, whole, this.#version(framework, path, text)));
			}
			return clean({ path, runs, errors: [] });
		} catch (cause) {
			const message =
				cause instanceof RangeError
					? "it nests too deep"
					: cause instanceof Error
						? cause.message
						: "it cannot be read";
			return clean({
				path,
				runs: [],
				errors: [error("audit-parse", `Expected a file that can be parsed: ${message}`)],
			});
		}
	}

	#version(framework: Framework, path: string, text: string): ChosenVersion {
		const { version } = this.#options;
		if (version !== undefined)
			return { version: framework.dated?.(version) ?? version, from: "flag", atLeast: null };
		const own = framework.vendored?.((name) => readBeside(name, path)) ?? null;
		if (own !== null) return { version: own, from: "file", atLeast: null };
		const pin =
			framework.packages.length === 0 ? null : this.#pins.find(framework.packages, resolve(path), text);
		if (pin?.isComment === true) return { version: pin.version, from: "assumed", atLeast: null };
		if (pin?.exact === true) return { version: pin.version, from: "file", atLeast: null };
		return { version: framework.assumed, from: "assumed", atLeast: pin?.version ?? null };
	}
}

/** The framework that a candidate is of, with the settings that stand below it: alone, or with them. */
async function recognised(
	read: Candidate,
	path: string,
): Promise<{ framework: Framework; whole: Candidate } | null> {
	const candidate = withEntryPoint(read, path);
	const framework = frameworks.find((one) => one.recognises(candidate));
	if (framework !== undefined) return { framework, whole: await withBases(candidate, framework, path) };
	if (candidate.bases.length === 0) return null;
	const merged = await withBases(candidate, null, path);
	const ofMerged = frameworks.find((one) => one.recognises(merged));
	return ofMerged === undefined
		? null
		: { framework: ofMerged, whole: await withBases(candidate, ofMerged, path) };
}

/** The candidate with the settings of the files that stand below it; what is not found leaves it open. */
async function withBases(
	candidate: Candidate,
	framework: Framework | null,
	path: string,
): Promise<Candidate> {
	if (candidate.bases.length === 0) return candidate;
	const { settings, missing } = await composed(
		candidate,
		path,
		(file) => framework?.ownsBase?.(file) === true,
		candidate.written?.read,
	);
	const open = missing === null ? null : `${missing} stands below these settings and is not beside this file`;
	return { ...candidate, settings, open: candidate.open ?? open };
}

function readText(path: string): { text: string } | AuditError {
	let descriptor: number | undefined;
	try {
		const status = statSync(path, { throwIfNoEntry: false });
		if (status === undefined) return error("audit-missing", "Expected a file or folder but there is none");
		// A pipe or a device would be waited for without end.
		if (!status.isFile()) return error("audit-kind", "Expected a file or folder");
		descriptor = openSync(path, "r");
		const { size } = fstatSync(descriptor);
		if (size > mostBytes)
			return error("audit-size", `Expected at most ${mostBytes} bytes but the file has ${size}`);
		const bytes = readFileSync(descriptor);
		if (bytes.subarray(0, 8192).includes(0))
			return error("audit-binary", "Expected text but the file is binary");
		return { text: bytes.toString("utf8").replace(/^\ufeff/, "") };
	} catch (cause) {
		return error("audit-read", (cause as Error).message);
	} finally {
		if (descriptor !== undefined) closeSync(descriptor);
	}
}

function error(code: string, message: string): AuditError {
	return { code, message };
}

/** Nothing that a file holds is told without a look for secrets. */
function clean<T>(value: T): T {
	if (typeof value === "string") return redact(value) as T;
	if (Array.isArray(value)) return value.map((one: unknown) => clean(one)) as T;
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [
			key,
			key === "path" ? (inner as unknown) : clean(inner as unknown),
		]),
	) as T;
}
