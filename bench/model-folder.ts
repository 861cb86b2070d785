import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { WeightDtype } from "../src/engine/local/weights.ts";
import { seededRandom } from "../src/tasks/random.ts";
import { writeTinyModel } from "../src/testing/tiny-model.ts";
import { type ShapeName, shapes } from "./shapes.ts";

/** What a model folder holds beside the model: the prompts as token ids, and what is asked for them. */
const job = z.strictObject({
	prompts: z.array(z.array(z.int())),
	groupSize: z.int(),
	completionTokens: z.int(),
});

export type Job = z.output<typeof job>;

const jobFile = "job.json";

/** Writes the model that both sides train, with random weights, and their prompts into a new folder. */
export function writeModelFolder(dir: string, shape: ShapeName, dtype: WeightDtype): string {
	const { config, workload } = shapes[shape];
	const { prompts, promptTokens, groupSize, completionTokens } = workload;
	writeTinyModel(dir, { config, dtype, scale: 1 });
	const random = seededRandom(1);
	const tokens = () => Array.from({ length: promptTokens }, () => random.int(0, config.vocabSize - 1));
	const content: Job = { prompts: Array.from({ length: prompts }, tokens), groupSize, completionTokens };
	writeFileSync(join(dir, jobFile), JSON.stringify(content));
	return dir;
}

export function readJob(dir: string): Job {
	return job.parse(JSON.parse(readFileSync(join(dir, jobFile), "utf8")));
}
