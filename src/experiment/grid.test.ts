import { describe, expect, test } from "vitest";
import { experimentSchema } from "./experiment-schema.ts";
import { expandGrid, gridSize } from "./grid.ts";

function grid(written: Record<string, unknown>) {
	return experimentSchema.parse({ recipe: "base.yaml", seeds: [1], ...written });
}

const comedy = {
	seeds: [1, 2],
	axes: {
		kl: {
			none: { "kl.place": "none" },
			"k1-reward": { "kl.place": "reward", "kl.estimator": "k1" },
		},
		"kl.beta": [0.1, 0.3],
		lag: { 0: null, 10: { "async.lag": 10 } },
	},
	without: [{ axis: "kl.beta", where: { kl: "none" } }],
};

describe("a grid", () => {
	test("has a run of each seed for each choice of each axis, seeds outermost", () => {
		const cells = expandGrid(grid(comedy), "test");
		expect(cells.map(({ id }) => id)).toEqual([
			"none_lag0_seed1",
			"none_lag10_seed1",
			"k1-reward_beta0.1_lag0_seed1",
			"k1-reward_beta0.1_lag10_seed1",
			"k1-reward_beta0.3_lag0_seed1",
			"k1-reward_beta0.3_lag10_seed1",
			"none_lag0_seed2",
			"none_lag10_seed2",
			"k1-reward_beta0.1_lag0_seed2",
			"k1-reward_beta0.1_lag10_seed2",
			"k1-reward_beta0.3_lag0_seed2",
			"k1-reward_beta0.3_lag10_seed2",
		]);
		expect(cells[5]).toEqual({
			id: "k1-reward_beta0.3_lag10_seed1",
			labels: { kl: "k1-reward", "kl.beta": "0.3", lag: "10" },
			seed: 1,
			overrides: [`kl.place="reward"`, `kl.estimator="k1"`, "kl.beta=0.3", "async.lag=10", "seed=1"],
		});
		expect(cells[1].labels).toEqual({ kl: "none", lag: "10" });
		expect(gridSize(grid(comedy))).toBe(16);
	});

	test("leaves out what it is to skip, under any of several labels", () => {
		const cells = expandGrid(
			grid({ ...comedy, skip: [{ kl: "k1-reward", "kl.beta": [0.1, 0.3], lag: 10 }] }),
			"test",
		);
		expect(cells.filter(({ labels }) => labels.lag === "10").map(({ id }) => id)).toEqual([
			"none_lag10_seed1",
			"none_lag10_seed2",
		]);
	});

	test("lets a later axis win over an earlier one, and both over what all runs have", () => {
		const [cell] = expandGrid(
			grid({
				settings: { "train.steps": 5, "async.lag": 1 },
				axes: { first: { a: { "train.steps": 6 } }, second: { b: { "train.steps": 7 } } },
			}),
			"test",
		);
		expect(cell.overrides).toEqual(["train.steps=7", "async.lag=1", "seed=1"]);
	});

	test("without axes is a run of each seed, and a seed given twice is one", () => {
		expect(expandGrid(grid({ seeds: [3, 3, 4] }), "test").map(({ id }) => id)).toEqual(["seed3", "seed4"]);
	});

	test("counts what a large one would have without making it", () => {
		const axes = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`axis.a${i}`, [1, 2]]));
		expect(gridSize(grid({ axes }))).toBe(2 ** 30);
	});

	test.each([
		[{ skip: [{ kll: "none" }] }, /an axis \(kl, kl\.beta, lag\) for skip of test but received "kll"/],
		[{ skip: [{ kl: "nune" }] }, /label of kl \(none, k1-reward\) for skip of test but received "nune"/],
		[{ without: [{ axis: "beta", where: {} }] }, /an axis .* for without of test but received "beta"/],
		[{ skip: [{ kl: ["none", "k1-reward"] }] }, /at least one run for test but received "none"/],
		[
			{ without: [], axes: { a: { x: null }, "b.x": ["?", "!"] } },
			/different names for the runs of test but received "x_x-_seed1 twice"/,
		],
	])("refuses %j", (changes, message) => {
		expect(() => expandGrid(grid({ ...comedy, ...changes }), "test")).toThrow(message);
	});
});
