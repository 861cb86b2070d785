import { Command } from "commander";
import { pretrainRecipe } from "../recipe/pretrain-recipe.ts";
import { readRecipe } from "../recipe/read-recipe.ts";
import { pretrain } from "../trainer/pretrain.ts";
import { exitCode } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { clock, StatusLine } from "./status-line.ts";

export function pretrainCommand(): Command {
	return new Command("pretrain")
		.description("make a small base model, supervised, from the task families")
		.argument("<recipe>", "a YAML recipe, such as recipes/pretrain-base.yaml")
		.argument("[overrides...]", "settings that win over the recipe's, such as train.steps=100")
		.requiredOption("--out <dir>", "the model folder to make")
		.action(async (file: string, overrides: string[], { out }: { out: string }) => {
			const recipe = readRecipe(pretrainRecipe, file, overrides);
			const line = new StatusLine();
			const { signal, release } = onInterrupt(() => {
				line.log("stopping: the model is saved as it is (Ctrl-C again ends at once)");
			});
			const started = performance.now();
			try {
				await pretrain(recipe, out, {
					signal,
					onProgress: ({ step, steps, loss, learningRate, tokensPerSecond }) => {
						const left = ((steps - step) * (performance.now() - started)) / step / 1000;
						line.log(
							`step ${step}/${steps}  loss ${loss.toFixed(4)}  lr ${learningRate.toExponential(1)}  ${tokensPerSecond.toFixed(0)} tok/s  ${clock(left)} left`,
						);
					},
				});
			} finally {
				release();
			}
			process.stdout.write(`model: ${out}\n`);
			if (signal.aborted) process.exitCode = exitCode.interrupted;
		});
}
