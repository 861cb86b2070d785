import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tinyConfig, writeTinyModel } from "../../testing/tiny-model.ts";
import { Decoder } from "./decoder.ts";
import { LocalEngine } from "./local-engine.ts";
import { MovingReference } from "./moving-reference.ts";
import { liveTensors } from "./tensor.ts";
import { randomWeights, type WeightDtype } from "./weights.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-reference-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = writeTinyModel(join(root, "model"));

const decoder = (seed: number, dtype: WeightDtype = "f32", config = tinyConfig) =>
	new Decoder(config, randomWeights(config, dtype, seed));
const opened = (seed: number, dtype: WeightDtype = "f32") =>
	new MovingReference(decoder(seed, dtype), () => randomWeights(tinyConfig, dtype, seed));
const values = ({ weights }: Decoder) => [...weights.values()].map((tensor) => tensor.toFloat64Array());

test("moves towards the policy, and a decay of 0 copies it", () => {
	const before = liveTensors();
	const [reference, policy] = [opened(1), decoder(2)];
	const [start, target] = [values(reference.decoder), values(policy)];
	reference.update(0.75, policy);
	values(reference.decoder).forEach((tensor, i) => {
		tensor.forEach((x, j) => {
			expect(Math.abs(x - (0.75 * start[i][j] + 0.25 * target[i][j]))).toBeLessThan(1e-7);
		});
	});
	reference.update(0, policy);
	expect(values(reference.decoder)).toEqual(target);
	reference.update(0.3, policy);
	expect(values(reference.decoder)).toEqual(target);
	expect(values(policy)).toEqual(target);
	reference.restore(undefined);
	expect(values(reference.decoder)).toEqual(start);
	reference.dispose();
	policy.dispose();
	expect(liveTensors()).toBe(before);
});

test("a bf16 reference follows by moves that bf16 itself would lose", () => {
	const before = liveTensors();
	const [reference, policy] = [opened(1, "bf16"), decoder(2, "bf16")];
	const [start, target] = [values(reference.decoder), values(policy)];
	for (let i = 0; i < 1000; i++) reference.update(0.999, policy);
	const kept = 0.999 ** 1000;
	values(reference.decoder).forEach((tensor, i) => {
		tensor.forEach((x, j) => {
			const want = kept * start[i][j] + (1 - kept) * target[i][j];
			expect(Math.abs(x - want)).toBeLessThan(2 ** -8 * Math.abs(want) + 1e-6);
		});
	});
	reference.update(0, policy);
	expect(values(reference.decoder)).toEqual(target);
	reference.dispose();
	policy.dispose();
	expect(liveTensors()).toBe(before);
});

test("refuses a policy of another shape, a decay out of range, an engine without a reference", async () => {
	const reference = opened(1);
	for (const [change, message] of [
		[{ numLayers: 1 }, /numLayers 1.* is 2/],
		[{ ropeTheta: 5000 }, /ropeTheta 5000/],
	] as const) {
		const policy = decoder(2, "f32", { ...tinyConfig, ...change });
		expect(() => {
			reference.update(0.5, policy);
		}).toThrow(
			expect.objectContaining({ code: "reference-shape", message: expect.stringMatching(message) as string }),
		);
	}
	for (const decay of [1, -0.1, Number.NaN]) {
		expect(() => {
			reference.update(decay, decoder(2));
		}).toThrow(expect.objectContaining({ code: "reference-decay" }));
	}
	const engine = new LocalEngine({ model, dtype: "f32" });
	await expect(engine.updateReference(0)).rejects.toMatchObject({ code: "no-reference" });
	await engine.close();
});
