import { assertLength, type LogProbs } from "./log-probs.ts";

/**
 * Per-token estimators of KL(pi || ref) from one sampled token (Schulman, "Approximating KL divergence", 2020), as
 * functions of the log-ratio u = log pi(y_t|h_t) - log ref(y_t|h_t). A "+" is verl's straight-through form: the value
 * of the estimator named, the derivative of k2.
 */
export type Estimator = (typeof ESTIMATORS)[number];
export const ESTIMATORS = ["k1", "k2", "k3", "abs", "k1+", "k3+"] as const;

/**
 * Bounds as verl, SkyRL and OpenRLHF have them (20 and 10): a log-ratio, then a value, outside its bound counts as the bound
 * and has no gradient. They cut exactly the heavy tail.
 */
export interface Clamp {
	/** Of |u|, nats. */
	readonly logRatio?: number;
	/** Of the estimator's value. */
	readonly value?: number;
}

/** k1(u) = u. Its mean under pi is the KL; a single value can be negative. */
export function k1(u: number): number {
	return u;
}

/** k2(u) = u^2 / 2 >= 0. Biased in value; its gradient's mean under pi is that of the local reverse KL. */
export function k2(u: number): number {
	return (u * u) / 2;
}

/** k3(u) = exp(-u) - 1 + u >= 0. Its mean under pi is the KL; its variance explodes far from the reference. */
export function k3(u: number): number {
	return Math.expm1(-u) + u;
}

/** d k3 / du = 1 - exp(-u). */
export function k3Derivative(u: number): number {
	return -Math.expm1(-u);
}

/** exp(-u) (-u - 1) + 1 >= 0: from a token of pi, an estimate of the local *forward* KL(ref || pi). */
export function forwardK(u: number): number {
	return -u * Math.exp(-u) - Math.expm1(-u);
}

const value: Record<Estimator, (u: number) => number> = { k1, k2, k3, abs: Math.abs, "k1+": k1, "k3+": k3 };

const identity = (u: number) => u;
const derivative: Record<Estimator, (u: number) => number> = {
	k1: () => 1,
	k2: identity,
	k3: k3Derivative,
	abs: Math.sign,
	"k1+": identity,
	"k3+": identity,
};

/**
 * The estimator's value per token.
 * @param logp log pi, [T]
 * @param reference log ref, or of whichever policy it holds to, [T]
 * @returns nats, [T]
 */
export function klValues(
	estimator: Estimator,
	logp: LogProbs,
	reference: LogProbs,
	{ logRatio = Infinity, value: most = Infinity }: Clamp = {},
): Float64Array {
	assertLength("reference log-probs", reference, logp.length);
	return Float64Array.from(logp, (l, t) =>
		within(value[estimator](within(l - reference[t], logRatio)), most),
	);
}

/**
 * The estimator's derivative with respect to log pi per token, which is the score weight c_t of a KL in the loss:
 * grad sum_t k(u_t) = sum_t c_t grad log pi(y_t|h_t).
 * @param logp log pi, [T]
 * @param reference log ref, [T]
 * @returns [T]
 */
export function klDerivatives(
	estimator: Estimator,
	logp: LogProbs,
	reference: LogProbs,
	{ logRatio = Infinity, value: most = Infinity }: Clamp = {},
): Float64Array {
	assertLength("reference log-probs", reference, logp.length);
	return Float64Array.from(logp, (l, t) => {
		const u = l - reference[t];
		// So written that a ratio which is not a number stays one.
		return Math.abs(u) > logRatio || Math.abs(value[estimator](u)) > most ? 0 : derivative[estimator](u);
	});
}

function within(x: number, bound: number): number {
	return Math.abs(x) > bound ? Math.sign(x) * bound : x;
}
