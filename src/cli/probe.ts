import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { ThaliaError } from "../errors.ts";
import { initialBeta } from "../kl/beta.ts";
import { namedConfigs } from "../kl/named.ts";
import { presetConfigs, usualConfigs } from "../probe/configurations.ts";
import { type Estimate, plotSvg } from "../probe/plot.ts";
import { type ProbeOptions, type ProbeResult, probe } from "../probe/probe.ts";
import { type ProbeSummary, plotRow, summarise } from "../probe/summary.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { Checkpoints } from "../runs/checkpoints.ts";
import { readManifest } from "../runs/run-directory.ts";
import { exitCode } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { namedModel, withModels } from "./named-model.ts";
import { formatOption, printJson, whole } from "./options.ts";
import { StatusLine } from "./status-line.ts";
import { formatTable } from "./table.ts";

/** Cosine between the two estimates of the true gradient below which nothing can be said of it. */
const leastAgreement = 0.3;

interface Options {
	readonly step?: number;
	readonly sampler?: string;
	readonly presets?: readonly string[];
	readonly seeds: readonly number[];
	readonly folds: number;
	readonly trueBatches: number;
	readonly out?: string;
	readonly format: "text" | "json";
}

export function probeCommand(): Command {
	return new Command("probe")
		.description("measure the KL gradient of every configuration on rollouts of a real model")
		.argument("<run>", "a run directory, or a YAML recipe, whose model is probed")
		.argument("[overrides...]", "settings that win over the recipe's, such as rollout.prompts=64")
		.option(
			"--step <n>",
			"of a run: the checkpoint of this step, 0 for where it began (default: the newest)",
			whole(0),
		)
		.option("--sampler <model>", "another policy that samples the rollouts")
		.option(
			"--presets <names>",
			"configurations by their preset, with commas (default: k1, k2, k3 in each place, and more)",
			slugs,
		)
		.option("--seeds <list>", "seeds with commas; every one has rollouts of its own", seedList, [1, 2, 3])
		.option("--folds <n>", "parts of the rollouts that are compared", whole(2), 4)
		.option("--true-batches <n>", "batches of rollouts that the true gradient is estimated from", whole(2), 8)
		.option("--out <dir>", "write probe.json and probe.svg there")
		.addOption(formatOption())
		.addHelpText(
			"after",
			`
The true gradient is that of the sequence-level reverse KL, by the complete
Rao-Blackwell estimator on rollouts of its own. What a configuration adds is
measured as it is trained: through the recipe's baseline and surrogate.
  cosine   of the mean gradient with the true one
  share    <E g, g*> / |g*|^2: 1 of an exact configuration, 0 of pure noise
  norm     of the mean gradient
  variance of one completion's gradient, over |g*|^2
  SNR      |E g|^2 over the variance of the mean over all rollouts
  ESS      effective sample size of the importance weights, and the largest
  top 1%   share of |weight| that the heaviest 1% of tokens carry`,
		)
		.action(async (run: string, overrides: string[], options: Options) => {
			process.exitCode = await runProbe(run, overrides, options);
		});
}

async function runProbe(run: string, overrides: readonly string[], options: Options): Promise<number> {
	const { recipe: named, title } = subjectOf(run, overrides, options);
	const recipe = await withModels(named);
	const sampler = options.sampler === undefined ? undefined : await namedModel(options.sampler);
	const beta = recipe.kl.place === "none" ? 0 : initialBeta(recipe.kl.beta);
	const strength = beta > 0 ? beta : 1;
	const configs =
		options.presets === undefined ? usualConfigs(strength) : presetConfigs(options.presets, strength);
	const line = new StatusLine();
	const { signal, release } = onInterrupt(() => {
		line.log("stopping: the seeds that are done are shown (Ctrl-C again ends at once)");
	});
	const probed: ProbeOptions = {
		...{ recipe, configs, signal },
		...{ folds: options.folds, trueBatches: options.trueBatches, seeds: options.seeds },
		...(sampler === undefined ? {} : { sampler }),
		onProgress: progress(line),
	};
	try {
		if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
		const result = await probe(probed);
		line.clear();
		if (result.seeds.length > 0) report(title, probed, result, options);
		return signal.aborted ? exitCode.interrupted : exitCode.ok;
	} finally {
		line.clear();
		release();
	}
}

/** Drawn in a terminal; elsewhere a line a seed and every so many seconds. */
function progress(line: StatusLine): (doing: string) => void {
	let loggedAt = -Infinity;
	return (doing) => {
		line.show(doing);
		const now = performance.now();
		if (now - loggedAt < 5000) return;
		loggedAt = now;
		line.logUnlessTerminal(doing);
	};
}

