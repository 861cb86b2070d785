import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { toJsonLine } from "../runs/json-lines.ts";

/** The files of a finished run of two steps that a report reads. */
export function writeRunFolder(
	dir: string,
	seed: number,
	config: Readonly<Record<string, unknown>> = {},
): string {
	mkdirSync(dir, { recursive: true });
	const manifest = {
		...{ format: 1, name: "made", status: "finished", step: 2, steps: 2, resumes: [] },
		environment: { thalia: "0.1.0", threads: 1 },
		kl: { objective: "local-forward-kl", exact: false, causes: [], reason: "", beta: "0.1" },
	};
	const evaluation = (step: number, reward: number) => ({
		step,
		evaluations: [
			{
				domain: "in-domain",
				samples: 2,
				results: [{ id: "1+1", family: "add", greedy: reward, rewards: [reward, 0], errors: 0 }],
			},
		],
	});
	const steps = [1, 2].map((step) => ({
		...{ step, reward: 0.25 * step, kl: step, entropy: "NaN", completionTokens: 8, gradNorm: 1 },
		timing: { step: 30 },
	}));
	const lines = (values: readonly unknown[]) => values.map(toJsonLine).join("");
	writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest));
	writeFileSync(join(dir, "config.yaml"), stringify({ seed, name: "made", ...config }));
	writeFileSync(join(dir, "metrics.jsonl"), lines(steps));
	writeFileSync(join(dir, "evaluations.jsonl"), lines([evaluation(0, 0), evaluation(2, 1)]));
	return dir;
}
