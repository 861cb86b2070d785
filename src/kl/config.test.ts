import { expect, test } from "vitest";
import { type KlConfig, validateKlConfig } from "./config.ts";

const inReward = {
	place: "reward",
	estimator: "k1",
	credit: "sequence",
	beta: 0.05,
	logprobs: "sampler",
} as const;
const inLoss = { place: "loss", estimator: "k3", beta: 0 } as const;

test("accepts every place", () => {
	for (const config of [{ place: "none" }, inReward, inLoss] as const) validateKlConfig(config);
});

test.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY, "0.1", undefined, null])("refuses beta %s", (beta) => {
	for (const config of [inReward, inLoss]) {
		expect(() => validateKlConfig({ ...config, beta } as KlConfig)).toThrow(
			expect.objectContaining({
				code: "kl-config-invalid",
				message: expect.stringContaining("Expected a finite number >= 0 for kl.beta") as string,
			}) as Error,
		);
	}
});

test.each([
	["kl.place", { place: "rewards" }],
	["kl.place", {}],
	["kl.estimator", { ...inLoss, estimator: "k4" }],
	["kl.estimator", { ...inReward, estimator: undefined }],
	["kl.credit", { ...inReward, credit: "future" }],
	["kl.logprobs", { ...inReward, logprobs: "old" }],
])("refuses an unknown %s", (subject, config) => {
	expect(() => validateKlConfig(config as unknown as KlConfig)).toThrow(
		expect.objectContaining({
			code: "kl-config-invalid",
			message: expect.stringContaining(`for ${subject} but received`) as string,
		}) as Error,
	);
});
