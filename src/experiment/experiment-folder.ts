import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { JsonLinesFile, readJsonLines } from "../runs/json-lines.ts";
import { RunLock } from "../runs/lock.ts";
import { readManifest } from "../runs/run-directory.ts";
import type { PlannedCell } from "./read-experiment.ts";
import { portable, type RunRecord, readRunRecord } from "./run-record.ts";

/** What is known of a cell when a grid is taken up. */
export type CellState =
	/** Ended, whatever its outcome: its record counts, and its run need not be there any more. */
	| { readonly kind: "ended"; readonly record: RunRecord }
	/** Goes on from its last checkpoint. */
	| { readonly kind: "begun" }
	| { readonly kind: "new" }
	/** Something is where its run should be, and is none. */
	| { readonly kind: "damaged"; readonly why: string };

/**
 * `runs/<experiment>/`: cells/<id>/ with the runs, records.jsonl with what a report reads of each that has ended (the last
 * record of a cell counts), and first-evaluations/ with the evaluations before training, one for all cells that begin alike.
 */
export class ExperimentFolder {
	readonly dir: string;
	readonly #lock: RunLock;
	readonly #records: JsonLinesFile;
	readonly #known: Map<string, RunRecord>;

	/** @throws ThaliaError `run-in-use` where another process runs this grid */
	constructor(dir: string) {
		this.dir = dir;
		mkdirSync(join(dir, "cells"), { recursive: true });
		this.#lock = new RunLock(dir);
		this.#records = JsonLinesFile.open<RunRecord>(this.recordsPath, () => true);
		this.#known = new Map(readJsonLines<RunRecord>(this.recordsPath).map((record) => [record.name, record]));
	}

	get recordsPath(): string {
		return join(this.dir, "records.jsonl");
	}

	/** Where the evaluations before training lie that the cells share. */
	get firstEvaluations(): string {
		return join(this.dir, "first-evaluations");
	}

	runDir(id: string): string {
		return join(this.dir, "cells", id);
	}

	/** @throws ThaliaError `experiment-changed` where a run of that name was made with other settings */
	stateOf(cell: PlannedCell): CellState {
		const dir = this.runDir(cell.id);
		const record = this.#known.get(cell.id);
		if (record !== undefined) {
			assertSameSettings(cell, record.config, this.recordsPath);
			return { kind: "ended", record };
		}
		if (!existsSync(dir)) return { kind: "new" };
		try {
			const { config } = readRunRecord(dir);
			assertSameSettings(cell, config, dir);
			const { status } = readManifest(dir);
			if (status === "finished" || status === "stopped") return { kind: "ended", record: this.record(cell) };
			return { kind: "begun" };
		} catch (error) {
			if (error instanceof ThaliaError && error.code === "experiment-changed") throw error;
			return { kind: "damaged", why: (error as Error).message };
		}
	}

	/** Keeps what a report needs of a cell's run. @param changes what the run directory does not know */
	record(cell: PlannedCell, changes: Partial<Pick<RunRecord, "outcome" | "reason">> = {}): RunRecord {
		const record = { ...readRunRecord(this.runDir(cell.id), cell.labels), ...changes };
		return this.#keep(record);
	}

	/** The same of one that failed; `otherwise` where its run never began, or cannot be read. */
	recordFailure(
		cell: PlannedCell,
		changes: Pick<RunRecord, "outcome" | "reason">,
		otherwise: RunRecord,
	): RunRecord {
		try {
			return this.record(cell, changes);
		} catch {
			return this.#keep(otherwise);
		}
	}

	#keep(record: RunRecord): RunRecord {
		this.#records.append(record);
		this.#records.sync();
		this.#known.set(record.name, record);
		return record;
	}

	/** Of the cells that have ended, in the order of `cells`. */
	recordsOf(cells: readonly PlannedCell[]): RunRecord[] {
		return cells.flatMap(({ id }) => this.#known.get(id) ?? []);
	}

	/** Puts what is at a cell's run aside; nothing is removed. @returns where it is now; null where nothing was */
	putAside(id: string): string | null {
		if (!existsSync(this.runDir(id))) return null;
		for (let n = 1; ; n++) {
			const aside = `${this.runDir(id)}.aside-${n}`;
			if (existsSync(aside)) continue;
			renameSync(this.runDir(id), aside);
			return aside;
		}
	}

	/** What is large, and in no report. */
	dropCheckpointsAndRollouts(id: string): void {
		for (const name of ["checkpoints", "rollouts.jsonl"]) {
			rmSync(join(this.runDir(id), name), { recursive: true, force: true });
		}
	}

	close(): void {
		this.#records.close();
		this.#lock.release();
	}
}

/** Threads and folders of data say where a run was made, not what was run. */
function assertSameSettings(cell: PlannedCell, config: RunRecord["config"], place: string): void {
	const wanted = portable(JSON.parse(JSON.stringify(cell.recipe)));
	const differing = differences(wanted, portable(config), "").filter((path) => path !== "threads");
	if (differing.length === 0) return;
	throw new ThaliaError(
		"experiment-changed",
		`Expected ${place} to be of this experiment but ${cell.id} was run with another ${differing.slice(0, 5).join(", ")}`,
		{ fix: "give another folder (--runs) or name, or bring the settings back; what is there stays as it is" },
	);
}

/** Paths of what differs between two values of JSON. */
export function differences(a: unknown, b: unknown, path: string): string[] {
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
		return a === b ? [] : [path];
	const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
	const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
	return keys.flatMap((key) => differences(left[key], right[key], path === "" ? key : `${path}.${key}`));
}
