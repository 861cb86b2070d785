import { Command, Option } from "commander";
import { ThaliaError } from "../errors.ts";
import { type Bias, exampleSetting, klBias } from "../kl/bias.ts";
import { type KlConfig, validateKlConfig } from "../kl/config.ts";
import { type Explanation, explainKl } from "../kl/explain.ts";
import { namedConfigs } from "../kl/named.ts";
import type { ObjectiveConfig } from "../objective/config.ts";
import { explainObjective } from "../objective/followed.ts";
import { klAlone, klAtStart, klSchema } from "../recipe/kl-schema.ts";
import { isOffPolicy } from "../recipe/off-policy.ts";
import { checkRecipe } from "../recipe/read-recipe.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import { colors } from "./colors.ts";
import { between, formatOption, printJson } from "./options.ts";
import { formatTable } from "./table.ts";

/** How far the sampler is where a configuration is shown off-policy and nobody says how far. */
const usualOffPolicyness = 0.5;

interface Options {
	readonly kl?: string;
	readonly all?: boolean;
	readonly offPolicy?: number;
	readonly format: "text" | "json";
}

export function explainCommand(): Command {
	return new Command("explain")
		.description("say which objective a KL configuration follows, with its exact bias and variance")
		.argument("[recipe]", "a YAML recipe")
		.argument("[overrides...]", "settings that win over the recipe's, such as kl.place=loss")
		.addOption(
			new Option("--kl <json>", 'a KL alone, such as \'{"estimator":"k1","place":"loss"}\'').conflicts("all"),
		)
		.option("--all", "every configuration that has a name")
		.option(
			"--off-policy <x>",
			`as if another policy had sampled, 0 (none) to 3 (far); default: ${usualOffPolicyness} where the recipe's rollouts lag`,
			between(0, 3),
		)
		.addOption(formatOption())
		.addHelpText(
			"after",
			`
bias.relative and bias.cosine compare the expected gradient with that of the
sequence-level reverse KL, and variance is that of one completion, over its
square: exactly, of the bare KL term, by enumeration of a policy of 3 tokens x
3 steps.`,
		)
		.action((recipe: string | undefined, overrides: string[], options: Options) => {
			if (options.all === true) printAll(options);
			else printOne(subjectOf(recipe, overrides, options), options);
		});
}

/** A KL alone, or in the objective of a recipe. */
interface Subject {
	readonly kl: KlConfig;
	readonly objective?: ObjectiveConfig;
	/** Whether the recipe's rollouts are another policy's. */
	readonly offPolicy: boolean;
}

function subjectOf(recipe: string | undefined, overrides: readonly string[], { kl }: Options): Subject {
	if (recipe !== undefined && kl === undefined) {
		const resolved = resolveRecipe(recipe, overrides);
		const { objective } = resolved;
		return { kl: klAtStart(resolved.kl), objective, offPolicy: isOffPolicy(resolved) };
	}
	if (kl === undefined || recipe !== undefined) {
		throw new ThaliaError("usage", "Expected a recipe, or --kl, or --all", {
			fix: "thalia explain recipes/quickstart.yaml",
		});
	}
	let value: unknown;
	try {
		value = JSON.parse(kl);
	} catch (cause) {
		throw new ThaliaError("usage", `Expected JSON for --kl: ${(cause as Error).message}`, { cause });
	}
	const config = klAlone(checkRecipe(klSchema, value, "--kl"));
	validateKlConfig(config);
	return { kl: config, offPolicy: false };
}

interface Explained {
	readonly explanation: Explanation;
	readonly bias: Bias;
}

function explain({ kl, objective }: Pick<Subject, "kl" | "objective">, offPolicyness: number): Explained {
	const off = offPolicyness > 0;
	return {
		explanation: objective === undefined ? explainKl(kl, off) : explainObjective(objective, kl, off),
		bias: klBias(kl, exampleSetting(offPolicyness)),
	};
}

function printOne(subject: Subject, options: Options): void {
	const { offPolicy = subject.offPolicy ? usualOffPolicyness : 0, format } = options;
	const explained = explain(subject, offPolicy);
	if (format === "json") printJson(toJson(explained));
	else process.stdout.write(`${toText(explained, offPolicy)}\n`);
}

function printAll({ offPolicy = usualOffPolicyness, format }: Options): void {
	const rows = namedConfigs.map((named) => ({
		...named,
		...explain({ kl: named.config }, named.offPolicy ? offPolicy : 0),
	}));
	if (format === "json") {
		printJson(
			rows.map(({ name, slug, offPolicy: off, ...row }) => ({
				name,
				preset: slug,
				offPolicy: off,
				...toJson(row),
			})),
		);
		return;
	}
	const table = (off: boolean) =>
		formatTable([
			["configuration", "kl.preset", "follows", "exact", "bias", "cosine", "variance"],
			...rows
				.filter((row) => row.offPolicy === off)
				.map(({ name, slug, explanation, bias }) => [
					name,
					slug,
					followed(explanation),
					explanation.exact ? "yes" : "no",
					bias.relative.toFixed(3),
					bias.cosine.toFixed(3),
					bias.variance.toFixed(2),
				]),
		]);
	process.stdout.write(`on-policy\n${table(false)}\n\noff-policy, by ${offPolicy}\n${table(true)}\n`);
}

function toJson({ explanation, bias: { relative, cosine, variance } }: Explained) {
	const { config, objective, exact, causes, reason, weight, fix, prefixes } = explanation;
	return {
		...{ config, objective, exact, causes, prefixes, reason, weight, fix },
		...{ bias: { relative, cosine }, variance },
	};
}

function followed({ objective, prefixes }: Explanation): string {
	return objective.startsWith("local") && prefixes === "sampler" ? `${objective} (sampler's)` : objective;
}

function toText({ explanation, bias }: Explained, offPolicyness: number): string {
	const { objective, exact, reason, weight, fix, config } = explanation;
	const { bold, green, yellow } = colors.stdout;
	const lines = [
		`${bold("follows")}   ${exact ? green(objective) : yellow(followed(explanation))}${exact ? ", exactly" : ""}`,
		`${bold("because")}   ${reason}`,
		`${bold("weight")}    ${weight}`,
	];
	if (fix !== null) lines.push(`${bold("exact by")}  ${fix}`);
	if (config.place === "none") return lines.join("\n");
	const sampled = offPolicyness === 0 ? "on-policy" : `sampled by a policy ${offPolicyness} away`;
	return [
		...lines,
		"",
		`on a policy of 3 tokens x 3 steps, ${sampled}: cosine of the expected gradient with that of`,
		bar("sequence reverse KL", bias.cosine),
		bar("local reverse KL", bias.cosineToLocalReverse),
		bar("local forward KL", bias.cosineToLocalForward),
		`bias ${bias.relative.toFixed(3)} of the true gradient; variance of one completion ${bias.variance.toFixed(2)}`,
	].join("\n");
}

/** A cosine from -1 to 1, drawn from the middle. */
function bar(name: string, cosine: number): string {
	const half = 20;
	const length = Math.round(Math.abs(cosine) * half);
	const filled = "█".repeat(length);
	const [left, right] =
		cosine < 0 ? [filled.padStart(half), "".padEnd(half)] : ["".padEnd(half), filled.padEnd(half)];
	return `  ${name.padEnd(20)} ${left}│${right} ${cosine.toFixed(3)}`;
}
