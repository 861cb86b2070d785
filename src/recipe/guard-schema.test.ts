import { expect, test } from "vitest";
import { guardSchema } from "./guard-schema.ts";

test("everything has a default", () => {
	expect(guardSchema.parse({})).toEqual({
		...{ window: 5, stop: false, rewardDrop: 0.5, maxKl: 1 },
		...{ entropyLow: 0.05, entropyHigh: 5, lengthLow: 0.2, stoppedLow: 0.1 },
	});
});

test.each([
	{ window: 0 },
	{ window: 2.5 },
	{ stop: "yes" },
	{ rewardDrop: 1.5 },
	{ maxKl: 0 },
	{ entropyLow: -0.1 },
	{ entropyHigh: 0.5 },
	{ lengthLow: 2 },
	{ stoppedLow: 10 },
	{ windows: 5 },
])("refuses %j", (guard) => {
	expect(guardSchema.safeParse(guard).success).toBe(false);
});
