import { expected, ThaliaError } from "../../errors.ts";
import type { Sequence, TokenDivergences, TokenOutputs } from "../engine.ts";
import type { HeadOutputs } from "./head.ts";
import type { HeadDivergences } from "./head-divergence.ts";

/** Flat head outputs, sequence by sequence. */
export function splitOutputs(outputs: HeadOutputs, offsets: readonly number[]): TokenOutputs[] {
	const { logprobs, entropy, divergence, reverseDivergence, inHead } = outputs;
	return offsets.slice(1).map((end, b) => ({
		logprobs: logprobs.slice(offsets[b], end),
		entropy: entropy.slice(offsets[b], end),
		...(divergence === undefined ? {} : { divergence: divergence.slice(offsets[b], end) }),
		...(reverseDivergence === undefined
			? {}
			: { reverseDivergence: reverseDivergence.slice(offsets[b], end) }),
		...(inHead === undefined ? {} : { inHead: inHead.slice(offsets[b], end) }),
	}));
}

/** Flat divergences, sequence by sequence. */
export function splitDivergences(
	{ divergence, reverseDivergence }: HeadDivergences,
	offsets: readonly number[],
): TokenDivergences[] {
	return offsets.slice(1).map((end, b) => ({
		divergence: divergence.slice(offsets[b], end),
		reverseDivergence: reverseDivergence.slice(offsets[b], end),
	}));
}

/** @throws ThaliaError `sequence-length`, `token-range`, `too-many-positions` */
export function checkSequences(
	sequences: readonly Sequence[],
	vocabSize: number,
	maxPositions: number,
): void {
	sequences.forEach(({ tokens, promptLength }, i) => {
		if (!Number.isInteger(promptLength) || promptLength < 1 || promptLength >= tokens.length) {
			throw expected(
				"sequence-length",
				`a prompt of 1 to ${tokens.length - 1} tokens`,
				`sequence ${i}`,
				promptLength,
			);
		}
		if (tokens.length - 1 > maxPositions) {
			throw new ThaliaError(
				"too-many-positions",
				`Expected at most ${maxPositions + 1} tokens for sequence ${i} but received ${tokens.length}`,
			);
		}
		const bad = tokens.find((token) => token < 0 || token >= vocabSize);
		if (bad !== undefined)
			throw expected("token-range", `tokens from 0 to ${vocabSize - 1}`, `sequence ${i}`, bad);
	});
}
