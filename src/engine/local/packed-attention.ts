import type { DecoderConfig } from "../../formats/hf-config.ts";
import type { BlockActivations } from "./block.ts";
import { native } from "./native.ts";
import { handleOf, Tensor } from "./tensor.ts";

/** A run of consecutive rows. */
export interface Span {
	readonly start: number;
	readonly length: number;
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
	const offsets = prompts.map((_, g) => byPrompt.findIndex(({ prompt }) => prompt >= g));
	const ends = [...offsets, byPrompt.length];
	for (let g = prompts.length - 1; g >= 0; g--) if (ends[g] < 0) ends[g] = ends[g + 1];
	const spans = (of: readonly Span[]) =>
		Tensor.fromArray(
			of.flatMap(({ start, length }) => [start, length]),
			[of.length, 2],
			"i32",
		);
	const tables = [spans(prompts), spans(byPrompt), Tensor.fromArray(ends, [ends.length], "i32")] as const;
	const handles = () => tables.map((table) => handleOf(table, "packedAttention")) as [never, never, never];
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
