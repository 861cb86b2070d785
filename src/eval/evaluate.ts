import type { Engine, SamplingOptions } from "../engine/engine.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { type RolloutGroup, sampleGroups } from "../rollout/collect.ts";
import { makePrompter, type Prompter } from "../rollout/prompter.ts";
import type { Problem } from "../tasks/family.ts";
import { evaluateByLikelihood } from "./choice-likelihood.ts";
import type { EvaluationDomain } from "./domains.ts";
import { majorityCorrect, type Vote } from "./majority.ts";
import { type ProblemResult, passingReward } from "./problem-result.ts";
import { type Evaluation, summarise } from "./summarise.ts";

export interface EvaluationOptions extends Pick<SamplingOptions, "topK" | "topP" | "minP"> {
	/** Completions of a problem at `temperature`. */
	readonly samples: number;
	readonly temperature: number;
	readonly maxTokens: number;
	readonly seed: number;
	readonly rewardTimeoutMs: number;
	/** The k of pass@k, each at most `samples`. Default: 1 and `samples`. */
	readonly ks?: readonly number[];
	/** Default: the model's chat template where it has one. */
	readonly prompter?: Prompter;
	/** Measure multiple-choice problems by the likelihood of their letters instead of by what is generated. */
	readonly choices?: "generate" | "likelihood";
	/** Keep the completions' texts in the results. */
	readonly keepTexts?: boolean;
}

export interface EvaluationHooks {
	/** Problems that are done, those of `done` included, and completion tokens sampled. */
	onProgress?(problems: number, tokens: number): void;
	/** Some problems' results, as soon as they are there, in the order of the problems. */
	onResults?(results: readonly ProblemResult[]): void | Promise<void>;
	/** Results of an evaluation that was interrupted, by problem id: those problems are left out. */
	readonly done?: ReadonlyMap<string, ProblemResult>;
	/** Aborted: no more problems are begun. */
	readonly signal?: AbortSignal;
}

/** Completions that are sampled at a time: enough for the engine to fill its batches, few enough to save often. */
const completionsAtOnce = 512;

/**
 * Greedy and sampled completions of every problem, verified. A problem's completions depend on the seed and on its place
 * among the problems alone, not on what else is evaluated with it.
 * @throws ThaliaError of the engine; `aborted`'s reason where the signal is
 */
export async function evaluateProblems(
	engine: Engine,
	tokenizer: Tokenizer,
	domain: EvaluationDomain,
	options: EvaluationOptions,
	hooks: EvaluationHooks = {},
): Promise<Evaluation> {
	const { samples } = options;
	const { problems } = domain;
	const results: (ProblemResult | undefined)[] = problems.map(({ id }) => hooks.done?.get(id));
	const open = problems.flatMap((problem, id) => (results[id] === undefined ? [{ problem, id }] : []));
	const atOnce = Math.max(1, Math.floor(completionsAtOnce / (samples + 1)));
	let [doneBefore, tokensBefore] = [problems.length - open.length, 0];
	for (const chunk of chunksOf(open, atOnce, options)) {
		hooks.signal?.throwIfAborted();
		const onTokens = (tokens: number) => hooks.onProgress?.(doneBefore, tokensBefore + tokens);
		const { fresh, tokens } = await evaluateChunk(engine, tokenizer, domain, chunk, options, onTokens);
		fresh.forEach((result, i) => (results[chunk[i].id] = result));
		doneBefore += chunk.length;
		tokensBefore += tokens;
		await hooks.onResults?.(fresh);
		hooks.onProgress?.(doneBefore, tokensBefore);
	}
	const all = results.map((result) => result!);
	return summarise(domain.name, all, samples, options.ks ?? [...new Set([1, samples])]);
}

interface Placed {
	readonly problem: Problem;
	readonly id: number;
}

function byLikelihood({ choices }: Problem, options: EvaluationOptions): boolean {
	return options.choices === "likelihood" && choices !== undefined;
}

