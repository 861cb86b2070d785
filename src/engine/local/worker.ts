import { parentPort, workerData } from "node:worker_threads";
import { ThaliaError } from "../../errors.ts";
import type {
	AccumulateOptions,
	EvaluateOptions,
	SampleRequest,
	SamplingOptions,
	Sequence,
	StepOptions,
	TokenCotangents,
} from "../engine.ts";
import { LocalEngine, type LocalEngineOptions } from "./local-engine.ts";
import type { FromWorker, Method, ToWorker, WireError } from "./worker-protocol.ts";

// Entry of the thread that computes. One call at a time, in the order they come.

const port = parentPort!;
const send = (message: FromWorker) => {
	port.postMessage(message);
};

let pendingWeigh:
	| { resolve: (cotangents: readonly TokenCotangents[]) => void; reject: (error: Error) => void }
	| undefined;
let queue: Promise<unknown> = Promise.resolve();

try {
	const engine = new LocalEngine(workerData as LocalEngineOptions);
	send({
		kind: "ready",
		vocabSize: engine.vocabSize,
		maxPositions: engine.maxPositions,
		eosTokenIds: engine.eosTokenIds,
		environment: engine.environment,
	});
	port.on("message", (message: ToWorker) => {
		if (message.kind === "cotangents") pendingWeigh?.resolve(message.cotangents);
		else if (message.kind === "weigh-failed") pendingWeigh?.reject(new Error("the weigh function failed"));
		else queue = queue.then(() => answer(engine, message.id, message.method, message.args));
	});
} catch (error) {
	send({ kind: "error", id: -1, error: toWire(error) });
}

async function answer(
	engine: LocalEngine,
	id: number,
	method: Method,
	args: readonly unknown[],
): Promise<void> {
	try {
		const value = await call(engine, id, method, args);
		send({ kind: "result", id, value });
		if (method === "close") port.close();
	} catch (error) {
		send({ kind: "error", id, error: toWire(error) });
	}
}

function call(engine: LocalEngine, id: number, method: Method, args: readonly unknown[]): Promise<unknown> {
	switch (method) {
		case "sample": {
			const [requests, options] = args as [SampleRequest[], SamplingOptions];
			return engine.sample(requests, options, (tokens) => {
				send({ kind: "progress", id, tokens });
			});
		}
		case "evaluate":
			return engine.evaluate(...(args as [Sequence[], "policy" | "reference", EvaluateOptions?]));
		case "divergences":
			return engine.divergences(...(args as [Sequence[], EvaluateOptions?]));
		case "accumulate":
			return engine.accumulate(
				args[0] as Sequence[],
				(outputs, indices) =>
					new Promise((resolve, reject) => {
						pendingWeigh = { resolve, reject };
						send({ kind: "weigh", id, outputs, indices });
					}),
				args[1] as AccumulateOptions | undefined,
			);
		case "step":
			return engine.step(args[0] as StepOptions);
		case "discard":
			return engine.discard();
		case "keepGradient":
			return engine.keepGradient(args[0] as string);
		case "gradientProducts":
			return engine.gradientProducts(args[0] as string[]);
		case "dropGradients":
			return engine.dropGradients(args[0] as string[]);
		case "publish":
			return engine.publish();
		case "retained":
			return engine.retained();
		case "updateReference":
			return engine.updateReference(args[0] as number);
		case "save":
			return engine.save(...(args as [string, { optimizer?: boolean }?]));
		case "load":
			return engine.load(...(args as [string, number]));
		case "close":
			return engine.close();
	}
}

function toWire(error: unknown): WireError {
	const { message, stack } = error as Error;
	const code = error instanceof ThaliaError ? error.code : "engine";
	const fix = error instanceof ThaliaError ? error.fix : undefined;
	return { code, message, ...(fix === undefined ? {} : { fix }), ...(stack === undefined ? {} : { stack }) };
}
