import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { ThaliaError } from "../errors.ts";
import { type Domains, loadDomains } from "../eval/domains.ts";
import { type Evaluation, evaluateProblems } from "../eval/evaluate.ts";
import { readDecoderConfig } from "../formats/hf-config.ts";
import { assertTokenizerFits, loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import { type KlConfig, needsVocabulary } from "../kl/config.ts";
import { explainObjective } from "../objective/followed.ts";
import { formatRecipe, resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import type { RolloutGroup } from "../rollout/collect.ts";
import { type Manifest, RunDirectory, readManifest } from "../runs/run-directory.ts";
import type { Task } from "../tasks/task.ts";
import { engineOptions } from "./engine-options.ts";
import { environment } from "./environment.ts";
import { type Phase, type StepMetrics, trainStep } from "./step.ts";

/** So many steps in a row without an update stop a run: what they need is a person. */
const mostSkips = 3;

export type Outcome = "finished" | "interrupted" | "stopped";

/** A line of evaluations.jsonl: the policy after `step` steps. */
export interface StepEvaluation {
	readonly step: number;
	readonly evaluations: readonly Evaluation[];
}

export interface TrainStart {
	readonly dir: string;
	readonly startStep: number;
	readonly steps: number;
	/** Which objective the KL follows, in expectation. */
	readonly kl: Manifest["kl"];
}

export interface TrainHooks {
	/** The run directory is there and training begins, or goes on, after step `startStep`. */
	onStart?(run: TrainStart): void;
	onPhase?(step: number, phase: Phase | "evaluating" | "saving", tokens: number): void;
	onStep?(metrics: StepMetrics): void;
	onEvaluation?(evaluation: StepEvaluation): void;
	/** Aborted: the step under way is finished, and the run saved. */
	readonly signal?: AbortSignal;
}

export interface TrainResult {
	readonly outcome: Outcome;
	readonly dir: string;
	readonly step: number;
	readonly steps: number;
	/** Why it was stopped. */
	readonly reason?: string;
	readonly evaluations: readonly StepEvaluation[];
	/** The newest checkpoint: a model folder. */
	readonly model: string | null;
}

/** What a checkpoint keeps beside the engine's state; every random number is a function of the seed and the step. */
interface TrainerState {
	readonly policyVersion: number;
	readonly skipsInARow: number;
}

/**
 * Trains by a recipe in a new run directory.
 * @throws ThaliaError `run-exists`; those of the model, tokenizer, task and engine, before anything is written
 */
export async function train(
	recipe: ResolvedRecipe,
	dir: string,
	hooks: TrainHooks = {},
): Promise<TrainResult> {
	RunDirectory.assertFree(dir);
	const prepared = await prepare(recipe);
	return withEngine(recipe, async (engine) => {
		const run = RunDirectory.create(dir, formatRecipe(recipe), {
			name: recipe.name,
			steps: recipe.train.steps,
			environment: environment(engine, recipe),
			kl: klOf(recipe),
		});
		return new Training(recipe, engine, run, prepared, hooks).run();
	});
}

/**
 * Goes on with a run from its last checkpoint, as if it had never ended. Of a finished run it gives the result again.
 * @throws ThaliaError `run-missing`, `run-in-use`, and those of `train`
 */
export async function resumeTraining(dir: string, hooks: TrainHooks = {}): Promise<TrainResult> {
	// First of all: what is wrong with a folder that is no run is not its recipe.
	readManifest(dir);
	const recipe = resolveRecipe(join(dir, "config.yaml"));
	const prepared = await prepare(recipe);
	return withEngine(recipe, async (engine) =>
		new Training(recipe, engine, RunDirectory.resume(dir), prepared, hooks).run(),
	);
}

interface Prepared {
	readonly tokenizer: Tokenizer;
	readonly domains: Domains;
}

/** Everything that can be wrong with a recipe's files, found before the engine opens. */
async function prepare(recipe: ResolvedRecipe): Promise<Prepared> {
	const tokenizer = loadTokenizer(recipe.model);
	const config = readDecoderConfig(recipe.model);
	assertTokenizerFits(tokenizer, config, recipe.model);
	const domains = await loadDomains(recipe.task, recipe.eval.problems, recipe.eval.seed);
	checkLengths(recipe, tokenizer, domains, config.maxPositions);
	return { tokenizer, domains };
}

async function withEngine<T>(recipe: ResolvedRecipe, use: (engine: Engine) => Promise<T>): Promise<T> {
	const engine = await openLocalEngine(engineOptions(recipe));
	try {
		assertServes(recipe.kl);
		return await use(engine);
	} finally {
		await engine.close();
	}
}

/** The policy samples its own completions, and makes one update of them. */
function klOf({ objective, kl }: ResolvedRecipe): Manifest["kl"] {
	const { objective: followed, exact, causes, reason } = explainObjective(objective, kl, false);
	return { objective: followed, exact, causes, reason };
}

/** Refuses a KL that a step cannot use yet, with what comes nearest. */
function assertServes(kl: KlConfig): void {
	if (kl.place === "none" || !needsVocabulary(kl)) return;
	const complete = kl.estimator === "rao-blackwell" || kl.place === "both";
	const nearest = complete
		? "kl.place=reward kl.estimator=k1 kl.credit=reward-to-go has the same expected gradient"
		: "kl.place=loss kl.estimator=k2 has the same expected gradient";
	throw new ThaliaError(
		"kl-unsupported",
		`Expected an estimator from samples for kl.estimator but received "${kl.estimator}", which training cannot use yet`,
		{ fix: nearest },
	);
}

class Training {
	readonly #recipe: ResolvedRecipe;
	readonly #engine: Engine;
	readonly #run: RunDirectory;
	readonly #prepared: Prepared;
	readonly #hooks: TrainHooks;
	#step: number;
	#state: TrainerState = { policyVersion: 0, skipsInARow: 0 };

	constructor(
		recipe: ResolvedRecipe,
		engine: Engine,
		run: RunDirectory,
		prepared: Prepared,
		hooks: TrainHooks,
	) {
		this.#recipe = recipe;
		this.#engine = engine;
		this.#run = run;
		this.#prepared = prepared;
		this.#hooks = hooks;
		this.#step = run.startStep;
	}

	async run(): Promise<TrainResult> {
		const { steps } = this.#recipe.train;
		const run = this.#run;
		try {
			if (this.#step > 0) {
				this.#state = tryAgain(run.checkpoints.state<TrainerState>(this.#step));
				await this.#engine.load(run.checkpoints.path(this.#step), this.#state.policyVersion);
			}
			this.#hooks.onStart?.({ dir: run.dir, startStep: this.#step, steps, kl: klOf(this.#recipe) });
			await this.#evaluateIfDue();
			while (this.#step < steps) {
				if (this.#state.skipsInARow >= mostSkips) return await this.#stop();
				if (this.#hooks.signal?.aborted === true) return await this.#interrupt();
				await this.#oneStep(this.#prepared.domains.train);
				if (this.#step % this.#recipe.train.checkpointEvery === 0 || this.#step === steps) await this.#save();
				await this.#evaluateIfDue();
			}
			if (this.#state.skipsInARow >= mostSkips) return await this.#stop();
			run.update({ status: "finished", step: this.#step });
			return this.#result("finished");
		} catch (error) {
			this.#recordFailure(error);
			throw error;
		} finally {
			run.close();
		}
	}

	async #oneStep(task: Task): Promise<void> {
		const step = this.#step + 1;
		const { metrics, groups } = await trainStep(
			{
				recipe: this.#recipe,
				engine: this.#engine,
				tokenizer: this.#prepared.tokenizer,
				task,
				onPhase: (phase, tokens) => this.#hooks.onPhase?.(step, phase, tokens),
			},
			step,
		);
		this.#step = step;
		const { policyVersion, skipsInARow } = this.#state;
		this.#state =
			metrics.skipped === null
				? { policyVersion: policyVersion + 1, skipsInARow: 0 }
				: { policyVersion, skipsInARow: skipsInARow + 1 };
		this.#run.rollouts(rolloutLines(step, groups));
		this.#run.metrics({ ...metrics });
		this.#hooks.onStep?.(metrics);
	}

	/** Before the first step, after the last, and every so many between; not again what a resumed run has already. */
	async #evaluateIfDue(): Promise<void> {
		const { train, eval: options, rollout } = this.#recipe;
		const step = this.#step;
		const due = step === 0 || step === train.steps || (options.every > 0 && step % options.every === 0);
		if (!due || options.problems === 0) return;
		if (this.#run.evaluations<StepEvaluation>().some((done) => done.step === step)) return;
		const evaluations: Evaluation[] = [];
		let before = 0;
		for (const domain of this.#prepared.domains.evaluation) {
			let tokens = 0;
			evaluations.push(
				await evaluateProblems(
					this.#engine,
					this.#prepared.tokenizer,
					domain,
					{
						samples: options.samples,
						temperature: options.temperature,
						maxTokens: rollout.maxTokens,
						seed: options.seed,
						rewardTimeoutMs: rollout.rewardTimeoutSeconds * 1000,
					},
					(sampled) => {
						tokens = sampled;
						this.#hooks.onPhase?.(step, "evaluating", before + sampled);
					},
				),
			);
			before += tokens;
		}
		const line = { step, evaluations };
		this.#run.evaluation(line);
		this.#hooks.onEvaluation?.(line);
	}

	async #save(): Promise<void> {
		if (this.#step === 0) return;
		this.#hooks.onPhase?.(this.#step, "saving", 0);
		await this.#run.checkpoint(this.#step, this.#state, this.#recipe.train.keepCheckpoints, (dir) =>
			this.#engine.save(dir, { optimizer: true }),
		);
	}

	async #interrupt(): Promise<TrainResult> {
		await this.#save();
		this.#run.update({ status: "interrupted", reason: "asked to stop", step: this.#step });
		return this.#result("interrupted");
	}

	async #stop(): Promise<TrainResult> {
		await this.#save();
		const reason = `${this.#state.skipsInARow} steps in a row changed nothing: see "skipped" in metrics.jsonl`;
		this.#run.update({ status: "stopped", reason, step: this.#step });
		return { ...this.#result("stopped"), reason };
	}

	#result(outcome: Outcome): TrainResult {
		const saved = this.#run.checkpoints.steps().at(-1);
		return {
			outcome,
			dir: this.#run.dir,
			step: this.#step,
			steps: this.#recipe.train.steps,
			evaluations: this.#run.evaluations<StepEvaluation>(),
			model: saved === undefined ? null : this.#run.checkpoints.path(saved),
		};
	}

	/** The disk that a run failed on may not take the note either: the failure itself matters more. */
	#recordFailure(error: unknown): void {
		const code = error instanceof ThaliaError ? `${error.code}: ` : "";
		try {
			this.#run.update({ status: "failed", reason: `${code}${(error as Error).message}`, step: this.#step });
		} catch {
			return;
		}
	}
}

/** A run that had stopped itself is taken up because its cause may be gone: it gets as many tries again. */
function tryAgain(state: TrainerState): TrainerState {
	return state.skipsInARow >= mostSkips ? { ...state, skipsInARow: 0 } : state;
}

/** The test problems that are known before the first step stand for all prompts. */
function checkLengths(
	recipe: ResolvedRecipe,
	tokenizer: Tokenizer,
	domains: Domains,
	maxPositions: number,
): void {
	const { maxTokens } = recipe.rollout;
	const longest = domains.evaluation
		.flatMap(({ problems }) => problems)
		.reduce((most, { prompt }) => Math.max(most, tokenizer.encode(prompt).length), 1);
	if (longest + maxTokens <= maxPositions) return;
	throw new ThaliaError(
		"too-many-positions",
		`Expected prompt and completion to fit the model's ${maxPositions} positions but received ${longest} + ${maxTokens}`,
		{ fix: `set rollout.maxTokens to at most ${maxPositions - longest}` },
	);
}

function rolloutLines(step: number, groups: readonly RolloutGroup[]) {
	return groups.flatMap(({ problem, rollouts }) =>
		rollouts.map((rollout) => ({
			step,
			problem: problem.id,
			family: problem.family,
			completion: rollout.text,
			...rollout.scored,
			tokens: rollout.tokens.length,
			logprob: rollout.logprobs.reduce((a, b) => a + b, 0),
			finish: rollout.finish,
			policyVersion: rollout.policyVersion,
		})),
	);
}
