import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { openLocalEngine } from "../engine/local/open.ts";
import { ThaliaError } from "../errors.ts";
import { compareEvaluations } from "../eval/compare.ts";
import { type Domains, loadDomains, loadTestDomain } from "../eval/domains.ts";
import { evaluateProblems } from "../eval/evaluate.ts";
import { EvaluationFolder, readEvaluations } from "../eval/evaluation-folder.ts";
import type { Evaluation } from "../eval/summarise.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { TrainRecipe } from "../recipe/train-recipe.ts";
import { makePrompter, type PromptOptions } from "../rollout/prompter.ts";
import { heldOutFamilies, trainingFamilies } from "../tasks/families/index.ts";
import type { TaskEntry } from "../tasks/load-task.ts";
import { exitCode } from "./errors.ts";
import { comparisonTable, evaluationTable } from "./evaluation-table.ts";
import { onInterrupt } from "./interrupt.ts";
import { modelTokenizer } from "./model-tokenizer.ts";
import { namedModel } from "./named-model.ts";
import { between, dtypeOption, modelOption, printJson, requires, threadsOption, whole } from "./options.ts";
import { clock, StatusLine } from "./status-line.ts";

interface Options {
	readonly model: string;
	readonly recipe?: string;
	readonly families?: string;
	readonly datasets?: string;
	readonly dataDir?: string;
	readonly shots?: number;
	readonly problems: number;
	readonly samples: number;
	readonly k?: number[];
	readonly temperature: number;
	readonly topP: number;
	readonly topK: number;
	readonly minP: number;
	readonly maxTokens: number;
	readonly seed: number;
	readonly chat?: boolean;
	readonly system?: string;
	readonly choices: "generate" | "likelihood";
	readonly rewardTimeout: number;
	readonly dtype: "f32" | "bf16";
	readonly threads?: number;
	readonly out?: string;
	readonly against?: string;
	readonly texts?: boolean;
	readonly results?: boolean;
	readonly format: "text" | "markdown" | "json";
}

export function evalCommand(): Command {
	return new Command("eval")
		.description(
			"pass@1, mean@k, maj@k and unbiased pass@k of a model on test problems, with 95% bootstrap intervals",
		)
		.usage("--model <model> [options]")
		.addOption(modelOption())
		.hook("preAction", requires("--model"))
		.addOption(
			new Option(
				"--recipe <file>",
				"take the tasks and the prompt of this recipe, or of a run's config.yaml",
			).conflicts(["families", "datasets"]),
		)
		.addOption(
			new Option(
				"--families <names>",
				"comma-separated families instead (default: those that RL trains on, and those it does not)",
			).conflicts("datasets"),
		)
		.option("--datasets <names>", "comma-separated data sets instead, such as math500,gsm8k")
		.option(
			"--data-dir <dir>",
			"where data sets have their files (default: THALIA_DATA, or their repository)",
		)
		.option(
			"--shots <n>",
			"solved examples before each problem: a data set's own, or training problems",
			whole(0),
		)
		.option("--problems <n>", "problems of each domain", whole(1), 200)
		.option("--samples <n>", "completions of a problem", whole(1), 8)
		.option("--k <list>", "the k of pass@k, comma-separated (default: 1 and --samples)", list)
		.option("--temperature <t>", "of the samples; pass@1 is greedy besides", between(0), 1)
		.option("--top-p <p>", "of the samples: keep the most likely tokens that reach this", between(0, 1), 1)
		.option("--top-k <k>", "of the samples: keep the k most likely tokens; 0 keeps all", whole(0), 0)
		.option("--min-p <p>", "of the samples: drop what is less likely than this share", between(0, 1), 0)
		.option("--max-tokens <n>", "longest completion", whole(1), 64)
		.option("--seed <n>", "of problems and samples", whole(0), 1)
		.option("--chat", "put problems as a user's turn (default: where the model has a chat template)")
		.option("--no-chat", "read problems as they are")
		.option("--system <text>", "what the system says before a problem")
		.addOption(
			new Option(
				"--choices <how>",
				"multiple-choice problems by what is generated, or by letters' likelihood",
			)
				.choices(["generate", "likelihood"])
				.default("generate"),
		)
		.option("--reward-timeout <s>", "seconds that a verifier may take for a completion", between(0), 30)
		.option(
			"--out <dir>",
			"keep everything in this folder; the same command goes on where it was interrupted",
		)
		.option("--against <dir>", "compare with an evaluation that --out has kept, problem by problem")
		.option("--texts", "keep the completions' texts too")
		.option("--results", "with --format json: the results of every problem too")
		.addOption(dtypeOption())
		.addOption(threadsOption())
		.addOption(
			new Option("--format <format>", "how the result is printed")
				.choices(["text", "markdown", "json"])
				.default("text"),
		)
		.action(async (options: Options) => {
			process.exitCode = await run({ ...options, model: await namedModel(options.model) });
		});
}

