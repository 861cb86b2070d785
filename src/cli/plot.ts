import { writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import { ThaliaError } from "../errors.ts";
import { runCurves } from "../plots/run-curves.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import { readManifest } from "../runs/run-directory.ts";
import type { StepMetrics } from "../trainer/step.ts";

export function plotCommand(): Command {
	return new Command("plot")
		.description("reward, KL, entropy and length of a run over its steps, as a picture")
		.argument("<run>", "a run directory")
		.option("--out <file>", "the SVG file (default: curves.svg in the run directory)")
		.action((run: string, { out }: { out?: string }) => {
			const manifest = readManifest(run);
			const metrics = readJsonLines<StepMetrics>(join(run, "metrics.jsonl"));
			if (metrics.length === 0) {
				throw new ThaliaError(
					"run-empty",
					`Expected steps in ${join(run, "metrics.jsonl")} but there are none`,
					{
						fix: "let the run finish a step",
					},
				);
			}
			const path = out ?? join(run, "curves.svg");
			const strength = manifest.kl.beta === null ? "" : `, beta ${manifest.kl.beta}`;
			const caption = `${metrics.length} steps; KL: ${manifest.kl.objective}${strength}. Thin: each step; thick: the mean of five.`;
			writeFileSync(path, runCurves(basename(resolve(run)), caption, metrics));
			process.stdout.write(`${path}\n`);
		});
}
