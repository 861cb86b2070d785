import { Worker } from "node:worker_threads";
import { ThaliaError } from "../../errors.ts";
import type {
	AccumulateOptions,
	Completion,
	Engine,
	EngineCapabilities,
	EvaluateOptions,
	RetainedVersions,
	SampleRequest,
	SamplingOptions,
	Sequence,
	StepOptions,
	TokenDivergences,
	TokenOutputs,
	Weigh,
} from "../engine.ts";
import type { LocalEngineOptions } from "./local-engine.ts";
import type { FromWorker, Method, ToWorker, WireError } from "./worker-protocol.ts";

interface Call {
	resolve(value: unknown): void;
	reject(error: Error): void;
	readonly onProgress?: ((tokens: number) => void) | undefined;
	readonly weigh?: Weigh;
	failure?: Error;
}

/** The local engine in a thread of its own: the caller's event loop (status line, Ctrl-C, server) stays free. */
export class WorkerEngine implements Engine {
	readonly capabilities: EngineCapabilities = {
		entropy: true,
		fullVocabularyKl: true,
		lora: true,
		fullFineTune: true,
	};
	readonly vocabSize: number;
	readonly maxPositions: number;
	readonly eosTokenIds: readonly number[];
	readonly environment: Readonly<Record<string, string | number>>;
	readonly #worker: Worker;
	readonly #calls = new Map<number, Call>();
	#nextId = 0;
	#ended: Error | undefined;

	private constructor(worker: Worker, ready: Extract<FromWorker, { kind: "ready" }>) {
		this.#worker = worker;
		this.vocabSize = ready.vocabSize;
		this.maxPositions = ready.maxPositions;
		this.eosTokenIds = ready.eosTokenIds;
		this.environment = ready.environment;
		worker.on("message", (message: FromWorker) => {
			this.#receive(message);
		});
		const fail = (error: Error) => {
			this.#ended ??= error;
			for (const call of this.#calls.values()) call.reject(error);
			this.#calls.clear();
		};
		worker.on("error", fail);
		worker.on("exit", () => {
			fail(new ThaliaError("engine-closed", "The engine's thread ended before it answered"));
		});
	}

	/** Starts the thread; resolves when the weights are loaded, rejects with what is wrong with them. */
	static open(options: LocalEngineOptions): Promise<WorkerEngine> {
		const worker = new Worker(workerUrl(), { workerData: options });
		return new Promise((resolve, reject) => {
			worker.once("error", reject);
			worker.once("message", (message: FromWorker) => {
				if (message.kind === "ready") {
					worker.off("error", reject);
					resolve(new WorkerEngine(worker, message));
				} else {
					void worker.terminate();
					reject(
						message.kind === "error" ? fromWire(message.error) : new Error(`unexpected ${message.kind}`),
					);
				}
			});
		});
	}

	sample(
		requests: readonly SampleRequest[],
		options: SamplingOptions,
		onProgress?: (tokens: number) => void,
	): Promise<Completion[]> {
		return this.#call("sample", [requests, options], { onProgress }) as Promise<Completion[]>;
	}
	evaluate(
		sequences: readonly Sequence[],
		of: "policy" | "reference",
		options?: EvaluateOptions,
	): Promise<TokenOutputs[]> {
		return this.#call("evaluate", [sequences, of, options]) as Promise<TokenOutputs[]>;
	}
	divergences(sequences: readonly Sequence[], options?: EvaluateOptions): Promise<TokenDivergences[]> {
		return this.#call("divergences", [sequences, options]) as Promise<TokenDivergences[]>;
	}
	accumulate(
		sequences: readonly Sequence[],
		weigh: Weigh,
		options?: AccumulateOptions,
	): Promise<TokenOutputs[]> {
		return this.#call("accumulate", [sequences, options], { weigh }) as Promise<TokenOutputs[]>;
	}
	step(options: StepOptions): Promise<{ gradNorm: number; applied: boolean }> {
		return this.#call("step", [options]) as Promise<{ gradNorm: number; applied: boolean }>;
	}
	discard(): Promise<void> {
		return this.#call("discard", []) as Promise<void>;
	}
	keepGradient(name: string): Promise<void> {
		return this.#call("keepGradient", [name]) as Promise<void>;
	}
	gradientProducts(names: readonly string[]): Promise<number[][]> {
		return this.#call("gradientProducts", [names]) as Promise<number[][]>;
	}
	dropGradients(names: readonly string[]): Promise<void> {
		return this.#call("dropGradients", [names]) as Promise<void>;
	}
	publish(): Promise<number> {
		return this.#call("publish", []) as Promise<number>;
	}
	retained(): Promise<RetainedVersions> {
		return this.#call("retained", []) as Promise<RetainedVersions>;
	}
	updateReference(decay: number): Promise<void> {
		return this.#call("updateReference", [decay]) as Promise<void>;
	}
	save(dir: string, options?: { optimizer?: boolean }): Promise<void> {
		return this.#call("save", [dir, options]) as Promise<void>;
	}
	load(dir: string, policyVersion: number): Promise<void> {
		return this.#call("load", [dir, policyVersion]) as Promise<void>;
	}
	async close(): Promise<void> {
		if (this.#ended === undefined) await this.#call("close", []);
		await this.#worker.terminate();
	}

	#call(
		method: Method,
		args: readonly unknown[],
		hooks: Pick<Call, "onProgress" | "weigh"> = {},
	): Promise<unknown> {
		if (this.#ended !== undefined) return Promise.reject(this.#ended);
		const id = this.#nextId++;
		return new Promise((resolve, reject) => {
			this.#calls.set(id, { resolve, reject, ...hooks });
			this.#send({ kind: "call", id, method, args });
		});
	}

	#receive(message: FromWorker): void {
		if (message.kind === "ready") return;
		const call = this.#calls.get(message.id);
		if (call === undefined) return;
		switch (message.kind) {
			case "progress":
				call.onProgress?.(message.tokens);
				break;
			case "weigh":
				try {
					const cotangents = call.weigh!(message.outputs, message.indices);
					this.#send({ kind: "cotangents", id: message.id, cotangents });
				} catch (error) {
					call.failure = error as Error;
					this.#send({ kind: "weigh-failed", id: message.id });
				}
				break;
			case "result":
				this.#calls.delete(message.id);
				call.resolve(message.value);
				break;
			case "error":
				this.#calls.delete(message.id);
				call.reject(call.failure ?? fromWire(message.error));
		}
	}

	#send(message: ToWorker): void {
		this.#worker.postMessage(message);
	}
}

/** A thread runs JavaScript alone: when this module is run from its TypeScript source, the built one stands in. */
function workerUrl(): URL {
	const here = import.meta.url;
	const built = here.endsWith(".ts") ? here.replace("/src/engine/", "/dist/engine/") : here;
	return new URL("./worker.js", built);
}

function fromWire(error: WireError): ThaliaError {
	const rebuilt = new ThaliaError(
		error.code,
		error.message,
		error.fix === undefined ? {} : { fix: error.fix },
	);
	if (error.stack !== undefined)
		rebuilt.stack = `${rebuilt.stack ?? ""}\n  in the engine's thread:\n${error.stack}`;
	return rebuilt;
}
