import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readManifest } from "../runs/run-directory.ts";
import { readMetrics, tinyRecipe } from "../testing/tiny-run.ts";
import { train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-temperature-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

async function run(...overrides: readonly string[]): Promise<string> {
	const dir = join(folder(), "run");
	await train(tinyRecipe(folder(), ["train.steps=2", "eval.problems=0", ...overrides]), dir);
	return dir;
}

test.each([0.5, 2])(
	"at temperature %d sampler, policy and reference are compared at that temperature",
	async (t) => {
		const dir = await run(`rollout.temperature=${t}`);
		const [first, second] = readMetrics(dir);
		for (const { objective } of [first, second]) {
			expect(objective!.largestRatio).toBeCloseTo(1, 3);
			expect(objective!.sequenceEss).toBeCloseTo(1, 6);
		}
		// Nothing has moved yet; then it has, and the KL is that of the tempered policies.
		expect(first.objective!.k3).toBeLessThan(1e-9);
		expect(second.objective!.k3).toBeGreaterThan(1e-6);
		expect(readManifest(dir).kl).toMatchObject({ objective: "sequence-reverse-kl", exact: true });
	},
);

test("a lower temperature lowers the entropy that is reported", async () => {
	const entropyAt = async (t: number) => readMetrics(await run(`rollout.temperature=${t}`))[0].entropy!;
	expect(await entropyAt(0.5)).toBeLessThan((await entropyAt(1)) - 0.1);
});

test.each(["rollout.topK=5", "rollout.topP=0.3", "rollout.minP=0.5"])(
	"a distribution that is cut short (%s) is another one than the policy's, and said to be",
	async (cut) => {
		const dir = await run(cut, "train.steps=1");
		const [{ objective }] = readMetrics(dir);
		expect(objective!.largestRatio).toBeGreaterThan(1.5);
		expect(objective!.samplerKl).toBeGreaterThan(0.1);
		// Policy and reference are whole: between them there is still nothing.
		expect(objective!.k3).toBeLessThan(1e-9);
		expect(readManifest(dir).kl).toMatchObject({ exact: false, causes: ["importance"] });
	},
);