/** Consecutive places only, so that a chunk's streams are counted from its first; measured in one way. */
function* chunksOf(
	open: readonly Placed[],
	most: number,
	options: EvaluationOptions,
): Generator<readonly Placed[]> {
	const sameWay = (a: Placed, b: Placed) =>
		byLikelihood(a.problem, options) === byLikelihood(b.problem, options);
	let chunk: Placed[] = [];
	for (const placed of open) {
		const last = chunk.at(-1);
		if (
			last !== undefined &&
			(chunk.length === most || placed.id !== last.id + 1 || !sameWay(placed, last))
		) {
			yield chunk;
			chunk = [];
		}
		chunk.push(placed);
	}
	if (chunk.length > 0) yield chunk;
}

async function evaluateChunk(
	engine: Engine,
	tokenizer: Tokenizer,
	domain: EvaluationDomain,
	chunk: readonly Placed[],
	options: EvaluationOptions,
	onTokens: (tokens: number) => void,
): Promise<{ fresh: ProblemResult[]; tokens: number }> {
	const { maxTokens, seed, rewardTimeoutMs, topK, topP, minP, prompter } = options;
	const cut = Object.fromEntries(Object.entries({ topK, topP, minP }).filter(([, v]) => v !== undefined));
	const problems = chunk.map(({ problem }) => problem);
	if (byLikelihood(problems[0], options)) {
		const own = prompter ?? makePrompter(tokenizer);
		return { fresh: await evaluateByLikelihood(engine, tokenizer, own, problems), tokens: 0 };
	}
	const collect = async (groupSize: number, temperature: number, before: number) => {
		const groups = await sampleGroups(
			engine,
			tokenizer,
			domain.reward,
			problems,
			{
				groupSize,
				sampling: { temperature, maxTokens, seed, ...(temperature === 0 ? {} : cut) },
				rewardTimeoutMs,
				firstId: chunk[0].id,
				...(prompter === undefined ? {} : { prompter }),
			},
			(tokens) => {
				onTokens(before + tokens);
			},
		);
		return { tokens: groups.tokens, scored: await groups.scored };
	};
	const greedy = await collect(1, 0, 0);
	const sampled = await collect(options.samples, options.temperature, greedy.tokens);
	const fresh = await Promise.all(
		problems.map((_, i) => resultOf(greedy.scored[i], sampled.scored[i], domain, options.keepTexts === true)),
	);
	return { fresh, tokens: greedy.tokens + sampled.tokens };
}

async function resultOf(
	greedy: RolloutGroup,
	sampled: RolloutGroup,
	domain: EvaluationDomain,
	keepTexts: boolean,
): Promise<ProblemResult> {
	const { id, family } = sampled.problem;
	const verdicts = sampled.rollouts.flatMap(({ scored }) => ("reward" in scored ? [scored] : []));
	const [first] = greedy.rollouts;
	const errors = [first, ...sampled.rollouts].flatMap(({ scored }) =>
		"error" in scored ? [scored.error] : [],
	);
	const votes = verdicts.flatMap(({ reward, answer }): Vote[] =>
		answer === undefined ? [] : [{ answer, correct: reward >= passingReward }],
	);
	const same = domain.sameAnswer && ((a: string, b: string) => domain.sameAnswer!(sampled.problem, a, b));
	const hasAnswers = votes.length > 0 && votes.length === verdicts.length;
	return {
		id,
		family,
		greedy: "reward" in first.scored ? first.scored.reward : null,
		rewards: verdicts.map(({ reward }) => reward),
		...(hasAnswers ? { majority: await majorityCorrect(votes, same) } : {}),
		...(hasAnswers ? { answers: verdicts.map(({ answer }) => answer ?? null) } : {}),
		errors: errors.length,
		...(errors.length === 0 ? {} : { error: errors[0] }),
		tokens: sampled.rollouts.map(({ tokens }) => tokens.length),
		stopped: sampled.rollouts.filter(({ finish }) => finish === "stop").length,
		...(keepTexts ? { greedyText: first.text, texts: sampled.rollouts.map(({ text }) => text) } : {}),
	};
}
