// The measured process, and the one before it that makes its model: `scripts/bench.mjs` starts both.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { z } from "zod";
import { matmulRate } from "../src/engine/local/matmul-rate.ts";
import { native } from "../src/engine/local/native.ts";
import { matmulSizes } from "./floor.ts";
import { writeLlamaGguf } from "./llama-gguf.ts";
import { writeModelFolder } from "./model-folder.ts";
import { measureRlStep } from "./rl-step.ts";
import { type ShapeName, shapes } from "./shapes.ts";

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: {
		model: { type: "string" },
		shape: { type: "string" },
		dtype: { type: "string" },
		threads: { type: "string" },
		warmup: { type: "string" },
		steps: { type: "string" },
		"micro-batch-tokens": { type: "string" },
	},
});

const dtype = z.enum(["f32", "bf16"]);
const count = z.coerce.number().int().min(0);

switch (positionals.join(" ")) {
	case "prepare": {
		const wanted = z
			.object({ model: z.string(), shape: z.enum(Object.keys(shapes) as ShapeName[]), dtype })
			.parse(values);
		writeModelFolder(wanted.model, wanted.shape, wanted.dtype);
		break;
	}
	case "gguf": {
		writeLlamaGguf(z.object({ model: z.string() }).parse(values).model);
		break;
	}
	case "rl-step": {
		const { "micro-batch-tokens": tokensPerMicroBatch, ...wanted } = z
			.object({
				model: z.string(),
				dtype,
				threads: count.default(availableParallelism()),
				warmup: count,
				steps: count.min(1),
				"micro-batch-tokens": count.min(1).optional(),
			})
			.parse(values);
		const result = await measureRlStep({
			...wanted,
			...(tokensPerMicroBatch === undefined ? {} : { tokensPerMicroBatch }),
			onStep: ({ sample, reference, learn, step }) => {
				const parts = [sample, reference, learn].map((s) => s.toFixed(2)).join(" + ");
				process.stderr.write(`  thalia: step in ${step.toFixed(2)} s (${parts})\n`);
			},
		});
		process.stdout.write(`${JSON.stringify(result)}\n`);
		break;
	}
	case "matmul-rate": {
		const wanted = z.object({ dtype, threads: count.default(availableParallelism()) }).parse(values);
		native.setThreads(wanted.threads);
		const rates = matmulSizes.map((size) => matmulRate(wanted.dtype, size));
		process.stdout.write(`${JSON.stringify(Math.max(...rates))}\n`);
		break;
	}
	default:
		process.stderr.write(
			`bench/main.ts: prepare, gguf, rl-step or matmul-rate, not ${JSON.stringify(positionals.join(" "))}\n`,
		);
		process.exitCode = 2;
}
