import { resolve } from "node:path";
import { Command, Option } from "commander";
import { openLocalEngine } from "../engine/local/open.ts";
import { ThaliaError } from "../errors.ts";
import { loadDomains } from "../eval/domains.ts";
import { type Evaluation, evaluateProblems } from "../eval/evaluate.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { TrainRecipe } from "../recipe/train-recipe.ts";
import { heldOutFamilies, trainingFamilies } from "../tasks/families/index.ts";
import { evaluationTable } from "./evaluation-table.ts";
import { modelTokenizer } from "./model-tokenizer.ts";
import { namedModel } from "./named-model.ts";
import {
	between,
	dtypeOption,
	formatOption,
	modelOption,
	printJson,
	requires,
	threadsOption,
	whole,
} from "./options.ts";
import { StatusLine } from "./status-line.ts";

interface Options {
	readonly model: string;
	readonly recipe?: string;
	readonly families?: string;
	readonly problems: number;
	readonly samples: number;
	readonly k?: number[];
	readonly temperature: number;
	readonly maxTokens: number;
	readonly seed: number;
	readonly dtype: "f32" | "bf16";
	readonly threads?: number;
	readonly results?: boolean;
	readonly format: "text" | "json";
}

export function evalCommand(): Command {
	return new Command("eval")
		.description(
			"pass@1, mean@k and unbiased pass@k of a model on test problems, with 95% bootstrap intervals",
		)
		.usage("--model <model> [options]")
		.addOption(modelOption())
		.hook("preAction", requires("--model"))
		.addOption(
			new Option("--recipe <file>", "take the tasks of this recipe, or of a run's config.yaml").conflicts(
				"families",
			),
		)
		.option(
			"--families <names>",
			"comma-separated families instead (default: those that RL trains on, and those it does not)",
		)
		.option("--problems <n>", "problems of each domain", whole(1), 200)
		.option("--samples <n>", "completions of a problem", whole(1), 8)
		.option("--k <list>", "the k of pass@k, comma-separated (default: 1 and --samples)", list)
		.option("--temperature <t>", "of the samples; pass@1 is greedy besides", between(0), 1)
		.option("--max-tokens <n>", "longest completion", whole(1), 64)
		.option("--seed <n>", "of problems and samples", whole(0), 1)
		.option("--results", "with --format json: the rewards of every problem too")
		.addOption(dtypeOption())
		.addOption(threadsOption())
		.addOption(formatOption())
		.action(async (options: Options) => {
			const evaluations = await evaluate({ ...options, model: await namedModel(options.model) });
			if (options.format === "text") process.stdout.write(`${evaluationTable(evaluations)}\n`);
			else printJson(evaluations.map((e) => (options.results === true ? e : withoutResults(e))));
		});
}

async function evaluate(options: Options): Promise<Evaluation[]> {
	const { model, samples, temperature, maxTokens, seed, k } = options;
	const tooMany = k?.find((n) => n > samples);
	if (tooMany !== undefined) {
		throw new ThaliaError("usage", `Expected --k of at most --samples ${samples} but received ${tooMany}`, {
			fix: `--samples ${tooMany}`,
		});
	}
	const tokenizer = modelTokenizer(model);
	const domains = await loadDomains(taskOf(options), options.problems, seed);
	const engine = await openLocalEngine({
		model,
		dtype: options.dtype,
		...(options.threads === undefined ? {} : { threads: options.threads }),
	});
	const line = new StatusLine();
	try {
		const evaluations: Evaluation[] = [];
		for (const domain of domains.evaluation) {
			evaluations.push(
				await evaluateProblems(
					engine,
					tokenizer,
					domain,
					{
						samples,
						temperature,
						maxTokens,
						seed,
						rewardTimeoutMs: 30_000,
						...(k === undefined ? {} : { ks: k }),
					},
					(tokens) => line.show(`${domain.name}: ${tokens} tokens`),
				),
			);
		}
		return evaluations;
	} finally {
		line.clear();
		await engine.close();
	}
}

function taskOf({ model, recipe, families }: Options): TrainRecipe["task"] {
	if (recipe !== undefined) {
		// The models that the recipe names may be gone: this one stands in for them.
		const models = ["model", "reference"].map((key) => `${key}=${JSON.stringify(resolve(model))}`);
		return resolveRecipe(recipe, models).task;
	}
	const shares = (names: readonly string[]) => names.map((family) => ({ family }));
	if (families !== undefined)
		return { train: shares(families.split(",").map((name) => name.trim())), heldOut: [] };
	return { train: shares(trainingFamilies), heldOut: shares(heldOutFamilies) };
}

function withoutResults({ results: _, ...estimates }: Evaluation) {
	return estimates;
}

function list(text: string): number[] {
	return text.split(",").map(whole(1));
}
