/**
 * What a configuration's gradient is like, from inner products of gradients alone. Folds are disjoint parts of the
 * rollouts; the true gradient is known by two independent estimates, so that no product is one of noise with itself.
 */
export interface Moments {
	/** Length of the mean gradient over all rollouts, its noise included. */
	readonly norm: number;
	/** Of the angle between that and the estimate of the true gradient; null where one of them is 0. */
	readonly cosine: number | null;
	/** The same of the expected gradients: noise is taken out of both lengths. Null where there is nothing but noise. */
	readonly expectedCosine: number | null;
	/** <E g, g*> / |g*|^2: how much of the true gradient is in the expected one; 1 of an exact configuration. */
	readonly projection: number | null;
	/** Of one completion's gradient, trace of the covariance over |g*|^2. */
	readonly variance: number | null;
	/** |E g|^2 over the variance of the mean over all rollouts. Below 0 where noise hides the signal. */
	readonly signalToNoise: number | null;
}

/** Inner products of gradients, each the mean over its completions. */
export interface Products {
	/** Between folds, [K, K], K >= 2. */
	readonly folds: readonly (readonly number[])[];
	/** Of each fold with the mean of the two estimates of the true gradient, [K]. */
	readonly withTrue: readonly number[];
	/** Squared length of that mean, and the product of the two. */
	readonly trueSquared: number;
	readonly trueSignal: number;
	/** Completions of a fold, on average. */
	readonly completions: number;
}

export function momentsOf({ folds, withTrue, trueSquared, trueSignal, completions }: Products): Moments {
	const count = folds.length;
	const sum = folds.flat().reduce((all, x) => all + x, 0);
	const own = folds.reduce((all, row, k) => all + row[k], 0);
	const squared = Math.max(0, sum / count ** 2);
	const signal = (sum - own) / (count * (count - 1));
	const noise = own / count - signal;
	const dot = withTrue.reduce((all, x) => all + x, 0) / count;
	return {
		norm: Math.sqrt(squared),
		cosine: ratio(dot, Math.sqrt(squared * trueSquared)),
		expectedCosine: signal > 0 && trueSignal > 0 ? ratio(dot, Math.sqrt(signal * trueSignal)) : null,
		projection: trueSignal > 0 ? ratio(dot, trueSignal) : null,
		variance: trueSignal > 0 ? ratio(noise * completions, trueSignal) : null,
		signalToNoise: ratio(signal, noise / count),
	};
}

function ratio(a: number, b: number): number | null {
	return b > 0 ? a / b : null;
}
