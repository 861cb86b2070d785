import type { Attend } from "./block.ts";
import { causalAttention } from "./decoder.ts";
import { attention } from "./ops.ts";
import { Tensor } from "./tensor.ts";

/** What the network reads: rows, where each stands in its sequence, and which rows a row attends to. */
export interface Network {
	/** [1, N] i64. */
	readonly tokens: Tensor;
	/** [N] i64, each below `length`. */
	readonly positions: Tensor;
	readonly length: number;
	readonly attend: Attend;
}

/** A run of consecutive rows. */
interface Span {
	readonly start: number;
	readonly length: number;
}

/**
 * Attention over packed rows: prompts by themselves, then every completion over its prompt and itself. Only here are
 * spans padded to one length, by rows that a mask hides or that are dropped again.
 * @param completions each with the index of its prompt
 * @param count N, rows in all
 */
export function packedAttention(
	prompts: readonly Span[],
	completions: readonly (Span & { readonly prompt: number })[],
	count: number,
): { attend: Attend; dispose(): void } {
	const P = longest(prompts);
	const C = longest(completions);
	const [G, S] = [prompts.length, completions.length];
	const promptRows = rowsOf(prompts, P);
	const ownRows = rowsOf(completions, C);
	const promptIndex = indexOf(promptRows);
	const ownIndex = C === 0 ? undefined : indexOf(ownRows);
	const keyIndex =
		C === 0
			? undefined
			: indexOf(
					completions.flatMap(({ prompt }, s) => [
						...promptRows.slice(prompt * P, (prompt + 1) * P),
						...ownRows.slice(s * C, (s + 1) * C),
					]),
				);
	const back = backIndex(prompts, P, completions, C, count);
	const hidden = C === 0 ? undefined : hiddenKeys(prompts, completions, P, C);

	const attend: Attend = (q, k, v) => {
		const [, , heads, d] = q.shape;
		const kvHeads = k.shape[2];
		const flat = [q, k, v].map((t) => t.reshape(count, -1));
		const [qp, kp, vp] = flat.map((t, i) =>
			t.indexSelect(0, promptIndex).view(G, P, i === 0 ? heads : kvHeads, d),
		);
		const ofPrompts = causalAttention(qp, kp, vp).view(G * P, heads * d);
		if (ownIndex === undefined || keyIndex === undefined || hidden === undefined) {
			return ofPrompts.indexSelect(0, back).view(1, count, heads * d);
		}
		const qc = flat[0].indexSelect(0, ownIndex).view(S, C, heads, d);
		const [kc, vc] = flat.slice(1).map((t) => t.indexSelect(0, keyIndex).view(S, P + C, kvHeads, d));
		const out = attention(qc.transpose(1, 2), kc.transpose(1, 2), vc.transpose(1, 2), {
			mask: hidden.to(q.dtype),
			grouped: kvHeads !== heads,
		});
		const ofCompletions = out.transpose(1, 2).reshape(S * C, heads * d);
		return Tensor.cat([ofPrompts, ofCompletions], 0)
			.indexSelect(0, back)
			.view(1, count, heads * d);
	};
	return {
		attend,
		dispose: () => {
			for (const tensor of [promptIndex, ownIndex, keyIndex, back, hidden]) tensor?.dispose();
		},
	};
}

function longest(spans: readonly Span[]): number {
	return spans.reduce((most, { length }) => Math.max(most, length), 0);
}

/** Row of each place of the padded spans; a pad is the span's first row, or row 0 of an empty one. */
function rowsOf(spans: readonly Span[], width: number): number[] {
	return spans.flatMap(({ start, length }) =>
		Array.from({ length: width }, (_, t) => (t < length ? start + t : length === 0 ? 0 : start)),
	);
}

/** Of each row its place among the padded outputs, prompts first. */
function backIndex(
	prompts: readonly Span[],
	P: number,
	completions: readonly Span[],
	C: number,
	count: number,
): Tensor {
	const places = new Array<number>(count);
	prompts.forEach(({ start, length }, g) => {
		for (let t = 0; t < length; t++) places[start + t] = g * P + t;
	});
	completions.forEach(({ start, length }, s) => {
		for (let t = 0; t < length; t++) places[start + t] = prompts.length * P + s * C + t;
	});
	return indexOf(places);
}

/** [S, 1, C, P + C]: -inf where a completion's row does not see a key. */
function hiddenKeys(
	prompts: readonly Span[],
	completions: readonly (Span & { readonly prompt: number })[],
	P: number,
	C: number,
): Tensor {
	const S = completions.length;
	const mask = new Float32Array(S * C * (P + C));
	completions.forEach(({ prompt }, s) => {
		for (let t = 0; t < C; t++) {
			const row = (s * C + t) * (P + C);
			mask.fill(-Infinity, row + prompts[prompt].length, row + P);
			mask.fill(-Infinity, row + P + t + 1, row + P + C);
		}
	});
	return Tensor.fromArray(mask, [S, 1, C, P + C]);
}

function indexOf(values: readonly number[]): Tensor {
	return Tensor.fromArray(values, [values.length], "i64");
}
