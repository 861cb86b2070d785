import type { Budget } from "./budget.ts";
import type { FromCell } from "./cell-messages.ts";
import type { CellState, ExperimentFolder } from "./experiment-folder.ts";
import { failedRecord } from "./failed-record.ts";
import type { Experiment, PlannedCell } from "./read-experiment.ts";
import { type CellEnd, runCell } from "./run-cell.ts";
import type { RunRecord } from "./run-record.ts";

export interface GridHooks {
	/** What is there already, and what there is to do. */
	onStart?(progress: { readonly ended: readonly RunRecord[]; readonly toDo: readonly PlannedCell[] }): void;
	onCellStart?(cell: PlannedCell, resumed: boolean): void;
	onCellMessage?(cell: PlannedCell, message: FromCell): void;
	onCellEnd?(cell: PlannedCell, record: RunRecord): void;
	/** What to know: a damaged run that was put aside. */
	onNote?(note: string): void;
	/** Aborted: the runs under way are saved. */
	readonly signal?: AbortSignal;
}

export interface GridOptions {
	/** Run again what failed, ran out of memory, or stopped itself. */
	readonly retryFailed?: boolean;
}

export interface GridResult {
	readonly records: readonly RunRecord[];
	/** Cells that have not ended: the grid was interrupted. */
	readonly left: number;
}

/**
 * Runs the cells of an experiment that have not ended, several at once within the budget. A cell that fails is a result.
 * @throws ThaliaError `experiment-changed` before anything runs
 */
export async function runGrid(
	experiment: Experiment,
	folder: ExperimentFolder,
	budget: Budget,
	hooks: GridHooks = {},
	options: GridOptions = {},
): Promise<GridResult> {
	const { cells } = experiment;
	const states = new Map(cells.map((cell) => [cell, folder.stateOf(cell)]));
	const toDo = cells.filter((cell) => mustRun(states.get(cell)!, options));
	const signal = hooks.signal ?? new AbortController().signal;
	hooks.onStart?.({
		ended: cells.flatMap((cell) => {
			const state = states.get(cell)!;
			return state.kind === "ended" && !toDo.includes(cell) ? [state.record] : [];
		}),
		toDo,
	});
	const waiting = [...toDo];
	const running = new Map<PlannedCell, Promise<void>>();
	while ((waiting.length > 0 && !signal.aborted) || running.size > 0) {
		const next = signal.aborted
			? undefined
			: waiting.find((cell) => hasRoom(cell, [...running.keys()], budget));
		if (next === undefined) {
			await Promise.race(running.values());
			continue;
		}
		waiting.splice(waiting.indexOf(next), 1);
		running.set(
			next,
			runOne(next, states.get(next)!).finally(() => running.delete(next)),
		);
	}
	const records = folder.recordsOf(cells);
	return { records, left: cells.length - records.length };

	async function runOne(cell: PlannedCell, state: CellState): Promise<void> {
		const resume = state.kind === "begun";
		// A failed run that is tried again, or what is no run at all, makes room for the new one.
		if (state.kind === "damaged" || state.kind === "ended") {
			const aside = folder.putAside(cell.id);
			if (aside !== null && state.kind === "damaged")
				hooks.onNote?.(`${cell.id}: ${state.why}; put aside at ${aside}`);
		}
		hooks.onCellStart?.(cell, resume);
		const end = await runCell(cell, folder.runDir(cell.id), {
			resume,
			firstEvaluations: folder.firstEvaluations,
			signal,
			onMessage: (message) => hooks.onCellMessage?.(cell, message),
		});
		if (end.kind === "interrupted") return;
		const record = recordEnd(cell, end);
		hooks.onCellEnd?.(cell, record);
		if (experiment.keep === "metrics") folder.dropCheckpointsAndRollouts(cell.id);
	}

	function recordEnd(cell: PlannedCell, end: CellEnd): RunRecord {
		if (!("reason" in end)) return folder.record(cell);
		const changes = { outcome: end.kind, reason: end.reason } as const;
		return folder.recordFailure(cell, changes, failedRecord(cell, changes));
	}
}

function mustRun(state: CellState, { retryFailed = false }: GridOptions): boolean {
	if (state.kind !== "ended") return true;
	const { outcome } = state.record;
	return retryFailed && (outcome === "failed" || outcome === "out-of-memory" || outcome === "stopped");
}

/** One cell always has room: what it needs is an estimate. */
function hasRoom(
	cell: PlannedCell,
	running: readonly PlannedCell[],
	{ jobs, memory, needs }: Budget,
): boolean {
	if (running.length === 0) return true;
	const used = running.reduce((sum, other) => sum + needs(other), 0);
	return running.length < jobs && used + needs(cell) <= memory;
}
