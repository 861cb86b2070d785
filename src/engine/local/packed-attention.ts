import type { DecoderConfig } from "../../formats/hf-config.ts";
import type { BlockActivations } from "./block.ts";
import { native } from "./native.ts";
import { handleOf, Tensor } from "./tensor.ts";

/** A run of consecutive rows. */
export interface Span {
	readonly start: number;
	readonly length: number;
}

/** Where sequences lie whose rows follow each other. */
export function spansOf(sequences: readonly ArrayLike<unknown>[]): Span[] {
	let start = 0;
	return sequences.map(({ length }) => {
		const span = { start, length };
		start += length;
		return span;
	});
}

/** Start and length of every span, [spans, 2] i32. */
export function spanTable(spans: readonly Span[]): Tensor {
	const numbers = spans.flatMap(({ start, length }) => [start, length]);
	return Tensor.fromArray(numbers, [spans.length, 2], "i32");
}

/**
 * Where those of each group begin, and their number at the end, [groups + 1] i32.
 * @param groupOf the group of each, in ascending order
 */
export function offsetTable(groupOf: readonly number[], groups: number): Tensor {
	const offsets = new Array<number>(groups + 1).fill(0);
	for (const group of groupOf) offsets[group + 1]++;
	for (let g = 0; g < groups; g++) offsets[g + 1] += offsets[g];
	return Tensor.fromArray(offsets, [groups + 1], "i32");
}

/** What the network reads: rows, where each stands in its sequence, and which rows a row attends to. */
export interface Network extends PackedAttention {
	/** [N] i64. */
	readonly tokens: Tensor;
	/** [N] i64, each below `length`. */
	readonly positions: Tensor;
	readonly length: number;
}

/** Attention over packed rows [N, ...]: a prompt's over itself, a completion's over its prompt and itself, causally. */
export interface PackedAttention {
	/** qkv [N, (heads + 2 kvHeads) d] -> the heads' outputs [N, heads * d] and their log-sum-exp, f32 [N, heads]. */
	readonly attend: (config: DecoderConfig, qkv: Tensor) => { out: Tensor; lse: Tensor };
	/** d(loss)/d(qkv). */
	readonly attendBackward: (config: DecoderConfig, activations: BlockActivations, dOut: Tensor) => Tensor;
	dispose(): void;
}

/** @param completions each with the index of its prompt */
export function packedAttention(
	prompts: readonly Span[],
	completions: readonly (Span & { readonly prompt: number })[],
): PackedAttention {
	const byPrompt = completions.toSorted((a, b) => a.prompt - b.prompt);
	const owners = byPrompt.map(({ prompt }) => prompt);
	const tables = [spanTable(prompts), spanTable(byPrompt), offsetTable(owners, prompts.length)] as const;
	const handles = () => {
		const [spans, own, offsets] = tables.map((table) => handleOf(table, "packedAttention"));
		return [spans, own, offsets] as const;
	};
	return {
		attend: ({ numHeads, numKvHeads }, qkv) => {
			const rows = handleOf(qkv, "packedAttention");
			const [out, lse] = native.packedAttention(rows, numHeads, numKvHeads, ...handles());
			return { out: new Tensor(out), lse: new Tensor(lse) };
		},
		attendBackward: ({ numHeads, numKvHeads }, { qkv, attended, lse }, dOut) => {
			const [q, out, d, l] = [qkv, attended, dOut, lse!].map((t) => handleOf(t, "packedAttentionBackward"));
			return new Tensor(native.packedAttentionBackward(q, out, d, l, numHeads, numKvHeads, ...handles()));
		},
		dispose: () => {
			for (const table of tables) table.dispose();
		},
	};
}
