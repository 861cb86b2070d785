import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { loraTargets } from "../engine/local/lora/config.ts";
import { readPeftConfig } from "../engine/local/lora/peft-config.ts";
import {
	countAdapters,
	countParameters,
	estimateMemory,
	type MemoryEstimate,
	type MemoryOfLora,
	type StepSize,
} from "../engine/local/memory.ts";
import { matmulOperations, type Parts } from "../engine/local/operations.ts";
import { ThaliaError } from "../errors.ts";
import type { Domains } from "../eval/domains.ts";
import { type DecoderConfig, readDecoderConfig } from "../formats/hf-config.ts";
import { loraSchema } from "../recipe/lora-schema.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import type { Prompter } from "../rollout/prompter.ts";
import type { Problem } from "../tasks/family.ts";
import type { Task } from "../tasks/task.ts";
import { engineOptions } from "./engine-options.ts";

/** What a recipe will need, before anything is opened. */
export interface Plan {
	readonly model: DecoderConfig;
	readonly parameters: { readonly policy: number; readonly trained: number };
	readonly step: StepSize;
	/** Floating-point operations of a step's matrix products, were every completion as long as it may be. */
	readonly operations: Parts;
	readonly memory: MemoryEstimate;
	/** Bytes that this machine, or the group that the process is confined to, can still give. */
	readonly available: number;
	/** Where the memory is too little: the smallest change of settings that would fit, or null where none is known. */
	readonly fits: boolean;
	readonly fix: string | null;
}

/** Problems whose prompts are measured. */
const measuredProblems = 64;

/** The training problems of the most characters, where a task can list its problems: among them is that of the most tokens. */
export function longestListed({ trainingProblems = [] }: Pick<Task, "trainingProblems">): readonly Problem[] {
	return [...trainingProblems].sort((a, b) => b.prompt.length - a.prompt.length).slice(0, measuredProblems);
}

export function planOf(recipe: ResolvedRecipe, prompter: Prompter, domains: Domains): Plan {
	const problems = domains.train.problems(
		"train",
		Math.max(measuredProblems, recipe.rollout.prompts),
		recipe.seed,
	);
	const promptTokens = [...problems, ...longestListed(domains.train)].reduce(
		(most, problem) => Math.max(most, prompter(problem).length),
		1,
	);
	const { prompts, groupSize, maxTokens } = recipe.rollout;
	const step = { completions: prompts * groupSize, promptTokens, maxTokens };
	const memory = memoryOf(recipe, step);
	const available = availableMemory();
	const fits = memory.peak <= available;
	const model = readDecoderConfig(recipe.model);
	const { lora } = loraOf(recipe);
	const policy = countParameters(model);
	const { epochs } = recipe.train;
	const once = matmulOperations(model, { prompts, groupSize, promptTokens, completionTokens: maxTokens });
	// Frozen matrices have no gradient of their own: of the two products of the way back one is left.
	const learn = once.learn * epochs * (lora === undefined ? 1 : 2 / 3);
	return {
		model,
		parameters: { policy, trained: lora === undefined ? policy : countAdapters(model, lora.config) },
		step,
		operations: { ...once, learn, step: once.sample + once.reference + learn },
		memory,
		available,
		fits,
		fix: fits ? null : whatFits(recipe, step, available),
	};
}

/** @throws ThaliaError `memory`, with the settings that would fit */
export function assertFits(plan: Plan): void {
	if (plan.fits) return;
	throw new ThaliaError(
		"memory",
		`Expected about ${gigabytes(plan.memory.peak)} of memory for training but ${gigabytes(plan.available)} are available`,
		{ fix: plan.fix ?? "use a smaller model, or a machine with more memory" },
	);
}

function memoryOf(recipe: ResolvedRecipe, step: StepSize): MemoryEstimate {
	const configs = [readDecoderConfig(recipe.model), readDecoderConfig(recipe.reference)] as const;
	const { dtype, retainVersions = 0 } = engineOptions(recipe);
	return estimateMemory(...configs, { dtype, retainVersions, ...loraOf(recipe) }, recipe.train, step);
}

function loraOf({ lora, model, reference }: ResolvedRecipe): MemoryOfLora {
	if (lora === undefined) return {};
	const config = "adapter" in lora ? { ...readPeftConfig(lora.adapter), targets: loraTargets } : lora;
	return { lora: { config, shared: model === reference } };
}

/** Tried in this order, each with those before it: what costs least comes first. */
export function whatFits(recipe: ResolvedRecipe, step: StepSize, available: number): string | null {
	const { train } = recipe;
	const fewer = Math.min(train.tokensPerMicroBatch, Math.max(256, step.promptTokens + step.maxTokens));
	const smallest = {
		...recipe,
		dtype: "bf16",
		train: { ...train, tokensPerMicroBatch: fewer, recompute: true },
	} as const;
	const all = `dtype=bf16 train.tokensPerMicroBatch=${fewer} train.recompute=true`;
	const changes: readonly [string, ResolvedRecipe][] = [
		[`train.tokensPerMicroBatch=${fewer}`, { ...recipe, train: { ...train, tokensPerMicroBatch: fewer } }],
		[
			`train.tokensPerMicroBatch=${fewer} train.recompute=true`,
			{ ...recipe, train: { ...train, tokensPerMicroBatch: fewer, recompute: true } },
		],
		[all, smallest],
		...(recipe.lora === undefined && recipe.referenceUpdate === "frozen"
			? [[`'lora={}' ${all}`, { ...smallest, lora: loraSchema.parse({}) }] as [string, ResolvedRecipe]]
			: []),
	];
	const fitting = changes.find(([, changed]) => memoryOf(changed, step).peak <= available);
	return fitting === undefined ? null : `add ${fitting[0]}`;
}

/** The kernel's estimate of what can be had without swapping, and no more than the process's group may take. */
function availableMemory(): number {
	const limit = process.constrainedMemory();
	const ofMachine = memAvailable() ?? freemem();
	return limit > 0 && limit < 2 ** 60 ? Math.min(ofMachine, limit) : ofMachine;
}

function memAvailable(): number | undefined {
	try {
		const line = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"));
		return line === null ? undefined : Number(line[1]) * 1024;
	} catch {
		return undefined;
	}
}

export function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toFixed(bytes < 10e9 ? 2 : 1)} GB`;
}
