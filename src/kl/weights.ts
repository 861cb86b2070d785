import { expected } from "../errors.ts";
import { isSampled, type KlConfig, type KlInBoth, type KlInLoss, type KlInReward } from "./config.ts";
import { assignCredit, type Credit, total } from "./credit.ts";
import { klDerivatives, klValues } from "./estimators.ts";
import { type Importance, type ImportanceWeights, importanceWeights } from "./importance.ts";
import { assertLength, type LogProbs } from "./log-probs.ts";

/** What is known of one completion's tokens, each [T], nats. */
export interface KlTokens {
	/** log pi, of the policy being trained. */
	readonly logp: LogProbs;
	/** log ref. */
	readonly reference: LogProbs;
	/** log mu, of the policy that sampled. */
	readonly sampler: LogProbs;
	/** D_t = KL(pi(.|h_t) || ref(.|h_t)), over the whole vocabulary, for the estimators that read it. */
	readonly divergence?: LogProbs;
	/** Whether the sampled token is among the k most likely, for "top-k". */
	readonly inHead?: readonly boolean[];
}

/** The KL's gradient in one completion: sum_t c_t grad log pi(y_t|h_t) + d_t grad D_t. Multiplied by -beta, an ascent. */
export interface KlWeights {
	/** c_t, [T]. */
	readonly logprobs: Float64Array;
	/** d_t, [T]: of D_t, or with "top-k" of its sum over the head; null where the estimator has none. */
	readonly divergence: Float64Array | null;
}

/**
 * The weights of a configuration, as in docs/kl.md; of its bare KL, without baseline, aggregation and clip.
 * @throws ThaliaError `shape-mismatch`, `kl-tokens` where the estimator needs what is not given
 */
export function klWeights(config: KlConfig, tokens: KlTokens): KlWeights {
	const none = { logprobs: new Float64Array(tokens.logp.length), divergence: null };
	if (config.place === "none") return none;
	if (config.to === "sampler") {
		return klWeights({ ...config, to: "reference" }, { ...tokens, reference: tokens.sampler });
	}
	const { importance = "none", truncation } = config;
	const weights = importanceWeights(importance, tokens.logp, tokens.sampler, truncation);
	if (config.place === "reward") return { ...none, logprobs: rewardWeights(config, tokens, weights) };
	const loss = lossWeights(config, tokens, weights);
	if (config.place === "loss") return loss;
	const reward = rewardWeights(config, tokens, weights);
	return { ...loss, logprobs: loss.logprobs.map((c, t) => c + reward[t]) };
}

/** c_t of a KL that is part of the reward: what tokens answer for, reweighted to where the policy would have been. */
function rewardWeights(
	{ estimator, credit, discount = 1, logprobs, importance = "none", clamp }: KlInReward | KlInBoth,
	tokens: KlTokens,
	{ weights }: ImportanceWeights,
): Float64Array {
	const source = logprobs === "sampler" ? tokens.sampler : tokens.logp;
	if (estimator === "full") return beforeToken(importance, credit, divergenceOf(tokens), weights);
	const u = () => klValues("k1", source, tokens.reference);
	if (estimator === "rao-blackwell") {
		const future = beforeToken(importance, "reward-to-go", divergenceOf(tokens), weights);
		return u().map((value, t) => weights[t] * value + future[t]);
	}
	if (estimator === "rao-blackwell-local") {
		const divergence = divergenceOf(tokens);
		return u().map((value, t) => weights[t] * (value - divergence[t]));
	}
	const values = klValues(estimator, source, tokens.reference, clamp);
	return withToken(importance, credit, discount, values, weights);
}

/**
 * c_t = sum_n credit(t, n) W(t, n) k_n of values that depend on their own token: under "prefix" W(t, n) covers the
 * tokens up to the later of t and n, for both the score and the value are of the policy then.
 */
function withToken(
	importance: Importance,
	credit: Credit,
	discount: number,
	values: Float64Array,
	weights: Float64Array,
): Float64Array {
	const credited = (of: Float64Array) => assignCredit(credit, of, discount);
	if (importance !== "prefix") return credited(values).map((c, t) => weights[t] * c);
	const weighted = values.map((k, n) => weights[n] * k);
	if (credit !== "sequence") return credited(weighted);
	let before = 0;
	return assignCredit("reward-to-go", weighted).map((c, t) => {
		const all = c + weights[t] * before;
		before += values[t];
		return all;
	});
}

