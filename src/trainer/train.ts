import { join } from "node:path";
import type { Engine, RetainedVersions } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { ThaliaError } from "../errors.ts";
import type { Evaluation } from "../eval/summarise.ts";
import { betaAt, initialBeta, nextBeta } from "../kl/beta.ts";
import { klAtStart } from "../recipe/kl-schema.ts";
import { formatRecipe, resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { type Manifest, RunDirectory, readManifest } from "../runs/run-directory.ts";
import type { Task } from "../tasks/task.ts";
import { engineOptions } from "./engine-options.ts";
import { environment } from "./environment.ts";
import { evaluatePolicy, firstEvaluationKey } from "./evaluate-policy.ts";
import { type Collapse, detectCollapse, type GuardRecord } from "./guard.ts";
import { assertFits } from "./plan.ts";
import { klOf, type Prepared, prepare } from "./prepare.ts";
import { rolloutLines } from "./rollout-lines.ts";
import { assertServes } from "./serves.ts";
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
	/** Of a run that is taken up: where it had collapsed. */
	readonly collapse: NonNullable<Manifest["collapse"]> | null;
	/** What to know of the data: rows left out, fewer test problems than asked for. */
	readonly notes: readonly string[];
}

/** Evaluations by what they depend on (`firstEvaluationKey`). */
export interface FirstEvaluations {
	find(key: string): readonly Evaluation[] | undefined;
	keep(key: string, evaluations: readonly Evaluation[]): void;
}

export interface TrainHooks {
	/** The run directory is there and training begins, or goes on, after step `startStep`. */
	onStart?(run: TrainStart): void;
	onPhase?(step: number, phase: Phase | "evaluating" | "saving", tokens: number): void;
	onStep?(metrics: StepMetrics): void;
	/** The run has collapsed at this step; it goes on unless its guard stops it. */
	onCollapse?(collapse: Collapse): void;
	onEvaluation?(evaluation: StepEvaluation): void;
	/** Where evaluations before the first step are kept for other runs that begin with the same policy. */
	readonly firstEvaluations?: FirstEvaluations;
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
	/** Where and how the run collapsed; null where it has not. */
	readonly collapse: NonNullable<Manifest["collapse"]> | null;
	readonly evaluations: readonly StepEvaluation[];
	/** The newest checkpoint: a model folder. */
	readonly model: string | null;
}

/** What a checkpoint keeps beside the engine's state; every random number is a function of the seed and the step. */
interface TrainerState {
	readonly policyVersion: number;
	readonly skipsInARow: number;
	/** Strength of the KL that a controller has come to. */
	readonly beta: number;
	/** Policy version after each of the last steps, as many as rollouts lag behind and one. */
	readonly versions: readonly number[];
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
	assertFits(prepared.plan);
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
	assertFits(prepared.plan);
	return withEngine(recipe, async (engine) =>
		new Training(recipe, engine, RunDirectory.resume(dir), prepared, hooks).run(),
	);
}

async function withEngine<T>(recipe: ResolvedRecipe, use: (engine: Engine) => Promise<T>): Promise<T> {
	const engine = await openLocalEngine(engineOptions(recipe));
	try {
		assertServes(engine.capabilities, klAtStart(recipe.kl));
		return await use(engine);
	} finally {
		await engine.close();
	}
}

