import { type Handle, native } from "./native.ts";
import { handleOf, Tensor } from "./tensor.ts";

/**
 * Kernels that go over rows of logits [rows, vocabulary] f32 once, instead of an operator of libtorch for each step.
 * All logits are divided by `temperature`, which is above 0; the logits themselves stay as they are.
 */

/** Per row: log softmax(logits)[target] and the entropy of softmax(logits), nats, [rows] f32. targets [rows] i64. */
export function logitStatistics(
	logits: Tensor,
	targets: Tensor,
	temperature: number,
): { logprobs: Tensor; entropy: Tensor } {
	const [logprobs, entropy] = native.logitStatistics(
		handleOf(logits, "logitStatistics"),
		handleOf(targets, "logitStatistics"),
		temperature,
	);
	return { logprobs: new Tensor(logprobs), entropy: new Tensor(entropy) };
}

/** Per row: KL(p || q) and KL(q || p) of p = softmax(logits) and q = softmax(other), nats, [rows] f32, both >= 0. */
export function logitDivergences(
	logits: Tensor,
	other: Tensor,
	temperature: number,
): { divergence: Tensor; reverseDivergence: Tensor } {
	const [divergence, reverse] = native.logitDivergences(
		handleOf(logits, "logitDivergences"),
		handleOf(other, "logitDivergences"),
		temperature,
	);
	return { divergence: new Tensor(divergence), reverseDivergence: new Tensor(reverse) };
}

/** d(loss)/d(output) of each row, [rows] f32; absent means that the loss does not depend on it. */
export interface LogitCotangents {
	readonly logprob: Tensor;
	readonly entropy?: Tensor | undefined;
	readonly divergence?: DivergenceCotangent | undefined;
}

/** Of sum_v head_v p_v (log p_v - log q_v): q = softmax(other) and the head are constants. */
export interface DivergenceCotangent {
	readonly cotangent: Tensor;
	readonly other: Tensor;
	/** [rows, vocabulary] f32 of ones and zeros; absent: all tokens. */
	readonly head?: Tensor | undefined;
}

/** d(loss)/d(logits) into `gradient` [rows, vocabulary], f32 or bf16; in f32 it may be `logits` itself. */
export function logitGradient_(
	gradient: Tensor,
	logits: Tensor,
	targets: Tensor,
	temperature: number,
	{ logprob, entropy, divergence }: LogitCotangents,
): void {
	const maybe = (t: Tensor | undefined): Handle | undefined => t && handleOf(t, "logitGradient_");
	native.logitGradient_(
		handleOf(gradient, "logitGradient_"),
		handleOf(logits, "logitGradient_"),
		handleOf(targets, "logitGradient_"),
		temperature,
		handleOf(logprob, "logitGradient_"),
		maybe(entropy),
		maybe(divergence?.cotangent),
		maybe(divergence?.other),
		maybe(divergence?.head),
	);
}

/**
 * Per row the first token whose cumulative probability exceeds the row's uniform number times the total, never one of
 * probability 0; without uniforms [rows] f32 the most likely token. Its log-probability as drawn, and at a temperature
 * of 1, are NaN where the row is no distribution.
 */
export function drawFromLogits(
	logits: Tensor,
	uniforms: Tensor | undefined,
	temperature: number,
): { tokens: Tensor; drawnLogprobs: Tensor; logprobs: Tensor } {
	const [tokens, drawn, logprobs] = native.drawFromLogits(
		handleOf(logits, "drawFromLogits"),
		uniforms && handleOf(uniforms, "drawFromLogits"),
		temperature,
	);
	return { tokens: new Tensor(tokens), drawnLogprobs: new Tensor(drawn), logprobs: new Tensor(logprobs) };
}