async function run(options: Options): Promise<number> {
	const before = options.against === undefined ? undefined : readEvaluations(options.against);
	const evaluations = await evaluate(options);
	if (evaluations === undefined) return exitCode.interrupted;
	const comparisons = before === undefined ? undefined : compareEvaluations(before, evaluations);
	if (options.format === "json") {
		const shown = evaluations.map((e) => (options.results === true ? e : withoutResults(e)));
		printJson(comparisons === undefined ? shown : { evaluations: shown, comparisons });
		return exitCode.ok;
	}
	const tables = [evaluationTable(evaluations, options.format)];
	if (comparisons !== undefined) tables.push(comparisonTable(comparisons, options.format));
	process.stdout.write(`${tables.join("\n\n")}\n`);
	return exitCode.ok;
}

/** Undefined where it was interrupted. */
async function evaluate(options: Options): Promise<Evaluation[] | undefined> {
	const { model, samples, k } = options;
	const tooMany = k?.find((n) => n > samples);
	if (tooMany !== undefined) {
		throw new ThaliaError("usage", `Expected --k of at most --samples ${samples} but received ${tooMany}`, {
			fix: `--samples ${tooMany}`,
		});
	}
	const tokenizer = modelTokenizer(model);
	const { task, prompt } = taskOf(options);
	const { problems, seed } = options;
	const domains =
		"test" in task
			? await loadTestDomain(task.test, problems, seed, task.dataDir === undefined ? {} : task)
			: await loadDomains(task, problems, seed);
	const line = new StatusLine();
	for (const note of domains.notes) line.log(note);
	const settings = settingsOf(options, task, prompt);
	const folder = options.out === undefined ? undefined : EvaluationFolder.open(options.out, settings);
	const { signal, release } = onInterrupt(() => {
		const kept =
			options.out === undefined ? "nothing is kept without --out" : "the same command goes on from here";
		line.log(`stopping: these completions are finished, then ${kept} (Ctrl-C again ends at once)`);
	});
	try {
		const evaluations = await evaluateDomains(options, domains, tokenizer, prompt, {
			...{ line, folder, signal },
			ks: settings.ks,
		});
		folder?.finish(evaluations, {
			"table.txt": evaluationTable(evaluations),
			"table.md": evaluationTable(evaluations, "markdown"),
		});
		return evaluations;
	} catch (error) {
		if (!signal.aborted || error !== signal.reason) throw error;
		return undefined;
	} finally {
		line.clear();
		folder?.close();
		release();
	}
}

interface Context {
	readonly line: StatusLine;
	readonly folder: EvaluationFolder | undefined;
	readonly signal: AbortSignal;
	readonly ks: readonly number[];
}

