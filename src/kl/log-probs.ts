import { expected } from "../errors.ts";

/** Log-probabilities of sampled tokens, nats, one entry per token. */
export type LogProbs = Float32Array | Float64Array;

/** @throws ThaliaError `shape-mismatch` */
export function assertLength(name: string, values: ArrayLike<unknown> | undefined, length: number): void {
	if (values?.length === length) return;
	throw expected("shape-mismatch", `${length} values`, name, values?.length);
}
