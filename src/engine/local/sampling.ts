import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expected, ThaliaError } from "../../errors.ts";
import type { SamplingOptions } from "../engine.ts";
import { drawFromLogits } from "./logit-kernels.ts";
import { Tensor, tidy } from "./tensor.ts";

/** Which distribution tokens are drawn from, every option resolved. */
export interface Sampler {
	readonly temperature: number;
	readonly topK: number;
	readonly topP: number;
	readonly minP: number;
}

/** @throws ThaliaError `sampling-option` */
export function resolveSampler(options: SamplingOptions, vocabSize: number): Sampler {
	const { temperature = 1, topK = 0, topP = 1, minP = 0 } = options;
	if (!(temperature >= 0 && temperature < Infinity)) {
		throw expected("sampling-option", "a finite number of 0 or more", "temperature", temperature);
	}
	if (!Number.isInteger(topK) || topK < 0 || topK > vocabSize) {
		throw expected(
			"sampling-option",
			`an integer from 0 (all) to the vocabulary's ${vocabSize}`,
			"top-k",
			topK,
		);
	}
	if (!(topP > 0 && topP <= 1)) throw expected("sampling-option", "a number above 0, up to 1", "top-p", topP);
	if (!(minP >= 0 && minP < 1))
		throw expected("sampling-option", "a number from 0 to below 1", "min-p", minP);
	if (!Number.isInteger(options.maxTokens) || options.maxTokens < 1) {
		throw expected("sampling-option", "an integer of 1 or more", "max-tokens", options.maxTokens);
	}
	if (!Number.isSafeInteger(options.seed))
		throw expected("sampling-option", "an integer", "seed", options.seed);
	return { temperature, topK, topP, minP };
}

/** Uniform numbers in [0, 1) for one completion: the same for (seed, request, index) whatever else is sampled. */
export function uniformStream(seed: number, request: number, index: number): () => number {
	let mixed = 0x9e3779b9;
	for (const word of [seed | 0, Math.floor(seed / 2 ** 32) | 0, request | 0, index | 0]) {
		mixed = Math.imul(mixed ^ word, 0x85ebca6b);
		mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
		mixed ^= mixed >>> 16;
	}
	const generator = xoroshiro128plus(mixed);
	return () => uniformFloat32(generator);
}

/** One token a row, and its log-probability (nats) as sampled and under the untempered, untruncated policy. */
export interface Drawn {
	readonly tokens: Int32Array;
	readonly samplerLogprobs: Float32Array;
	readonly logprobs: Float32Array;
}

/**
 * logits [rows, vocabulary] f32; uniforms: one number in [0, 1) a row (not used when greedy).
 * @throws ThaliaError `policy-not-finite`
 */
export function drawTokens(logits: Tensor, sampler: Sampler, uniforms: Float32Array): Drawn {
	return tidy(() => {
		const truncated = sampler.topK > 0 || sampler.topP < 1 || sampler.minP > 0;
		const drawn =
			sampler.temperature > 0 && truncated
				? drawTruncated(logits, sampler, uniforms)
				: drawFromAll(logits, sampler.temperature, uniforms);
		if (drawn.logprobs.some(Number.isNaN)) throw notFinite();
		return drawn;
	});
}

function drawFromAll(logits: Tensor, temperature: number, uniforms: Float32Array): Drawn {
	const { tokens, drawnLogprobs, logprobs } =
		temperature === 0
			? drawFromLogits(logits, undefined, 1)
			: drawFromLogits(logits, Tensor.fromArray(uniforms, [uniforms.length]), temperature);
	return {
		tokens: tokens.toInt32Array(),
		samplerLogprobs: drawnLogprobs.toFloat32Array(),
		logprobs: logprobs.toFloat32Array(),
	};
}

function drawTruncated(logits: Tensor, sampler: Sampler, uniforms: Float32Array): Drawn {
	const policy = logits.sub(logits.logsumexp(-1, true));
	const sampled = truncatedLogprobs(policy, sampler);
	const tokens = invertCdf(sampled.exp(), uniforms);
	const index = Tensor.fromArray(tokens, [tokens.length, 1], "i64");
	return {
		tokens,
		samplerLogprobs: sampled.gather(1, index).toFloat32Array(),
		logprobs: policy.gather(1, index).toFloat32Array(),
	};
}

function truncatedLogprobs(policy: Tensor, sampler: Sampler): Tensor {
	const tempered = policy.mul(1 / sampler.temperature);
	const logprobs = tempered.sub(tempered.logsumexp(-1, true));
	const kept = logprobs.maskedFill(logprobs.lt(lowestKept(logprobs, sampler)), -Infinity);
	return kept.sub(kept.logsumexp(-1, true));
}

/** The smallest log-probability that survives top-k, top-p and min-p, each taken over the whole distribution, [rows, 1]. */
function lowestKept(logprobs: Tensor, sampler: Sampler): Tensor {
	const rows = logprobs.shape[0];
	const thresholds: Tensor[] = [];
	if (sampler.topK > 0) thresholds.push(logprobs.topk(sampler.topK, -1)[0].narrow(1, sampler.topK - 1, 1));
	if (sampler.minP > 0) thresholds.push(logprobs.amax([-1], true).add(Math.log(sampler.minP)));
	if (sampler.topP < 1) {
		const [sorted] = logprobs.sort(-1, true);
		const p = sorted.exp();
		// A token stays while those before it have not yet reached topP: the first always does.
		const before = p.cumsum(-1).sub_(p);
		const target = Tensor.full([rows, 1], sampler.topP);
		thresholds.push(sorted.maskedFill(before.ge(target), Infinity).neg().amax([-1], true).neg());
	}
	return Tensor.cat(thresholds, 1).amax([-1], true);
}

/** For each row the first token whose cumulative probability exceeds u times the total. */
function invertCdf(probabilities: Tensor, uniforms: Float32Array): Int32Array {
	const [rows, vocabulary] = probabilities.shape;
	const cumulative = probabilities.cumsum(-1);
	const totals = cumulative.narrow(1, vocabulary - 1, 1).toFloat32Array();
	if (totals.some(Number.isNaN)) throw notFinite();
	// Strictly below the total even after rounding, so that a token with probability above 0 is found.
	const targets = totals.map((total, row) => Math.min(uniforms[row] * total, total * (1 - 2 ** -23)));
	return cumulative.searchsorted(Tensor.fromArray(targets, [rows, 1]), true).toInt32Array();
}

function notFinite(): ThaliaError {
	return new ThaliaError(
		"policy-not-finite",
		"Expected finite logits to sample from but the policy gives NaN",
		{
			fix: "its weights are spoilt: go on from an earlier checkpoint, with a smaller learning rate",
		},
	);
}