function subjectOf(
	run: string,
	overrides: readonly string[],
	{ step }: Options,
): { recipe: ResolvedRecipe; title: string } {
	if (statSync(run, { throwIfNoEntry: false })?.isDirectory() !== true) {
		if (step !== undefined) throw new ThaliaError("usage", "Expected a run directory with --step");
		const recipe = resolveRecipe(run, overrides);
		return { recipe, title: `${recipe.name}: the model that it begins with` };
	}
	const { name } = readManifest(run);
	const recipe = resolveRecipe(join(run, "config.yaml"), overrides);
	if (step === 0) return { recipe, title: `${name}, step 0` };
	const checkpoints = new Checkpoints(join(run, "checkpoints"));
	const steps = checkpoints.steps();
	const chosen = step ?? steps.at(-1);
	if (chosen === undefined || !steps.includes(chosen)) {
		throw new ThaliaError(
			"checkpoint-missing",
			`Expected a checkpoint of step ${chosen ?? "1 or more"} in ${run} but there are those of steps ${steps.join(", ") || "none"}`,
			{ fix: "give one of them, or --step 0 for the model that the run began with" },
		);
	}
	return { recipe: { ...recipe, model: checkpoints.path(chosen) }, title: `${name}, step ${chosen}` };
}

function report(title: string, probed: ProbeOptions, result: ProbeResult, options: Options): void {
	const summaries = summarise(probed, result);
	const json = {
		title,
		model: probed.recipe.model,
		reference: probed.recipe.reference,
		...(probed.sampler === undefined ? {} : { sampler: probed.sampler }),
		objective: probed.recipe.objective,
		completions: result.completions,
		trueCompletions: result.trueCompletions,
		configurations: summaries,
		seeds: result.seeds,
	};
	if (options.out !== undefined) {
		writeFileSync(join(options.out, "probe.json"), `${JSON.stringify(json, null, 2)}\n`);
		writeFileSync(join(options.out, "probe.svg"), plotSvg(`KL gradients: ${title}`, summaries.map(plotRow)));
	}
	if (options.format === "json") printJson(json);
	else process.stdout.write(`${toText(title, summaries, result)}\n`);
}

function toText(title: string, summaries: readonly ProbeSummary[], result: ProbeResult): string {
	const agreements = result.seeds.flatMap(({ agreement }) => agreement ?? []);
	const mean = agreements.reduce((sum, x) => sum + x, 0) / agreements.length;
	const known =
		agreements.length === 0
			? "the policy is where the reference is: there is no true gradient to compare with"
			: `true gradient from ${result.trueCompletions} completions, its halves at a cosine of ${mean.toFixed(3)}`;
	const noisy = agreements.length > 0 && mean < leastAgreement;
	const warning = noisy
		? [
				"the two halves hardly agree: shares and variances are noise. Raise --true-batches, or rollout.prompts",
			]
		: [];
	const head = [
		"configuration",
		"follows",
		"cosine",
		"share",
		"norm",
		"variance",
		"SNR",
		"ESS",
		"max w",
		"top 1%",
	];
	const rows = summaries.map(({ name, objective, estimates: e }) => [
		name,
		objective,
		shown(e.cosine, 3),
		shown(e.projection, 3),
		shown(e.norm, 4),
		shown(e.variance, 1),
		shown(e.signalToNoise, 2),
		shown(e.sampleSize, 2),
		shown(e.largestWeight, 2),
		shown(e.topWeightShare, 2),
	]);
	return [
		`${title}: ${result.completions} completions, ${result.seeds.length} seeds (mean ± deviation); ${known}`,
		...warning,
		formatTable([head, ...rows]),
	].join("\n");
}

function shown(estimate: Estimate | null, digits: number): string {
	if (estimate === null) return "-";
	const { mean, deviation } = estimate;
	const text = (value: number) => (Math.abs(value) >= 1e4 ? value.toExponential(1) : value.toFixed(digits));
	return deviation === null || deviation === 0 ? text(mean) : `${text(mean)}±${text(deviation)}`;
}

function slugs(text: string): string[] {
	const known = namedConfigs.map(({ slug }) => slug);
	const chosen = text.split(",");
	const unknown = chosen.find((slug) => !known.includes(slug));
	if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is none of ${known.join(", ")}.`);
	return chosen;
}

function seedList(text: string): number[] {
	return text.split(",").map(whole(0));
}
