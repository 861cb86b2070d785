/**
 * Which tokens answer for the KL that a token spent, when the KL is in the reward ("A Comedy of Estimators",
 * arXiv 2512.21852; Williams 1992 for reward-to-go).
 */
export type Credit = (typeof CREDITS)[number];
export const CREDITS = ["sequence", "reward-to-go", "token"] as const;

/** c_t = sum_n k_n: every token answers for the whole sequence. With k1 the exact gradient of the sequence KL. */
export function sequenceCredit(values: Float64Array): Float64Array {
	return new Float64Array(values.length).fill(total(values));
}

/**
 * c_t = sum_{n >= t} discount^(n - t) k_n: a token answers for itself and what follows. With discount 1 the same
 * expected gradient as the whole sequence, because E[s_t k_n] = 0 for n < t, at a lower variance; with discount 0 token
 * credit; in between the gradient of no KL.
 */
export function discounted(values: Float64Array, discount: number): Float64Array {
	const credit = new Float64Array(values.length);
	let sum = 0;
	for (let t = values.length - 1; t >= 0; t--) credit[t] = sum = values[t] + discount * sum;
	return credit;
}

/** c_t = k_t: a token answers for itself alone. With k1 the gradient of the *local* reverse KL only. */
export function tokenCredit(values: Float64Array): Float64Array {
	return values.slice();
}

/**
 * @param values per-token KL, [T]
 * @param discount of reward-to-go alone, 0 to 1
 * @returns the credit c_t, [T]
 */
export function assignCredit(credit: Credit, values: Float64Array, discount = 1): Float64Array {
	if (credit === "sequence") return sequenceCredit(values);
	return credit === "reward-to-go" ? discounted(values, discount) : tokenCredit(values);
}

/** Sum in index order, so that a sequence's KL does not depend on who adds it up. */
export function total(values: ArrayLike<number>): number {
	let sum = 0;
	for (let t = 0; t < values.length; t++) sum += values[t];
	return sum;
}
