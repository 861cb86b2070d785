import { expected } from "../errors.ts";
import type { KlConfig } from "./config.ts";
import {
	localForwardKlGradient,
	localReverseKlGradient,
	prefixCount,
	sequenceKlGradient,
	type TabularPolicy,
} from "./exact.ts";
import { klMoments, type TabularSetting } from "./exact-moments.ts";

/** How a configuration's expected gradient stands to the one it should follow, by enumeration of a small policy. */
export interface Bias {
	/** |g - g*| / |g*|, of the sequence-level reverse KL's gradient g*. */
	readonly relative: number;
	/** Of the angle between g and g*; 0 where g is 0. */
	readonly cosine: number;
	/** The same with the gradients of the local KLs at the policy's prefixes. */
	readonly cosineToLocalReverse: number;
	readonly cosineToLocalForward: number;
	/** Of one completion's gradient: trace of its covariance over |g*|^2. */
	readonly variance: number;
}

export function klBias(config: KlConfig, setting: TabularSetting): Bias {
	const { policy, reference } = setting;
	const exact = sequenceKlGradient(policy, reference);
	const { mean, variance } = klMoments(config, setting);
	const size = norm(exact);
	return {
		relative: norm(mean.map((g, i) => g - exact[i])) / size,
		cosine: cosine(mean, exact),
		cosineToLocalReverse: cosine(mean, localReverseKlGradient(policy, reference)),
		cosineToLocalForward: cosine(mean, localForwardKlGradient(policy, reference)),
		variance: variance / size ** 2,
	};
}

/**
 * The small policy that `thalia explain` shows a configuration on: all sequences of 3 tokens x 3 steps.
 * @param offPolicyness 0: the policy samples itself; else the sampler's logits are so far from the policy's, 0 to 3
 */
export function exampleSetting(offPolicyness: number): TabularSetting {
	if (!(offPolicyness >= 0 && offPolicyness <= 3))
		throw expected("kl-setting", "a number from 0 to 3", "the off-policyness", offPolicyness);
	const policy = tabular(1);
	const other = tabular(9).logits;
	const logits = policy.logits.map((x, i) => x + offPolicyness * other[i]);
	return { policy, reference: tabular(5), sampler: offPolicyness === 0 ? policy : { ...policy, logits } };
}

function tabular(seed: number): TabularPolicy {
	const logits = new Float64Array(prefixCount(3, 3) * 3).map((_, i) => Math.sin(seed + 12.9898 * (i + 1)));
	return { vocabSize: 3, steps: 3, stopToken: null, logits };
}

function norm(values: Float64Array): number {
	return Math.hypot(...values);
}

/** A gradient of rounding errors alone has no direction. */
function cosine(a: Float64Array, b: Float64Array): number {
	const [x, y] = [norm(a), norm(b)];
	return x < 1e-12 || y < 1e-12 ? 0 : a.reduce((sum, g, i) => sum + g * b[i], 0) / (x * y);
}