async function evaluateDomains(
	options: Options,
	{ evaluation, examples }: Pick<Domains, "evaluation" | "examples">,
	tokenizer: Tokenizer,
	prompt: PromptOptions,
	{ line, folder, signal, ks }: Context,
): Promise<Evaluation[]> {
	const { model, dtype, threads } = options;
	const prompter = makePrompter(tokenizer, prompt, examples);
	const engine = await openLocalEngine({ model, dtype, ...(threads === undefined ? {} : { threads }) });
	try {
		const evaluations: Evaluation[] = [];
		for (const domain of evaluation) {
			const done = folder?.done(domain.name);
			const progress = progressOf(line, domain.name, domain.problems.length);
			evaluations.push(
				await evaluateProblems(
					engine,
					tokenizer,
					domain,
					{ ...samplingOf(options), ks, prompter, keepTexts: options.texts === true },
					{
						onProgress: progress,
						onResults: (results) => folder?.append(domain.name, results),
						signal,
						...(done === undefined ? {} : { done }),
					},
				),
			);
		}
		return evaluations;
	} finally {
		await engine.close();
	}
}

/** Problems, tokens a second, and the time left, judged by the problems of this process. */
function progressOf(line: StatusLine, name: string, total: number): (done: number, tokens: number) => void {
	const started = performance.now();
	let first: number | undefined;
	return (done, tokens) => {
		first ??= done;
		const seconds = (performance.now() - started) / 1000;
		const left = done > first ? `  ${clock((seconds * (total - done)) / (done - first))} left` : "";
		const rate = tokens / Math.max(0.1, seconds);
		line.show(`${name}: ${done} of ${total} problems  ${rate.toFixed(0)} tok/s${left}`);
	};
}

function samplingOf(options: Options) {
	const { samples, temperature, topP, topK, minP, maxTokens, seed, choices, rewardTimeout } = options;
	const sampling = { samples, temperature, topP, topK, minP, maxTokens, seed, choices };
	return { ...sampling, rewardTimeoutMs: rewardTimeout * 1000 };
}

/** A recipe's, or some data sets alone. */
type EvaluatedTask = TrainRecipe["task"] | { readonly test: readonly TaskEntry[]; readonly dataDir?: string };

/** All that the results depend on. */
function settingsOf(options: Options, task: EvaluatedTask, prompt: PromptOptions) {
	const model = resolve(options.model);
	const weights = ["model.safetensors", "model.safetensors.index.json", "adapter_model.safetensors"]
		.map((file) => join(model, file))
		.find((path) => existsSync(path));
	const { problems, dtype, samples, k, texts = false } = options;
	return {
		model,
		weights: weights === undefined ? null : statSync(weights).mtime.toISOString(),
		...{ task, prompt, problems, dtype, texts },
		...samplingOf(options),
		ks: k ?? [...new Set([1, samples])],
	};
}

function taskOf(options: Options): { task: EvaluatedTask; prompt: PromptOptions } {
	const { model, recipe, families, datasets, shots, dataDir, chat, system } = options;
	const own: PromptOptions = {
		...(shots === undefined || datasets !== undefined ? {} : { shots }),
		...(chat === undefined ? {} : { chat }),
		...(system === undefined ? {} : { system }),
	};
	if (recipe !== undefined) {
		// The models that the recipe names may be gone: this one stands in for them.
		const models = ["model", "reference"].map((key) => `${key}=${JSON.stringify(resolve(model))}`);
		const { task, prompt } = resolveRecipe(recipe, models);
		return { task, prompt: { ...prompt, ...own } };
	}
	const names = (text: string) => text.split(",").map((name) => name.trim());
	const shares = (list: readonly string[]) => list.map((family) => ({ family }));
	const data = dataDir === undefined ? {} : { dataDir: resolve(dataDir) };
	if (datasets !== undefined) {
		const entries = names(datasets).map((dataset) => ({
			dataset,
			...(shots === undefined ? {} : { shots }),
		}));
		return { task: { test: entries, ...data }, prompt: own };
	}
	const task =
		families !== undefined
			? { train: shares(names(families)), heldOut: [] }
			: { train: shares(trainingFamilies), heldOut: shares(heldOutFamilies) };
	return { task, prompt: own };
}

function withoutResults({ results: _, ...estimates }: Evaluation) {
	return estimates;
}

function list(text: string): number[] {
	return text.split(",").map(whole(1));
}
