import { assertLength } from "./log-probs.ts";

/**
 * A tabular autoregressive softmax policy small enough to enumerate: every prefix has logits of its own, so a
 * gradient that is right here is right for any differentiable policy, by the chain rule through the logits.
 */
export interface TabularPolicy {
	readonly vocabSize: number;
	/** Most tokens in a sequence. */
	readonly steps: number;
	/** The token that ends a sequence early, or null where all sequences have `steps` tokens. */
	readonly stopToken: number | null;
	/** [prefixes, vocabSize] row-major; prefixes by length, then in base vocabSize. See `prefixCount`. */
	readonly logits: Float64Array;
}

/** One sequence: its tokens and, for each, the row of the prefix it was drawn from. */
export interface TabularSequence {
	readonly tokens: Int32Array;
	readonly rows: Int32Array;
}

/** Score weights c_t for one sequence, [T]: its part of the gradient is sum_t c_t grad log pi(y_t|h_t). */
export type TabularWeights = (sequence: TabularSequence) => ArrayLike<number>;

/** Number of prefixes shorter than `steps`: 1 + V + ... + V^(steps-1). */
export function prefixCount(vocabSize: number, steps: number): number {
	let count = 0;
	for (let length = 0; length < steps; length++) count += vocabSize ** length;
	return count;
}

/** Every sequence that the policy can produce. */
export function enumerateSequences(policy: TabularPolicy): TabularSequence[] {
	const { vocabSize, steps, stopToken } = policy;
	assertLength("logits", policy.logits, prefixCount(vocabSize, steps) * vocabSize);
	const sequences: TabularSequence[] = [];
	const extend = (tokens: number[], rows: number[], row: number): void => {
		if (tokens.length === steps || (tokens.length > 0 && tokens.at(-1) === stopToken)) {
			sequences.push({ tokens: Int32Array.from(tokens), rows: Int32Array.from(rows) });
			return;
		}
		for (let a = 0; a < vocabSize; a++) extend([...tokens, a], [...rows, row], child(vocabSize, row, a));
	};
	extend([], [], 0);
	return sequences;
}

/** log pi(. | prefix of `row`), nats, [V]. */
export function conditional(policy: TabularPolicy, row: number): Float64Array {
	const logits = policy.logits.subarray(row * policy.vocabSize, (row + 1) * policy.vocabSize);
	const max = Math.max(...logits);
	const logSum = max + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - max), 0));
	return logits.map((x) => x - logSum);
}

/** log pi(y_t | h_t) per token, nats, [T]. */
export function sequenceLogProbs(policy: TabularPolicy, sequence: TabularSequence): Float64Array {
	return Float64Array.from(sequence.rows, (row, t) => conditional(policy, row)[sequence.tokens[t]]);
}

/** pi(y). */
export function sequenceProbability(policy: TabularPolicy, sequence: TabularSequence): number {
	return Math.exp(sequenceLogProbs(policy, sequence).reduce((sum, l) => sum + l, 0));
}

/** Adds factor * sum_t c_t grad log pi(y_t|h_t) to `gradient`, [prefixes, V]. */
export function addScores(
	gradient: Float64Array,
	policy: TabularPolicy,
	sequence: TabularSequence,
	weights: ArrayLike<number>,
	factor: number,
): void {
	assertLength("score weights", weights, sequence.tokens.length);
	for (const [t, row] of sequence.rows.entries()) {
		for (const [a, logp] of conditional(policy, row).entries()) {
			const score = (a === sequence.tokens[t] ? 1 : 0) - Math.exp(logp);
			gradient[row * policy.vocabSize + a] += factor * weights[t] * score;
		}
	}
}

/** E_{y ~ sampler}[ sum_t c_t(y) grad log pi(y_t|h_t) ], exactly, [prefixes, V]. */
export function expectedGradient(
	policy: TabularPolicy,
	weights: TabularWeights,
	sampler: TabularPolicy = policy,
): Float64Array {
	const gradient = new Float64Array(policy.logits.length);
	for (const sequence of enumerateSequences(policy)) {
		addScores(gradient, policy, sequence, weights(sequence), sequenceProbability(sampler, sequence));
	}
	return gradient;
}

