/**
 * A KL term's expected gradient, as a sum of few terms that every configuration is made of. With s_t the score,
 * D_n = KL(pi(.|h_n) || ref(.|h_n)) and prefixes of the policy or of the sampler:
 * - "local": sum_t E[grad D_t], the local reverse KL
 * - "future": sum_t E[s_t sum_{n>t} D_n], what a token does to the KL of those after it; local + future is the gradient
 *   of the sequence KL
 * - "forward": sum_t E[grad KL(ref(.|h_t) || pi(.|h_t))], the local forward KL
 * - "other": anything else, with its cause
 */
export type Terms = Map<Term, number>;
export type Where = "policy" | "sampler";
export type Cause =
	| "estimator"
	| "importance"
	| "truncation"
	| "logprobs-source"
	| "discount"
	| "clamp"
	| "baseline"
	| "normalisation"
	| "aggregation"
	| "clip";
type Term = `${"local" | "future" | "forward"} ${Where}` | `other ${Cause}`;

export function anything(cause: Cause): Terms {
	return new Map([[`other ${cause}` as const, 1]]);
}

/** Adds to the first, and returns it. */
export function addTerms(into: Terms, terms: Terms): Terms {
	for (const [term, factor] of terms) into.set(term, (into.get(term) ?? 0) + factor);
	return into;
}

export interface Combination {
	readonly local: number;
	readonly future: number;
	readonly forward: number;
	/** Whose prefixes the terms are at; "both" where they differ. */
	readonly where: Where | "both";
	readonly causes: readonly Cause[];
}

export function combination(terms: Terms): Combination {
	const present = [...terms].filter(([, factor]) => factor !== 0).map(([term]) => term.split(" "));
	const places = new Set(present.filter(([kind]) => kind !== "other").map(([, where]) => where as Where));
	const causes = present.flatMap(([kind, cause]) => (kind === "other" ? [cause as Cause] : []));
	const of = (kind: "local" | "future" | "forward") =>
		(terms.get(`${kind} policy`) ?? 0) + (terms.get(`${kind} sampler`) ?? 0);
	return {
		local: of("local"),
		future: of("future"),
		forward: of("forward"),
		where: places.size > 1 ? "both" : ([...places].at(0) ?? "policy"),
		causes,
	};
}
