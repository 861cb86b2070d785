// The processes of `npm run bench -- --curves`: one that makes a model, one a point, and one of the roofline.
import { parseArgs } from "node:util";
import { z } from "zod";
import { writeTinyModel } from "../../src/testing/tiny-model.ts";
import { curves, distinctPoints, toyCurves } from "./plan.ts";
import { measurePoint } from "./point.ts";
import { measureRoofline, rooflineSizes } from "./roofline.ts";

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: {
		model: { type: "string" },
		name: { type: "string" },
		size: { type: "string" },
		dtype: { type: "string" },
		threads: { type: "string" },
		prompts: { type: "string" },
		"group-size": { type: "string" },
		"prompt-tokens": { type: "string" },
		"completion-tokens": { type: "string" },
	},
});

const dtype = z.enum(["f32", "bf16"]);
const count = z.coerce.number().int().min(1);
const print = (result: unknown) => process.stdout.write(`${JSON.stringify(result)}\n`);

switch (positionals.join(" ")) {
	case "prepare": {
		const wanted = z.object({ model: z.string(), name: z.string(), dtype }).parse(values);
		const points = [...distinctPoints(curves), ...distinctPoints(toyCurves)];
		const point = points.find(({ model }) => model === wanted.name);
		if (point === undefined) throw new Error(`no curve has a model called ${wanted.name}`);
		writeTinyModel(wanted.model, { config: point.config, dtype: wanted.dtype, scale: 1 });
		break;
	}
	case "point": {
		const wanted = z
			.object({
				model: z.string(),
				dtype,
				threads: count,
				prompts: count,
				"group-size": count,
				"prompt-tokens": count,
				"completion-tokens": count,
			})
			.parse(values);
		const result = await measurePoint({
			model: wanted.model,
			dtype: wanted.dtype,
			threads: wanted.threads,
			workload: {
				prompts: wanted.prompts,
				groupSize: wanted["group-size"],
				promptTokens: wanted["prompt-tokens"],
				completionTokens: wanted["completion-tokens"],
			},
		});
		print(result);
		break;
	}
	case "roofline": {
		const wanted = z.object({ size: z.enum(["full", "toy"]), dtype, threads: count }).parse(values);
		print(measureRoofline(rooflineSizes[wanted.size], wanted));
		break;
	}
	default:
		process.stderr.write(
			`bench/curves/main.ts: prepare, point or roofline, not ${JSON.stringify(positionals.join(" "))}\n`,
		);
		process.exitCode = 2;
}
