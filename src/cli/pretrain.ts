import { Command } from "commander";
import { pretrainRecipe } from "../recipe/pretrain-recipe.ts";
import { readRecipe } from "../recipe/read-recipe.ts";
import { pretrain } from "../trainer/pretrain.ts";
import { exitCode } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { formatOption, printJson, requires } from "./options.ts";
import { clock, StatusLine } from "./status-line.ts";

interface Options {
	readonly out: string;
	readonly format: "text" | "json";
}

export function pretrainCommand(): Command {
	return new Command("pretrain")
		.description("make a small base model, supervised, from the task families")
		.argument("<recipe>", "a YAML recipe, such as recipes/pretrain-base.yaml")
		.argument("[overrides...]", "settings that win over the recipe's, such as train.steps=100")
		.usage("<recipe> [overrides...] --out <dir> [options]")
		.option("--out <dir>", "the model folder to make (required)")
		.hook("preAction", requires("--out"))
		.addOption(formatOption())
		.addHelpText("after", "\nCtrl-C saves the model as it is; a second one ends at once, without it.")
		.action(async (file: string, overrides: string[], { out, format }: Options) => {
			const recipe = readRecipe(pretrainRecipe, file, overrides);
			const line = new StatusLine();
			const { signal, release } = onInterrupt(() => {
				line.log("stopping: the model is saved as it is (Ctrl-C again ends at once)");
			});
			const started = performance.now();
			let lastStep = 0;
			try {
				await pretrain(recipe, out, {
					signal,
					onProgress: ({ step, steps, loss, learningRate, tokensPerSecond }) => {
						lastStep = step;
						const left = ((steps - step) * (performance.now() - started)) / step / 1000;
						line.log(
							`step ${step}/${steps}  loss ${loss.toFixed(4)}  lr ${learningRate.toExponential(1)}  ${tokensPerSecond.toFixed(0)} tok/s  ${clock(left)} left`,
						);
					},
				});
			} finally {
				release();
			}
			// A Ctrl-C that came while the finished model was written has interrupted nothing.
			const finished = lastStep === recipe.train.steps;
			if (format === "json") printJson({ outcome: finished ? "finished" : "interrupted", model: out });
			else process.stdout.write(`model: ${out}\n`);
			if (!finished) process.exitCode = exitCode.interrupted;
		});
}
