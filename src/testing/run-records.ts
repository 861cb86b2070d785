import type { DomainScores, RunRecord, Series } from "../experiment/run-record.ts";

const nothing: Series = {
	step: [],
	reward: [],
	kl: [],
	klPerToken: [],
	forwardKlPerToken: [],
	entropy: [],
	length: [],
	topWeightShare: [],
	gradNorm: [],
};

/** A finished run without curves or scores, but for what is given. */
export function aRecord(
	parts: Partial<Omit<RunRecord, "series">> & { series?: Partial<Series> } = {},
): RunRecord {
	const { seed = 1, labels = {}, series = {}, ...rest } = parts;
	return {
		name: [...Object.values(labels), `seed${seed}`].join("-"),
		outcome: "finished",
		step: 10,
		steps: 10,
		kl: { objective: "sequence-reverse-kl", exact: true, causes: [], reason: "", beta: "0.1" },
		environment: { thalia: "0.1.0", node: "20.0.0", threads: 1, commit: "0123abc" },
		seconds: 60,
		before: null,
		after: null,
		config: {},
		...rest,
		seed,
		labels,
		series: { ...nothing, ...series },
	};
}

/** Scores of a domain whose problems are named by their place: `means[i]`, and passed greedily where it is above 1/2. */
export function scores(domain: string, means: readonly (number | null)[], samples = 8): DomainScores {
	return {
		domain,
		samples,
		problems: means.map((mean, i) => ({
			id: `${domain}-${i}`,
			family: i % 2 === 0 ? "add" : "sub",
			greedy: mean === null ? null : Number(mean > 0.5),
			mean,
		})),
	};
}
