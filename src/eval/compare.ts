import { type McNemar, mcnemar } from "./mcnemar.ts";
import { type ProblemResult, passingReward } from "./problem-result.ts";
import { type Interval, meanAtK, pairedDifference } from "./statistics.ts";
import type { Evaluation } from "./summarise.ts";

/** One estimate of two policies on the same problems. */
export interface ComparedEstimate {
	readonly name: string;
	readonly before: Interval | null;
	readonly after: Interval | null;
	/** after - before over the problems that both have a value of, resampled in pairs; null where there are none. */
	readonly change: Interval | null;
}

export interface Comparison {
	readonly domain: string;
	/** Problems that are in both. */
	readonly problems: number;
	readonly estimates: readonly ComparedEstimate[];
	/** Of greedy passes; null where no problem has a verdict in both. */
	readonly mcnemar: McNemar | null;
}

/** A problem's own value of each estimate, by the estimate's name. */
const values: readonly {
	readonly name: (e: Evaluation) => string;
	readonly of: (r: ProblemResult) => number | undefined;
}[] = [
	{
		name: () => "pass@1 greedy",
		of: ({ greedy }) => (greedy === null ? undefined : Number(greedy >= passingReward)),
	},
	{
		name: ({ samples }) => `mean@${samples}`,
		of: ({ rewards }) => (rewards.length === 0 ? undefined : meanAtK(rewards)),
	},
	{ name: ({ samples }) => `maj@${samples}`, of: ({ majority }) => majority },
];

/** The domains that both have, compared on the problems that both have. */
export function compareEvaluations(
	before: readonly Evaluation[],
	after: readonly Evaluation[],
): Comparison[] {
	return after.flatMap((now) => {
		const then = before.find(({ domain }) => domain === now.domain);
		return then === undefined ? [] : [compare(then, now)];
	});
}

function compare(before: Evaluation, after: Evaluation): Comparison {
	const then = new Map(before.results.map((result) => [result.id, result]));
	const both = after.results.flatMap((result) => {
		const own = then.get(result.id);
		return own === undefined ? [] : [[own, result] as const];
	});
	const changes = values.map(({ name, of }) => ({ name: name(after), pairs: pairsOf(both, of) }));
	const estimates = estimatesOf(after).map(({ name, interval }): ComparedEstimate => {
		const pairs = changes.find((change) => change.name === name)?.pairs ?? [];
		return {
			name,
			before: estimatesOf(before).find((estimate) => estimate.name === name)?.interval ?? null,
			after: interval,
			change:
				pairs.length === 0
					? null
					: pairedDifference(
							pairs.map(([x]) => x),
							pairs.map(([, y]) => y),
						),
		};
	});
	const passes = changes[0].pairs.map(([x, y]) => [x === 1, y === 1] as const);
	const test =
		passes.length === 0
			? null
			: mcnemar(
					passes.map(([x]) => x),
					passes.map(([, y]) => y),
				);
	return { domain: after.domain, problems: both.length, estimates, mcnemar: test };
}

function pairsOf(
	both: readonly (readonly [ProblemResult, ProblemResult])[],
	of: (result: ProblemResult) => number | undefined,
): [number, number][] {
	return both.flatMap(([before, after]) => {
		const [x, y] = [of(before), of(after)];
		return x === undefined || y === undefined ? [] : [[x, y]];
	});
}

/**
 * The estimates of an evaluation by name: greedy, mean@k, maj@k where there is one, pass@k. pass@1 of samples is their
 * mean, and not said twice.
 */
export function estimatesOf({
	greedy,
	mean,
	majority,
	passAt,
	samples,
	errors,
}: Pick<Evaluation, "greedy" | "mean" | "majority" | "passAt" | "samples" | "errors">): {
	readonly name: string;
	readonly interval: Interval | null;
}[] {
	const more = Object.entries(passAt).filter(([k]) => k !== "1");
	return [
		{ name: "pass@1 greedy", interval: greedy },
		// Nothing is sampled where all problems are measured by likelihood.
		...(samples === 0 || (mean === null && errors === 0)
			? []
			: [{ name: `mean@${samples}`, interval: mean }]),
		...(majority === null || samples < 2 ? [] : [{ name: `maj@${samples}`, interval: majority }]),
		...more.map(([k, interval]) => ({ name: `pass@${k}`, interval })),
	];
}
