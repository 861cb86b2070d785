import { readFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { ThaliaError } from "../errors.ts";
import { type ProblemResult, passingReward } from "../eval/problem-result.ts";
import { meanAtK } from "../eval/statistics.ts";
import { cachedModelName } from "../hub/resolve-model.ts";
import { readJsonLines, toNumber } from "../runs/json-lines.ts";
import { type Manifest, readManifest } from "../runs/run-directory.ts";
import type { StepMetrics } from "../trainer/step.ts";
import type { StepEvaluation } from "../trainer/train.ts";

const packageRoot = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** What became of a run. Whatever it is, what was measured counts. */
export const OUTCOMES = [
	/** All steps, and no collapse. */
	"finished",
	/** The guard said so; the run may have gone on to its last step. */
	"collapsed",
	/** Steps in a row that changed nothing. */
	"stopped",
	"out-of-memory",
	/** Anything else that ended it: the reason says what. */
	"failed",
	/** Not at its end, and nothing went wrong. */
	"unfinished",
] as const;
export type RunOutcome = (typeof OUTCOMES)[number];

/** Of one problem, after the run or before it. */
export interface ProblemScore {
	readonly id: string;
	readonly family: string;
	/** 1 where the greedy completion passes, else 0; null where the verifier failed. */
	readonly greedy: number | null;
	/** Mean reward of the sampled completions, mean@k; null where the verifier failed on all. */
	readonly mean: number | null;
}

export interface DomainScores {
	/** `in-domain` or `out-of-domain`. */
	readonly domain: string;
	/** Completions of a problem: the k of mean@k. */
	readonly samples: number;
	readonly problems: readonly ProblemScore[];
}

/** Curves over steps, index by index; null where a step has no finite value. Entropy and KLs in nats. */
export interface Series {
	readonly step: readonly number[];
	/** Mean reward of the rollouts. */
	readonly reward: readonly (number | null)[];
	/** KL(policy || reference) of a completion: exact over the vocabulary where the engine can, else k1. */
	readonly kl: readonly (number | null)[];
	/** Per token: KL(policy || reference), and KL(reference || policy). */
	readonly klPerToken: readonly (number | null)[];
	readonly forwardKlPerToken: readonly (number | null)[];
	readonly entropy: readonly (number | null)[];
	/** Tokens of a completion. */
	readonly length: readonly (number | null)[];
	/** Share of all |score weight| that the top 1% of tokens carry. */
	readonly topWeightShare: readonly (number | null)[];
	/** Effective sample size of the importance ratios of whole completions, as a share; 1 on-policy. */
	readonly sequenceEss: readonly (number | null)[];
	readonly gradNorm: readonly (number | null)[];
}

/** All that a report reads of a run: small enough to keep where the run itself is not. */
export interface RunRecord {
	readonly name: string;
	readonly seed: number;
	/** Its place in a grid: the label of each axis, in the grid's order, the seed not among them. */
	readonly labels: Readonly<Record<string, string>>;
	readonly outcome: RunOutcome;
	/** Why it is not finished, or how it collapsed. */
	readonly reason?: string;
	/** The step it collapsed at. */
	readonly collapsedAt?: number;
	/** Steps done, and to do. */
	readonly step: number;
	readonly steps: number;
	readonly kl: Manifest["kl"];
	readonly environment: Manifest["environment"];
	/** Seconds of its steps. */
	readonly seconds: number;
	/** Before the first step, and after the last that was evaluated; null where there is none. */
	readonly before: readonly DomainScores[] | null;
	readonly after: readonly DomainScores[] | null;
	readonly series: Series;
	/** The resolved recipe. */
	readonly config: Readonly<Record<string, unknown>>;
}

/**
 * What a run directory holds of a report.
 * @param labels its place in a grid; default: none
 * @throws ThaliaError `run-missing`, `run-damaged`
 */
export function readRunRecord(dir: string, labels: RunRecord["labels"] = {}): RunRecord {
	const manifest = readManifest(dir);
	const config = readConfig(dir);
	const evaluations = readJsonLines<StepEvaluation>(join(dir, "evaluations.jsonl"));
	const metrics = readJsonLines<StepMetrics>(join(dir, "metrics.jsonl"));
	const [first, last] = [evaluations.at(0), evaluations.at(-1)];
	const { collapse, reason } = manifest;
	const why = collapse?.reason ?? reason;
	return {
		name: basename(resolve(dir)),
		seed: Number(config.seed),
		labels,
		outcome: outcomeOf(manifest),
		...(why === undefined ? {} : { reason: why }),
		...(collapse === undefined ? {} : { collapsedAt: collapse.step }),
		step: metrics.at(-1)?.step ?? 0,
		steps: manifest.steps,
		kl: manifest.kl,
		environment: manifest.environment,
		seconds: metrics.reduce((sum, { timing }) => sum + timing.step, 0),
		before: first?.step === 0 ? first.evaluations.map(scoresOf) : null,
		after: last === undefined || last.step === 0 ? null : last.evaluations.map(scoresOf),
		series: seriesOf(metrics),
		config,
	};
}

function readConfig(dir: string): Record<string, unknown> {
	const path = join(dir, "config.yaml");
	try {
		return portable(parse(readFileSync(path, "utf8"))) as Record<string, unknown>;
	} catch (cause) {
		throw new ThaliaError(
			"run-damaged",
			`Expected the run's recipe at ${path}: ${(cause as Error).message}`,
			{
				fix: "leave this run out, or bring the file back",
				cause,
			},
		);
	}
}

/**
 * Settings whose paths below here, or below Thalia, are relative, whose models of the cache are named, and that leave out
 * where data sets lie: the same on another machine, and in another folder.
 */
export function portable(settings: unknown): unknown {
	if (typeof settings === "string") {
		const model = cachedModelName(settings);
		if (model !== undefined) return model;
		const base = [process.cwd(), packageRoot].find((folder) => settings.startsWith(`${folder}${sep}`));
		return base === undefined ? settings : relative(base, settings);
	}
	if (Array.isArray(settings)) return settings.map(portable);
	if (typeof settings !== "object" || settings === null) return settings;
	const kept = Object.entries(settings).filter(([key]) => key !== "dataDir");
	return Object.fromEntries(kept.map(([key, value]) => [key, portable(value)]));
}

function outcomeOf({ status, collapse, reason }: Manifest): RunOutcome {
	if (collapse !== undefined) return "collapsed";
	if (status === "finished" || status === "stopped") return status;
	if (status !== "failed") return "unfinished";
	return reason?.startsWith("out-of-memory") === true ? "out-of-memory" : "failed";
}

function scoresOf({ domain, samples, results }: StepEvaluation["evaluations"][number]): DomainScores {
	return { domain, samples, problems: results.map(scoreOf) };
}

function scoreOf({ id, family, greedy, rewards }: ProblemResult): ProblemScore {
	return {
		...{ id, family },
		greedy: greedy === null ? null : Number(greedy >= passingReward),
		mean: rewards.length === 0 ? null : meanAtK(rewards),
	};
}

function seriesOf(metrics: readonly StepMetrics[]): Series {
	const of = (value: (line: StepMetrics) => unknown) => metrics.map((line) => shortNumber(value(line)));
	return {
		step: metrics.map(({ step }) => step),
		reward: of(({ reward }) => reward),
		kl: of(({ kl }) => kl),
		klPerToken: of(({ divergence, objective }) => divergence?.kl ?? objective?.k1),
		forwardKlPerToken: of(({ divergence, objective }) => divergence?.reverse ?? objective?.forwardKl),
		entropy: of(({ entropy }) => entropy),
		length: of(({ completionTokens }) => completionTokens),
		topWeightShare: of(({ objective }) => objective?.topWeightShare),
		sequenceEss: of(({ objective }) => objective?.sequenceEss),
		gradNorm: of(({ gradNorm }) => gradNorm),
	};
}

/** Five digits are more than a curve shows; null where there is no finite number. */
function shortNumber(value: unknown): number | null {
	const number = toNumber(value);
	return number === undefined || !Number.isFinite(number) ? null : Number(number.toPrecision(5));
}
