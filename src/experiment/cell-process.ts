import { ThaliaError } from "../errors.ts";
import { resumeTraining, type TrainHooks, train } from "../trainer/train.ts";
import type { FromCell, ToCell } from "./cell-messages.ts";

/** The process of one cell: a run that dies takes no other with it. Its parent says what to run, and when to stop. */

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

async function run({ recipe, dir, resume }: Extract<ToCell, { kind: "run" }>): Promise<void> {
	let doing = "";
	const hooks: TrainHooks = {
		signal: stop.signal,
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
		const { outcome } = resume ? await resumeTraining(dir, hooks) : await train(recipe, dir, hooks);
		send({ kind: "done", outcome });
	} catch (error) {
		const { code, message, fix } = error as ThaliaError;
		send({ kind: "error", code: code ?? null, message, ...(fix === undefined ? {} : { fix }) });
		process.exitCode = 1;
	}
	if (process.connected) process.disconnect();
}

function send(message: FromCell): void {
	if (process.connected) process.send!(message);
}
