import { expect, test } from "vitest";
import { aRecord } from "../testing/run-records.ts";
import { baselineOf } from "./baseline.ts";
import { gridOf } from "./configurations.ts";
import type { Labels } from "./labels.ts";

const grid = gridOf(
	["none", "k1-reward", "k3-loss"].flatMap((kl) =>
		["0", "10"].flatMap((lag) =>
			(kl === "none" ? [undefined] : ["0.1", "1"]).map((beta) =>
				aRecord({ labels: { kl, ...(beta === undefined ? {} : { "kl.beta": beta }), lag } }),
			),
		),
	),
);
const name = (labels: Labels) => Object.values(labels).join(" ");
const pairs = (baseline: Labels) =>
	Object.fromEntries(
		baselineOf(grid, baseline).flatMap((partner, i) =>
			partner === null ? [] : [[name(grid.configurations[i].labels), name(partner.labels)]],
		),
	);

test("each is compared at the same values of the other axes", () => {
	expect(pairs({ kl: "k3-loss" })).toEqual({
		"k1-reward 0.1 0": "k3-loss 0.1 0",
		"k1-reward 0.1 10": "k3-loss 0.1 10",
		"k1-reward 1 0": "k3-loss 1 0",
		"k1-reward 1 10": "k3-loss 1 10",
	});
});

test("a baseline without a strength is that of every strength; one of a given strength is for all", () => {
	expect(pairs({ kl: "none" })).toMatchObject({ "k1-reward 0.1 0": "none 0", "k3-loss 1 10": "none 10" });
	expect(Object.keys(pairs({ kl: "none" }))).toHaveLength(8);
	const fixed = pairs({ kl: "k3-loss", "kl.beta": "0.1" });
	expect(fixed).toMatchObject({ "none 0": "k3-loss 0.1 0", "k3-loss 1 10": "k3-loss 0.1 10" });
	expect(Object.keys(fixed)).toHaveLength(8);
});

test("labels that no configuration has are refused, with those there are", () => {
	expect(() => baselineOf(grid, { kl: "k3" })).toThrow(
		expect.objectContaining({
			code: "report-baseline",
			message: "Expected the labels of a configuration for the baseline but received kl=k3",
			fix: "kl is none, k1-reward, k3-loss; kl.beta is 0.1, 1; lag is 0, 10",
		}),
	);
	expect(() => baselineOf(grid, {})).toThrow("received none");
	expect(() => baselineOf(gridOf([aRecord()]), { kl: "x" })).toThrow(
		expect.objectContaining({ fix: "there is one configuration only" }),
	);
});
