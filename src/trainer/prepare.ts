import { existsSync } from "node:fs";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { type Domains, loadDomains } from "../eval/domains.ts";
import { readDecoderConfig } from "../formats/hf-config.ts";
import { assertSameShape } from "../formats/same-shape.ts";
import { assertTokenizerFits, loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import { describeBeta } from "../kl/beta.ts";
import { explainObjective } from "../objective/followed.ts";
import { klAtStart } from "../recipe/kl-schema.ts";
import { isOffPolicy } from "../recipe/off-policy.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { makePrompter, type Prompter } from "../rollout/prompter.ts";
import type { Manifest } from "../runs/run-directory.ts";
import { longestListed, type Plan, planOf } from "./plan.ts";
import { checkTopK } from "./serves.ts";

/** Everything that `train` checks before it opens the engine, and what training will need. Nothing is written. */
export async function planTraining(recipe: ResolvedRecipe): Promise<TrainingPlan> {
	if (existsSync(join(recipe.model, "tokenizer.json"))) {
		const { plan, domains } = await prepare(recipe);
		return { ...plan, kl: klOf(recipe), notes: domains.notes };
	}
	const domains = await domainsOf(recipe);
	const examples = 2 * recipe.prompt.shots;
	const measured: Prompter = ({ prompt }) =>
		new Int32Array(Math.ceil((prompt.length * (1 + examples)) / charactersPerToken));
	const note = "prompts are measured in characters: the model's tokenizer is not here";
	return { ...checkedPlan(recipe, measured, domains), kl: klOf(recipe), notes: [...domains.notes, note] };
}

export interface TrainingPlan extends Plan {
	readonly kl: Manifest["kl"];
	readonly notes: readonly string[];
}

/** Of a tokenizer that is not known: fewer than tokenizers have, so that nothing turns out longer. */
const charactersPerToken = 2.5;

/** What a run's steps and evaluations read. */
export interface Prepared {
	readonly tokenizer: Tokenizer;
	readonly prompter: Prompter;
	readonly domains: Domains;
	readonly plan: Plan;
}

/** Everything that can be wrong with a recipe's files, found before the engine opens. */
export async function prepare(recipe: ResolvedRecipe): Promise<Prepared> {
	const tokenizer = loadTokenizer(recipe.model);
	assertTokenizerFits(tokenizer, readDecoderConfig(recipe.model), recipe.model);
	const domains = await domainsOf(recipe);
	const prompter = makePrompter(tokenizer, recipe.prompt, domains.examples);
	return { tokenizer, prompter, domains, plan: checkedPlan(recipe, prompter, domains) };
}

function domainsOf({ task, eval: { problems, seed } }: ResolvedRecipe): Promise<Domains> {
	return loadDomains(task, problems, seed);
}

function checkedPlan(recipe: ResolvedRecipe, prompter: Prompter, domains: Domains): Plan {
	const config = readDecoderConfig(recipe.model);
	checkLengths(recipe, prompter, domains, config.maxPositions);
	if (recipe.referenceUpdate !== "frozen") assertSameShape(readDecoderConfig(recipe.reference), config);
	checkTopK(klAtStart(recipe.kl), config.vocabSize);
	return planOf(recipe, prompter, domains);
}

/** Which objective a recipe's KL follows, in expectation, and how strongly. */
export function klOf(recipe: ResolvedRecipe): Manifest["kl"] {
	const explained = explainObjective(recipe.objective, klAtStart(recipe.kl), isOffPolicy(recipe));
	const { objective, exact, causes, reason } = explained;
	return {
		...{ objective, exact, causes, reason },
		beta: recipe.kl.place === "none" ? null : describeBeta(recipe.kl.beta),
	};
}

/** The problems that are known before the first step stand for all prompts. */
function checkLengths(
	recipe: ResolvedRecipe,
	prompter: Prompter,
	domains: Domains,
	maxPositions: number,
): void {
	const maxTokens = Math.max(recipe.rollout.maxTokens, recipe.eval.maxTokens ?? 0);
	const longest = [
		...domains.evaluation.flatMap(({ problems }) => problems),
		...longestListed(domains.train),
	].reduce((most, problem) => Math.max(most, prompter(problem).length), 1);
	if (longest + maxTokens <= maxPositions) return;
	throw new ThaliaError(
		"too-many-positions",
		`Expected prompt and completion to fit the model's ${maxPositions} positions but received ${longest} + ${maxTokens}`,
		{
			fix: `set rollout.maxTokens${recipe.eval.maxTokens === undefined ? "" : " and eval.maxTokens"} to at most ${maxPositions - longest}`,
		},
	);
}
