import type { Evaluation, ProblemResult } from "../eval/evaluate.ts";
import { passingReward } from "../eval/evaluate.ts";
import { type Interval, meanAtK, pairedDifference } from "../eval/statistics.ts";
import { formatTable } from "./table.ts";

/** One policy's estimates, a row an estimate. */
export function evaluationTable(evaluations: readonly Evaluation[]): string {
	const rows = evaluations.flatMap((evaluation) =>
		estimates(evaluation).map(({ name, interval }, i) => [
			i === 0 ? evaluation.domain : "",
			name,
			withInterval(interval),
		]),
	);
	return formatTable([["domain", "estimate", "value [95% interval]"], ...rows]);
}

/** Before against after on the same problems; the change's interval resamples problems in pairs. */
export function comparisonTable(before: readonly Evaluation[], after: readonly Evaluation[]): string {
	const rows = after.flatMap((now) => {
		const then = before.find(({ domain }) => domain === now.domain);
		if (then === undefined) return [];
		return estimates(now).map(({ name, interval }, i) => [
			i === 0 ? now.domain : "",
			name,
			withInterval(estimates(then)[i].interval),
			withInterval(interval),
			change(then, now, i),
		]);
	});
	return formatTable([["domain", "estimate", "before [95%]", "after [95%]", "change [95%]"], ...rows]);
}

interface Estimate {
	readonly name: string;
	readonly interval: Interval | null;
}

/** greedy, mean@k and pass@k, in this order. pass@1 of samples is their mean, and not said twice. */
function estimates({ greedy, mean, passAt, samples }: Evaluation): Estimate[] {
	const more = Object.entries(passAt).filter(([k]) => k !== "1");
	return [
		{ name: "pass@1 greedy", interval: greedy },
		{ name: `mean@${samples}`, interval: mean },
		...more.map(([k, interval]) => ({ name: `pass@${k}`, interval })),
	];
}

function change(before: Evaluation, after: Evaluation, row: number): string {
	const value = [
		({ greedy }: ProblemResult) => (greedy === null ? undefined : Number(greedy >= passingReward)),
		({ rewards }: ProblemResult) => (rewards.length === 0 ? undefined : meanAtK(rewards)),
	].at(row);
	if (value === undefined) return "";
	const then = new Map(before.results.map((result) => [result.id, value(result)]));
	const pairs = after.results.flatMap((result) => {
		const [x, y] = [then.get(result.id), value(result)];
		return x === undefined || y === undefined ? [] : [[x, y]];
	});
	if (pairs.length === 0) return "";
	const { estimate, low, high } = pairedDifference(
		pairs.map(([x]) => x),
		pairs.map(([, y]) => y),
	);
	return `${signed(estimate)} [${signed(low)}, ${signed(high)}]`;
}

function withInterval(interval: Interval | null): string {
	if (interval === null) return "no verdict";
	const { estimate, low, high } = interval;
	return `${percent(estimate)} [${percent(low)}, ${percent(high)}]`;
}

function percent(value: number): string {
	return `${(100 * value).toFixed(1)}%`;
}

function signed(value: number): string {
	return `${value < 0 ? "" : "+"}${(100 * value).toFixed(1)}`;
}
