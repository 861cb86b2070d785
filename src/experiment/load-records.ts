import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { isRecord, isRecordsFile, readRecords } from "./records-file.ts";
import { type RunRecord, readRunRecord } from "./run-record.ts";

/** What an experiment keeps of its runs, in its folder. */
const recordsFiles = ["records.jsonl", "records.jsonl.gz"] as const;

/** Folders between the one that is given and a run. */
const deepest = 3;

/**
 * Runs by whatever they are given: run directories, folders with runs below them or with an experiment's records, files
 * of records.
 * @param onDamaged what becomes of a run or line that cannot be read; default: it is thrown
 * @throws ThaliaError `report-no-runs`, `run-damaged`, `records-damaged`
 */
export function loadRecords(
	paths: readonly string[],
	onDamaged: (error: ThaliaError) => void = (error) => {
		throw error;
	},
): RunRecord[] {
	return paths.flatMap((path) => {
		if (!existsSync(path)) throw noRuns(`${path} to exist`);
		if (!statSync(path).isDirectory()) {
			if (isRecordsFile(path)) return lastOfEach(readRecords(path, onDamaged));
			throw noRuns(`${path} to be a folder or a file of records (.jsonl, .jsonl.gz)`);
		}
		const records = recordsFiles.map((name) => join(path, name)).find((file) => existsSync(file));
		if (records !== undefined && !isRun(path)) return lastOfEach(readRecords(records, onDamaged));
		const runs = runsBelow(path, deepest);
		if (runs.length === 0) throw noRuns(`runs at ${path} or below it`);
		return runs.flatMap((run) => {
			const record = readRun(run);
			if (!(record instanceof ThaliaError)) return [record];
			onDamaged(record);
			return [];
		});
	});
}

/** A run that was tried again has a record of each try. */
function lastOfEach(records: readonly RunRecord[]): RunRecord[] {
	return [...new Map(records.map((record) => [record.name, record])).values()];
}

function isRun(path: string): boolean {
	return existsSync(join(path, "manifest.json"));
}

function runsBelow(path: string, depth: number): string[] {
	if (isRun(path)) return [path];
	if (depth === 0) return [];
	return (
		readdirSync(path, { withFileTypes: true })
			// What begins with a dot is being written, or not meant to be seen.
			.filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules")
			.filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
			.map(({ name }) => join(path, name))
			.filter((inner) => statSync(inner, { throwIfNoEntry: false })?.isDirectory() === true)
			.sort()
			.flatMap((inner) => runsBelow(inner, depth - 1))
	);
}

function readRun(dir: string): RunRecord | ThaliaError {
	let why = "files that lack what every run has";
	try {
		const record = readRunRecord(dir);
		if (isRecord(record)) return record;
	} catch (error) {
		if (error instanceof ThaliaError && error.code === "run-damaged") return error;
		why = (error as Error).message;
	}
	return new ThaliaError("run-damaged", `Expected a run at ${dir} but received ${why}`, {
		fix: "leave this run out (--skip-damaged), or bring its files back",
	});
}

function noRuns(what: string): ThaliaError {
	return new ThaliaError("report-no-runs", `Expected ${what}`, {
		fix: "give run directories, a folder of runs, or the records.jsonl of an experiment",
	});
}
