import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Evaluation } from "../eval/summarise.ts";
import { readMetrics, tinyRecipe, withoutTiming } from "../testing/tiny-run.ts";
import { type FirstEvaluations, train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-first-evaluation-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let runs = 0;

/** The evaluations and the steps of a run of its own. */
async function run(firstEvaluations: FirstEvaluations | undefined, ...overrides: readonly string[]) {
	const dir = join(root, `run-${++runs}`);
	const recipe = tinyRecipe(join(root, "model"), ["train.steps=3", ...overrides]);
	const { evaluations } = await train(recipe, dir, {
		...(firstEvaluations === undefined ? {} : { firstEvaluations }),
	});
	return { evaluations, steps: readMetrics(dir).map(withoutTiming) };
}

function store() {
	const kept = new Map<string, readonly Evaluation[]>();
	const found: string[] = [];
	return {
		kept,
		found,
		find(key: string) {
			const known = kept.get(key);
			if (known !== undefined) found.push(key);
			return known;
		},
		keep: (key: string, evaluations: readonly Evaluation[]) => void kept.set(key, evaluations),
	};
}

test("a run that has its first evaluation from another is as one that made it itself", async () => {
	const shared = store();
	await run(shared, "kl.place=none", "optimizer.learningRate=0.02");
	expect([shared.kept.size, shared.found.length]).toEqual([1, 0]);
	const other = ["seed=5", "kl.place=reward", "kl.beta=0.3", "kl.estimator=k1"];
	const taken = await run(shared, ...other);
	expect([shared.kept.size, shared.found.length]).toEqual([1, 1]);
	expect(taken).toEqual(await run(undefined, ...other));
});

test("an evaluation of another policy, or otherwise made, is not taken", async () => {
	const shared = store();
	await run(shared);
	for (const [i, other] of [
		"eval.seed=9",
		"eval.problems=2",
		"rollout.maxTokens=6",
		"dtype=bf16",
	].entries()) {
		await run(shared, other);
		expect([shared.kept.size, shared.found.length], other).toEqual([i + 2, 0]);
	}
});
