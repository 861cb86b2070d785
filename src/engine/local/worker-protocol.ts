import type { TokenCotangents, TokenOutputs } from "../engine.ts";

/** The engine's methods that run in the worker. */
export type Method =
	| "sample"
	| "evaluate"
	| "divergences"
	| "accumulate"
	| "step"
	| "discard"
	| "keepGradient"
	| "gradientProducts"
	| "dropGradients"
	| "publish"
	| "retained"
	| "updateReference"
	| "save"
	| "load"
	| "close";

export type ToWorker =
	| { readonly kind: "call"; readonly id: number; readonly method: Method; readonly args: readonly unknown[] }
	| { readonly kind: "cotangents"; readonly id: number; readonly cotangents: readonly TokenCotangents[] }
	| { readonly kind: "weigh-failed"; readonly id: number };

export type FromWorker =
	| {
			readonly kind: "ready";
			readonly vocabSize: number;
			readonly maxPositions: number;
			readonly eosTokenIds: readonly number[];
			readonly environment: Readonly<Record<string, string | number>>;
	  }
	| { readonly kind: "result"; readonly id: number; readonly value: unknown }
	| { readonly kind: "error"; readonly id: number; readonly error: WireError }
	| { readonly kind: "progress"; readonly id: number; readonly tokens: number }
	| {
			readonly kind: "weigh";
			readonly id: number;
			readonly outputs: readonly TokenOutputs[];
			readonly indices: readonly number[];
	  };

export interface WireError {
	readonly code: string;
	readonly message: string;
	readonly fix?: string;
	readonly stack?: string;
}
