import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromCell, ToCell } from "./cell-messages.ts";
import type { PlannedCell } from "./read-experiment.ts";

/** How the process of a cell ended. */
export type CellEnd =
	| { readonly kind: "finished" | "interrupted" | "stopped" }
	| { readonly kind: "failed" | "out-of-memory"; readonly reason: string };

export interface RunCellOptions {
	/** Go on from its last checkpoint. */
	readonly resume: boolean;
	/** Folder of the evaluations before training that cells share. */
	readonly firstEvaluations: string;
	readonly signal: AbortSignal;
	readonly onMessage: (message: FromCell) => void;
}

/** The last of what a process said that died without a word of its own. */
const keptLetters = 2000;

/** Runs a cell in a process of its own, in the run directory `dir`. Never rejects: however it ends is its result. */
export function runCell(cell: PlannedCell, dir: string, options: RunCellOptions): Promise<CellEnd> {
	const { resume, firstEvaluations, signal, onMessage } = options;
	const child = fork(cellProgram(), [], {
		stdio: ["ignore", "ignore", "pipe", "ipc"],
		// Threads that wait by spinning would take the cores from the cells beside this one.
		env: { ...process.env, OMP_WAIT_POLICY: "passive", OMP_NUM_THREADS: String(cell.recipe.threads) },
	});
	const stop = () => {
		send(child, { kind: "stop" });
	};
	const kill = () => child.kill("SIGKILL");
	signal.addEventListener("abort", stop);
	process.on("exit", kill);
	send(child, { kind: "run", recipe: cell.recipe, dir, resume, firstEvaluations });
	if (signal.aborted) stop();
	let said = "";
	child.stderr!.setEncoding("utf8").on("data", (text: string) => {
		said = (said + text).slice(-keptLetters);
	});
	let last: FromCell | undefined;
	child.on("message", (message: FromCell) => {
		last = message;
		onMessage(message);
	});
	return new Promise<CellEnd>((resolve) => {
		child.on("error", (error) => {
			resolve({ kind: "failed", reason: error.message });
		});
		child.on("close", (code, killedBy) => {
			resolve(endOf(last, code, killedBy, said));
		});
	}).finally(() => {
		signal.removeEventListener("abort", stop);
		process.off("exit", kill);
	});
}

function endOf(
	last: FromCell | undefined,
	code: number | null,
	killedBy: NodeJS.Signals | null,
	said: string,
): CellEnd {
	if (last?.kind === "done") return { kind: last.outcome };
	if (last?.kind === "error") {
		const reason = [last.message, last.fix].filter((text) => text !== undefined).join("; ");
		return { kind: last.code === "memory" ? "out-of-memory" : "failed", reason };
	}
	const end = said.trim() === "" ? "" : `: ${said.trim().split("\n").slice(-5).join(" / ")}`;
	if (killedBy === "SIGKILL")
		return {
			kind: "out-of-memory",
			reason: `killed from outside, as the system does when memory runs out${end}`,
		};
	const how = killedBy === null ? `exit code ${code}` : killedBy;
	return { kind: "failed", reason: `its process ended with ${how}${end}` };
}

function send(child: ChildProcess, message: ToCell): void {
	// One that has died already hears nothing, and its end says so.
	child.send(message, () => undefined);
}

/** A process runs JavaScript: in the source tree that of dist/. */
function cellProgram(): string {
	const here = import.meta.url;
	const built = here.endsWith(".ts") ? here.replace("/src/experiment/", "/dist/experiment/") : here;
	return fileURLToPath(new URL("./cell-process.js", built));
}
