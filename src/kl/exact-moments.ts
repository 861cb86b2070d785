import type { KlConfig } from "./config.ts";
import {
	addScores,
	conditional,
	enumerateSequences,
	sequenceLogProbs,
	sequenceProbability,
	type TabularPolicy,
	type TabularSequence,
} from "./exact.ts";
import { type KlTokens, klWeights } from "./weights.ts";

/** Three enumerable policies over the same sequences. */
export interface TabularSetting {
	readonly policy: TabularPolicy;
	readonly reference: TabularPolicy;
	/** Who sampled; the policy itself: on-policy. */
	readonly sampler: TabularPolicy;
	/** Tokens in the head of "top-k". Default 1. */
	readonly topK?: number;
}

/** Mean and spread of one completion's KL gradient, over the sampler's completions. */
export interface GradientMoments {
	/** [prefixes, V] */
	readonly mean: Float64Array;
	/** Trace of the covariance: E|g|^2 - |E g|^2. */
	readonly variance: number;
}

/** The KL gradient of a configuration, exactly: every sequence with its probability, by the weights that training uses. */
export function klMoments(config: KlConfig, setting: TabularSetting): GradientMoments {
	const { policy, sampler } = setting;
	const mean = new Float64Array(policy.logits.length);
	let squares = 0;
	for (const sequence of enumerateSequences(policy)) {
		const gradient = sequenceGradient(config, setting, sequence);
		const probability = sequenceProbability(sampler, sequence);
		for (const [i, g] of gradient.entries()) {
			mean[i] += probability * g;
			squares += probability * g ** 2;
		}
	}
	return { mean, variance: squares - mean.reduce((sum, g) => sum + g ** 2, 0) };
}

/** sum_t c_t grad log pi(y_t|h_t) + d_t grad D_t of one sequence, [prefixes, V]. */
function sequenceGradient(
	config: KlConfig,
	setting: TabularSetting,
	sequence: TabularSequence,
): Float64Array {
	const { policy } = setting;
	const { logprobs, divergence } = klWeights(config, tokensOf(setting, sequence));
	const gradient = new Float64Array(policy.logits.length);
	addScores(gradient, policy, sequence, logprobs, 1);
	if (divergence === null) return gradient;
	const head = config.place !== "none" && config.estimator === "top-k";
	for (const [t, row] of sequence.rows.entries()) {
		const slope = divergenceGradient(setting, row, head);
		for (const [a, g] of slope.entries()) gradient[row * policy.vocabSize + a] += divergence[t] * g;
	}
	return gradient;
}

function tokensOf(setting: TabularSetting, sequence: TabularSequence): KlTokens {
	const { policy, reference, sampler } = setting;
	return {
		logp: sequenceLogProbs(policy, sequence),
		reference: sequenceLogProbs(reference, sequence),
		sampler: sequenceLogProbs(sampler, sequence),
		divergence: Float64Array.from(sequence.rows, (row) => {
			const p = conditional(policy, row);
			const q = conditional(reference, row);
			return p.reduce((sum, l, a) => sum + Math.exp(l) * (l - q[a]), 0);
		}),
		inHead: Array.from(sequence.rows, (row, t) => headOf(setting, row).has(sequence.tokens[t])),
	};
}

/** d/dz of sum_v p_v (log p_v - log q_v) over all tokens, or over the head alone, in the logits of one prefix, [V]. */
function divergenceGradient(setting: TabularSetting, row: number, headOnly: boolean): Float64Array {
	const p = conditional(setting.policy, row);
	const q = conditional(setting.reference, row);
	const head = headOf(setting, row);
	const inside = p.map((l, a) => (!headOnly || head.has(a) ? l - q[a] + 1 : 0));
	const mean = p.reduce((sum, l, a) => sum + Math.exp(l) * inside[a], 0);
	return p.map((l, a) => Math.exp(l) * (inside[a] - mean));
}

function headOf({ policy, topK = 1 }: TabularSetting, row: number): Set<number> {
	const p = conditional(policy, row);
	const order = Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b);
	return new Set(order.slice(0, topK));
}