/** KL(pi || ref) over whole sequences, nats. */
export function sequenceKl(policy: TabularPolicy, reference: TabularPolicy): number {
	return futureKl(policy, reference)[0];
}

/** Gradient of `sequenceKl` by backward recursion over prefixes (no score function, no enumeration), [prefixes, V]. */
export function sequenceKlGradient(policy: TabularPolicy, reference: TabularPolicy): Float64Array {
	const future = futureKl(policy, reference);
	return overPrefixes(policy, policy, (row, p) => {
		const u = difference(p, conditional(reference, row));
		const cost = u.map((x, a) => x + futureAt(policy, future, row, a));
		const mean = p.reduce((sum, l, a) => sum + Math.exp(l) * cost[a], 0);
		return p.map((l, a) => Math.exp(l) * (cost[a] - mean));
	});
}

/** sum_h visit(h) grad KL(pi(.|h) || ref(.|h)): the local reverse KL at the prefixes of `visiting`, [prefixes, V]. */
export function localReverseKlGradient(
	policy: TabularPolicy,
	reference: TabularPolicy,
	visiting: TabularPolicy = policy,
): Float64Array {
	return overPrefixes(policy, visiting, (row, p) => {
		const u = difference(p, conditional(reference, row));
		const kl = p.reduce((sum, l, a) => sum + Math.exp(l) * u[a], 0);
		return p.map((l, a) => Math.exp(l) * (u[a] - kl));
	});
}

/** sum_h visit(h) grad KL(ref(.|h) || pi(.|h)): the local forward KL at the prefixes of `visiting`, [prefixes, V]. */
export function localForwardKlGradient(
	policy: TabularPolicy,
	reference: TabularPolicy,
	visiting: TabularPolicy = policy,
): Float64Array {
	return overPrefixes(policy, visiting, (row, p) => {
		const q = conditional(reference, row);
		return p.map((l, a) => Math.exp(l) - Math.exp(q[a]));
	});
}

/** Central finite differences of a scalar of the policy in every logit, [prefixes, V]. */
export function numericalGradient(
	policy: TabularPolicy,
	of: (policy: TabularPolicy) => number,
	step = 1e-5,
): Float64Array {
	return policy.logits.map((x, i) => {
		const at = (moved: number) => of({ ...policy, logits: policy.logits.with(i, moved) });
		return (at(x + step) - at(x - step)) / (2 * step);
	});
}

/** Expected KL from each prefix to the end of the sequence, nats, [prefixes]. */
function futureKl(policy: TabularPolicy, reference: TabularPolicy): Float64Array {
	const future = new Float64Array(prefixCount(policy.vocabSize, policy.steps));
	for (let row = future.length - 1; row >= 0; row--) {
		const p = conditional(policy, row);
		const u = difference(p, conditional(reference, row));
		future[row] = p.reduce((sum, l, a) => sum + Math.exp(l) * (u[a] + futureAt(policy, future, row, a)), 0);
	}
	return future;
}

function futureAt(policy: TabularPolicy, future: Float64Array, row: number, token: number): number {
	return token === policy.stopToken ? 0 : (future[child(policy.vocabSize, row, token)] ?? 0);
}

/** Row-wise gradient, each row times the probability that `visiting` reaches that prefix. */
function overPrefixes(
	policy: TabularPolicy,
	visiting: TabularPolicy,
	rowGradient: (row: number, p: Float64Array) => Float64Array,
): Float64Array {
	const { vocabSize, steps, stopToken } = policy;
	const reach = new Float64Array(prefixCount(vocabSize, steps));
	reach[0] = 1;
	const gradient = new Float64Array(policy.logits.length);
	for (let row = 0; row < reach.length; row++) {
		const here = reach[row];
		gradient.set(
			rowGradient(row, conditional(policy, row)).map((g) => here * g),
			row * vocabSize,
		);
		for (const [a, logp] of conditional(visiting, row).entries()) {
			const next = child(vocabSize, row, a);
			if (a !== stopToken && next < reach.length) reach[next] = here * Math.exp(logp);
		}
	}
	return gradient;
}

/** With prefixes numbered by length and then in base V, the children of row r are V r + 1 ... V r + V. */
function child(vocabSize: number, row: number, token: number): number {
	return vocabSize * row + 1 + token;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
	return a.map((x, i) => x - b[i]);
}
