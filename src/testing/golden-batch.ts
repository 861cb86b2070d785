import type { Sequence, TokenOutputs, Weigh } from "../engine/engine.ts";
import { promptNetwork } from "../engine/local/packed-batch.ts";
import type { Golden } from "./golden.ts";

/** The right-padded golden batch as sequences with one evaluated token a position, and its flat layout. */
export function goldenBatch(golden: Golden) {
	const [B, T] = golden.shape("right.input_ids");
	const ids = golden.ints("right.input_ids");
	const mask = golden.ints("right.attention_mask");
	const targets = golden.ints("right.targets");
	const lengths = Array.from({ length: B }, (_, b) =>
		mask.slice(b * T, (b + 1) * T).reduce((a, m) => a + m, 0),
	);
	const sequences = lengths.map((length, b): Sequence => {
		const own = ids.slice(b * T, b * T + length);
		return { tokens: Int32Array.from([...own, targets[b * T + length - 1]]), promptLength: 1 };
	});
	/** Per-sequence numbers at their places in [B, T]. */
	const scatter = (rows: readonly ArrayLike<number>[]) => {
		const flat = new Float64Array(B * T);
		rows.forEach((row, b) => flat.set(Array.from(row), b * T));
		return flat;
	};
	const gather = (flat: ArrayLike<number>) =>
		lengths.map((length, b) => Float32Array.from({ length }, (_, t) => flat[b * T + t]));
	const network = () => promptNetwork(lengths.map((length, b) => ids.slice(b * T, b * T + length)));
	/** Numbers of the network's rows, `width` each, at their places in [B, T, width]. */
	const padded = (rows: ArrayLike<number>, width = 1) => {
		const flat = new Float64Array(B * T * width);
		let row = 0;
		lengths.forEach((length, b) => {
			const own = Array.from({ length: length * width }, (_, i) => rows[row * width + i]);
			flat.set(own, b * T * width);
			row += length;
		});
		return flat;
	};
	/** The goldens' loss is -sum weights * logprobs. */
	const weights = gather(golden.floats("right.weights"));
	const weigh: Weigh = (_, indices) => indices.map((i) => ({ logprobs: weights[i].map((w) => -w) }));
	const lossOf = (outputs: readonly Pick<TokenOutputs, "logprobs">[]) =>
		-outputs.reduce((sum, o, b) => sum + o.logprobs.reduce((s, lp, t) => s + weights[b][t] * lp, 0), 0);
	return { mask, sequences, lengths, scatter, network, padded, weigh, lossOf };
}