class Training {
	readonly #recipe: ResolvedRecipe;
	readonly #engine: Engine;
	readonly #run: RunDirectory;
	readonly #prepared: Prepared;
	readonly #hooks: TrainHooks;
	#step: number;
	#state: TrainerState;
	#history: GuardRecord[] = [];

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
		const beta = recipe.kl.place === "none" ? 0 : initialBeta(recipe.kl.beta);
		this.#state = { policyVersion: 0, skipsInARow: 0, beta, versions: [0] };
	}

	async run(): Promise<TrainResult> {
		const { steps } = this.#recipe.train;
		const run = this.#run;
		try {
			if (this.#step > 0) {
				this.#state = tryAgain(run.checkpoints.state<TrainerState>(this.#step));
				this.#history = run.metricsLines<GuardRecord>();
				await this.#engine.load(run.checkpoints.path(this.#step), this.#state.policyVersion);
			}
			const collapse = run.manifest.collapse ?? null;
			this.#hooks.onStart?.({
				...{ dir: run.dir, startStep: this.#step, steps, collapse },
				kl: klOf(this.#recipe),
				notes: this.#prepared.domains.notes,
			});
			await this.#evaluateIfDue();
			while (this.#step < steps) {
				if (this.#state.skipsInARow >= mostSkips) return await this.#stopSkipping();
				if (this.#hooks.signal?.aborted === true) return await this.#interrupt();
				await this.#oneStep(this.#prepared.domains.train);
				if (this.#step % this.#recipe.train.checkpointEvery === 0 || this.#step === steps) await this.#save();
				await this.#evaluateIfDue();
				if (this.#mustStop()) return await this.#stop(`it collapsed: ${run.manifest.collapse?.reason ?? ""}`);
			}
			if (this.#state.skipsInARow >= mostSkips) return await this.#stopSkipping();
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
		const { kl, async: asynchrony, train: settings } = this.#recipe;
		const { policyVersion, skipsInARow, versions } = this.#state;
		const beta = kl.place === "none" ? 0 : betaAt(kl.beta, step, settings.steps, this.#state.beta);
		const { metrics, groups } = await trainStep(
			{
				recipe: this.#recipe,
				engine: this.#engine,
				tokenizer: this.#prepared.tokenizer,
				prompter: this.#prepared.prompter,
				task,
				beta,
				...(asynchrony.lag === 0 ? {} : { sampleFrom: { version: versions[0], newest: policyVersion } }),
				onPhase: (phase, tokens) => this.#hooks.onPhase?.(step, phase, tokens),
			},
			step,
		);
		await this.#updateReference(step, metrics);
		this.#step = step;
		const version = metrics.skipped === null ? policyVersion + 1 : policyVersion;
		this.#state = {
			policyVersion: version,
			skipsInARow: metrics.skipped === null ? 0 : skipsInARow + 1,
			beta: kl.place === "none" ? 0 : nextBeta(kl.beta, step, beta, metrics.kl),
			versions: [...versions, version].slice(-1 - asynchrony.lag),
		};
		const retained = asynchrony.lag === 0 ? undefined : await this.#engine.retained();
		const line = retained === undefined ? metrics : { ...metrics, retained: sizeOf(retained) };
		this.#run.rollouts(rolloutLines(step, groups));
		this.#run.metrics({ ...line });
		this.#hooks.onStep?.(line);
		this.#watch(line);
	}

	/** A step that changed nothing leaves the reference too. */
	async #updateReference(step: number, { skipped }: StepMetrics): Promise<void> {
		const { referenceUpdate } = this.#recipe;
		if (referenceUpdate === "frozen" || skipped !== null) return;
		if ("ema" in referenceUpdate) await this.#engine.updateReference(referenceUpdate.ema);
		else if (step % referenceUpdate.every === 0) await this.#engine.updateReference(0);
	}

	/** Says so when this step is the one that a run has collapsed at. */
	#watch(metrics: GuardRecord): void {
		this.#history.push(metrics);
		const collapse = detectCollapse(this.#history, this.#recipe.guard);
		if (collapse === null || collapse.step !== metrics.step) return;
		this.#run.update({ collapse });
		this.#hooks.onCollapse?.(collapse);
	}

	/** Once, at the step of the collapse: a run that is taken up after it goes on. */
	#mustStop(): boolean {
		return this.#recipe.guard.stop && this.#run.manifest.collapse?.step === this.#step;
	}

	/** Before the first step, after the last, and every so many between. */
	async #evaluateIfDue(): Promise<void> {
		const { train, eval: options } = this.#recipe;
		const step = this.#step;
		if (step === 0 || step === train.steps || (options.every > 0 && step % options.every === 0))
			await this.#evaluate();
	}

	/** Not again what a resumed run has already, or what is known from another. */
	async #evaluate(): Promise<void> {
		const step = this.#step;
		if (this.#recipe.eval.problems === 0) return;
		if (this.#run.evaluations<StepEvaluation>().some((done) => done.step === step)) return;
		const line = { step, evaluations: await (step === 0 ? this.#firstEvaluation() : this.#evaluatePolicy()) };
		this.#run.evaluation(line);
		this.#hooks.onEvaluation?.(line);
	}

	async #firstEvaluation(): Promise<readonly Evaluation[]> {
		const key = firstEvaluationKey(this.#recipe, this.#run.manifest.environment);
		const known = this.#hooks.firstEvaluations?.find(key);
		if (known !== undefined) return known;
		const evaluations = await this.#evaluatePolicy();
		this.#hooks.firstEvaluations?.keep(key, evaluations);
		return evaluations;
	}

	#evaluatePolicy(): Promise<readonly Evaluation[]> {
		return evaluatePolicy(this.#recipe, this.#engine, this.#prepared, (tokens) =>
			this.#hooks.onPhase?.(this.#step, "evaluating", tokens),
		);
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

	#stopSkipping(): Promise<TrainResult> {
		return this.#stop(
			`${this.#state.skipsInARow} steps in a row changed nothing: see "skipped" in metrics.jsonl`,
		);
	}

	/** What the policy has come to is measured where it stops, too. */
	async #stop(reason: string): Promise<TrainResult> {
		await this.#save();
		await this.#evaluate();
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
			collapse: this.#run.manifest.collapse ?? null,
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

function sizeOf({ versions, bytes }: RetainedVersions): NonNullable<StepMetrics["retained"]> {
	return { versions: versions.length, bytes };
}

/** A run that had stopped itself is taken up because its cause may be gone: it gets as many tries again. */
function tryAgain(state: TrainerState): TrainerState {
	return state.skipsInARow >= mostSkips ? { ...state, skipsInARow: 0 } : state;
}
