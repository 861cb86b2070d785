import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, ThaliaError } from "../errors.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import { toJsonLine } from "../runs/json-lines.ts";
import { CURVES } from "./curves.ts";
import { OUTCOMES, type RunRecord } from "./run-record.ts";

/** Whether a path is that of a file of records, by its name. */
export function isRecordsFile(path: string): boolean {
	return /\.jsonl(\.gz)?$/.test(path);
}

/** Records as JSON lines, compressed where the name ends in `.gz`; the file appears whole or not at all. */
export function writeRecords(path: string, records: readonly RunRecord[]): void {
	const data = Buffer.concat(records.map((record) => Buffer.from(toJsonLine(record))));
	writeFileAtomic(path, isCompressed(path) ? gzipSync(data) : data);
}

/**
 * The records that `writeRecords` wrote.
 * @param onDamaged what becomes of a line that is none; default: it is thrown
 * @throws ThaliaError `records-damaged` for a line that is none, `records-missing` where there is no such file
 */
export function readRecords(
	path: string,
	onDamaged: (error: ThaliaError) => void = (error) => {
		throw error;
	},
): RunRecord[] {
	const data = read(path);
	const records: RunRecord[] = [];
	// Line by line: all of them together can be more than one string holds.
	for (let start = 0, number = 1; start < data.length; number++) {
		const newline = data.indexOf(10, start);
		const end = newline === -1 ? data.length : newline;
		const line = data.toString("utf8", start, end);
		const record = line.trim() === "" ? undefined : recordOf(line, `${path}:${number}`);
		if (record instanceof ThaliaError) onDamaged(record);
		else if (record !== undefined) records.push(record);
		start = end + 1;
	}
	return records;
}

function read(path: string): Buffer {
	let data: Buffer;
	try {
		data = readFileSync(path);
	} catch (cause) {
		throw new ThaliaError("records-missing", `Expected a file of records: ${(cause as Error).message}`, {
			fix: "give the records.jsonl of an experiment, or run directories",
			cause,
		});
	}
	if (!isCompressed(path)) return data;
	try {
		return gunzipSync(data);
	} catch (cause) {
		throw damaged(path, `gzip: ${(cause as Error).message}`, cause);
	}
}

function recordOf(line: string, place: string): RunRecord | ThaliaError {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch (cause) {
		return damaged(place, (cause as Error).message, cause);
	}
	return isRecord(value) ? withAllCurves(value) : damaged(place, describe(value));
}

/** Whether it has what a report cannot do without, in its shape; the rest is as it was written. */
export function isRecord(value: unknown): value is RunRecord {
	if (!isObject(value)) return false;
	const { name, seed, step, steps, seconds, labels, outcome, kl, config, environment, ...rest } = value;
	const { series, before, after } = rest;
	return (
		typeof name === "string" &&
		Number.isSafeInteger(seed) &&
		[step, steps, seconds].every((number) => typeof number === "number") &&
		OUTCOMES.some((known) => known === outcome) &&
		[kl, config, environment].every(isObject) &&
		isObject(labels) &&
		Object.values(labels).every((label) => typeof label === "string") &&
		isObject(series) &&
		["step", ...CURVES].every(
			(curve) => Array.isArray(series[curve]) || (curve === laterCurve && series[curve] === undefined),
		) &&
		[before, after].every((scores) => scores === null || (Array.isArray(scores) && scores.every(isScores)))
	);
}

/** Older records do not have it. */
const laterCurve = "sequenceEss";

function withAllCurves(record: RunRecord): RunRecord {
	const { series } = record as { series: Partial<RunRecord["series"]> & Pick<RunRecord["series"], "step"> };
	const values = series[laterCurve] ?? series.step.map(() => null);
	return { ...record, series: { ...record.series, [laterCurve]: values } };
}

function isScores(value: unknown): boolean {
	return isObject(value) && typeof value.domain === "string" && Array.isArray(value.problems);
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(place: string, received: string, cause?: unknown): ThaliaError {
	return new ThaliaError(
		"records-damaged",
		`Expected the record of a run at ${place} but received ${received}`,
		{
			fix: "write the file again, or take that line out of it",
			...(cause === undefined ? {} : { cause }),
		},
	);
}

function isCompressed(path: string): boolean {
	return path.endsWith(".gz");
}
