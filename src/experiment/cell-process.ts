import type { ThaliaError } from "../errors.ts";
import { resumeTraining, type TrainHooks, type TrainResult, train } from "../trainer/train.ts";
import type { FromCell, ToCell } from "./cell-messages.ts";
import { firstEvaluationsIn } from "./first-evaluations-folder.ts";

/** The process of one cell: a run that dies takes no other with it. Its parent says what to run, and when to stop. */

/** Seconds that another process may take to let go of the run. */
const longestWait = 300;

const stop = new AbortController();
// Ctrl-C reaches every process of the terminal; the parent says what becomes of it.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => {
	stop.abort();
});
process.on("message", (message: ToCell) => {
	if (message.kind === "stop") stop.abort();
	else void run(message);
});

async function run(message: Extract<ToCell, { kind: "run" }>): Promise<void> {
	const { recipe, dir, resume } = message;
	let doing = "";
	const hooks: TrainHooks = {
		signal: stop.signal,
		firstEvaluations: firstEvaluationsIn(message.firstEvaluations),
		onStep: ({ step, reward, kl }) => {
			send({ kind: "step", step, reward, kl });
		},
		onPhase: (_, phase) => {
			if (phase === "evaluating" && doing !== phase) send({ kind: "evaluating" });
			doing = phase;
		},
		onCollapse: ({ step, kinds }) => {
			send({ kind: "collapsed", step, kinds });
		},
	};
	try {
		const { outcome } = resume ? await resumeWhenIdle(dir, hooks) : await train(recipe, dir, hooks);
		send({ kind: "done", outcome });
	} catch (error) {
		const { code = null, message, fix } = error as Error & Partial<Pick<ThaliaError, "code" | "fix">>;
		send({ kind: "error", code, message, ...(fix === undefined ? {} : { fix }) });
		process.exitCode = 1;
	}
	if (process.connected) process.disconnect();
}

/** The process of a grid that was killed saves its run before it ends. */
async function resumeWhenIdle(dir: string, hooks: TrainHooks): Promise<TrainResult> {
	for (let seconds = 0; ; seconds++) {
		try {
			return await resumeTraining(dir, hooks);
		} catch (error) {
			const busy = (error as ThaliaError).code === "run-in-use";
			if (!busy || seconds === longestWait || stop.signal.aborted) throw error;
			await new Promise((resolve) => setTimeout(resolve, 1000));
		}
	}
}

function send(message: FromCell): void {
	if (process.connected) process.send!(message);
}