/** The same of values D_n that are settled before token n is drawn: a token answers for later ones only. */
function beforeToken(
	importance: Importance,
	credit: Credit,
	values: LogProbs,
	weights: Float64Array,
): Float64Array {
	const prefix = importance === "prefix";
	const later = new Float64Array(values.length);
	for (let t = values.length - 2, sum = 0; t >= 0; t--) {
		// W(t, t + 1) covers the tokens up to t; a later value's weight is its own prefix's.
		const next = prefix ? weights[t] * values[t + 1] : values[t + 1];
		later[t] = sum += next;
	}
	let upTo = 0;
	return later.map((sum, t) => {
		upTo += credit === "sequence" ? values[t] : 0;
		return prefix ? sum + weights[t] * upTo : weights[t] * (sum + upTo);
	});
}

/** c_t and d_t of a KL that is part of the loss. */
function lossWeights(
	config: KlInLoss | KlInBoth,
	tokens: KlTokens,
	{ weights, free }: ImportanceWeights,
): KlWeights {
	const { estimator, importance = "none", differentiateImportance = false, clamp } = config;
	const length = tokens.logp.length;
	if (!isSampled(estimator)) {
		const divergence = divergenceWeights(importance, weights);
		if (estimator === "top-k") {
			const inHead = required(tokens.inHead, "inHead");
			const u = klValues("k1", tokens.logp, tokens.reference);
			return { logprobs: u.map((x, t) => (inHead[t] ? 0 : weights[t] * (x + 1))), divergence };
		}
		const logprobs = new Float64Array(length);
		if (estimator === "rao-blackwell")
			add(logprobs, beforeToken(importance, "reward-to-go", divergenceOf(tokens), weights));
		if (differentiateImportance) add(logprobs, throughDivergence(importance, tokens, weights, free));
		return { logprobs, divergence };
	}
	const slopes = klDerivatives(estimator, tokens.logp, tokens.reference, clamp);
	const logprobs = slopes.map((k, t) => weights[t] * k);
	if (differentiateImportance) {
		const values = klValues(estimator, tokens.logp, tokens.reference, clamp);
		add(
			logprobs,
			through(
				importance,
				values.map((k, n) => (free[n] ? weights[n] * k : 0)),
			),
		);
	}
	return { logprobs, divergence: null };
}

/** Of D_t, [T]: it asks for its prefix's weight alone, where the sampled tail of "top-k" asks for its token's too. */
export function divergenceWeights(importance: Importance, weights: Float64Array): Float64Array {
	return importance === "prefix" ? weights.map((_, t) => (t === 0 ? 1 : weights[t - 1])) : weights.slice();
}

/** d(sum_n W_n k_n) / d(log pi of token t) through the weights alone, given W_n k_n: a weight moves with its tokens. */
function through(importance: Importance, weighted: Float64Array): Float64Array {
	if (importance === "token") return weighted;
	return assignCredit(importance === "prefix" ? "reward-to-go" : "sequence", weighted);
}

/** The same of sum_n W_{1:n-1} D_n. */
function throughDivergence(
	importance: Importance,
	tokens: KlTokens,
	weights: Float64Array,
	free: readonly boolean[],
): Float64Array {
	const divergence = divergenceOf(tokens);
	const moving = weights.map((w, n) => (free[n] ? w : 0));
	if (importance === "prefix") return beforeToken("prefix", "reward-to-go", divergence, moving);
	if (importance === "token") return moving.map((w, t) => w * divergence[t]);
	return moving.map((w) => w * total(divergence));
}

function divergenceOf(tokens: KlTokens): LogProbs {
	return required(tokens.divergence, "divergence");
}

function required<T extends ArrayLike<unknown>>(values: T | undefined, name: string): T {
	if (values === undefined) throw expected("kl-tokens", `tokens.${name}`, "this estimator", undefined);
	return values;
}

function add(into: Float64Array, values: Float64Array): void {
	assertLength("weights", values, into.length);
	for (let t = 0; t < into.length; t++) into[t] += values[t];
}
