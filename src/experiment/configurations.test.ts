import { describe, expect, test } from "vitest";
import { aRecord, scores } from "../testing/run-records.ts";
import { finalValue, gridOf, outcomesOf } from "./configurations.ts";
import { axesOf, compareLabels, labelsOf } from "./labels.ts";

const labelled = [
	aRecord({ seed: 2, labels: { kl: "k3-loss", "kl.beta": "0.1", lag: "10" } }),
	aRecord({ seed: 1, labels: { kl: "none", lag: "0" } }),
	aRecord({ seed: 1, labels: { kl: "k3-loss", "kl.beta": "0.1", lag: "10" } }),
	aRecord({ seed: 1, labels: { kl: "k1-reward", "kl.beta": "0.3", lag: "0" } }),
	aRecord({ seed: 1, labels: { kl: "k1-reward", "kl.beta": "0.05", lag: "0" } }),
];

describe("runs of a grid", () => {
	test("are grouped by their labels, in the order of the axes, whatever order they come in", () => {
		const { axes, configurations } = gridOf(labelled);
		expect(axes).toEqual(["kl", "kl.beta", "lag"]);
		expect(configurations.map(({ labels }) => Object.values(labels).join(" "))).toEqual([
			"none 0",
			"k1-reward 0.05 0",
			"k1-reward 0.3 0",
			"k3-loss 0.1 10",
		]);
		expect(configurations[3].runs.map(({ seed }) => seed)).toEqual([1, 2]);
		expect(gridOf([...labelled].reverse())).toEqual(gridOf(labelled));
	});

	test("an axis that some lack stands where the others have it", () => {
		expect(axesOf([{ b: "1" }, { a: "1", c: "1" }, { a: "1", b: "1", d: "1" }])).toEqual([
			"a",
			"c",
			"b",
			"d",
		]);
		expect(axesOf([])).toEqual([]);
		const order = ["x", "10", "9", undefined, "none", "1e-3", "b"].sort(compareLabels);
		// `sort` puts undefined last by itself.
		expect(order).toEqual(["none", "1e-3", "9", "10", "b", "x", undefined]);
		expect(compareLabels(undefined, "none")).toBe(-1);
	});

	test("no runs, and one seed twice, are refused", () => {
		expect(() => gridOf([])).toThrow(expect.objectContaining({ code: "report-empty" }));
		const twice = [aRecord({ name: "a" }), aRecord({ name: "b" })];
		expect(() => gridOf(twice)).toThrow(/^Expected one run of each seed but a and b have .* seed 1$/);
	});
});

describe("plain runs", () => {
	const run = (seed: number, config: Record<string, unknown>) =>
		aRecord({ seed, name: `run-${seed}`, config: { seed, name: `run-${seed}`, threads: seed, ...config } });

	test("are told apart by the settings that differ, but for the seed, the name and where the model lies", () => {
		const records = [
			run(1, { model: "/home/a/models/base", kl: { estimator: "k3", place: "loss" }, task: { train: [1] } }),
			run(2, { model: "models/base", kl: { estimator: "k3", place: "loss" }, task: { train: [1] } }),
			run(3, { model: "models/base", kl: { place: "none" }, task: { train: [1] } }),
		];
		expect(labelsOf(records)).toEqual([
			{ "kl.estimator": "k3", "kl.place": "loss" },
			{ "kl.estimator": "k3", "kl.place": "loss" },
			{ "kl.place": "none" },
		]);
		expect(gridOf(records).configurations.map(({ runs }) => runs.length)).toEqual([1, 2]);
	});

	test("other models, and checkpoints of other runs, are settings that differ", () => {
		const of = (model: string) => ({ model, reference: model });
		expect(
			labelsOf([run(1, of("runs/a/checkpoints/step-9")), run(2, of("/x/b/checkpoints/step-9"))]),
		).toEqual([{ model: "a/checkpoints/step-9" }, { model: "b/checkpoints/step-9" }]);
		expect(
			labelsOf([run(1, { model: "a/m", reference: "a/m" }), run(2, { model: "a/m", reference: "b" })]),
		).toEqual([{ reference: "a/m" }, { reference: "b" }]);
	});

	test("what comes with another setting is none of the labels, a KL's estimator and strength always are", () => {
		const none = { place: "none" };
		const loss = { place: "loss", estimator: "k3", beta: 0.1 };
		const reward = { ...loss, place: "reward", credit: "sequence", logprobs: "current" };
		expect(labelsOf([none, loss, reward].map((kl, i) => run(i, { kl })))).toEqual([
			{ "kl.place": "none" },
			{ "kl.place": "loss", "kl.estimator": "k3", "kl.beta": "0.1" },
			{ "kl.place": "reward", "kl.estimator": "k3", "kl.beta": "0.1" },
		]);
		const token = { ...reward, credit: "token" };
		expect(labelsOf([loss, reward, token].map((kl, i) => run(i, { kl })))).toEqual([
			{ "kl.place": "loss" },
			{ "kl.place": "reward", "kl.credit": "sequence" },
			{ "kl.place": "reward", "kl.credit": "token" },
		]);
		// What differs wherever it is may be why results do.
		const rates = [0.1, 0.2].map((rate, i) => run(i, { kl: i === 0 ? loss : reward, rate }));
		expect(labelsOf(rates)).toMatchObject([{ rate: "0.1" }, { rate: "0.2" }]);
		expect(labelsOf([run(1, { lora: { rank: 8 } }), run(2, {})])).toEqual([{ "lora.rank": "8" }, {}]);
	});

	test("long values are cut, and stay apart", () => {
		const traces = [1, 2].map((last) =>
			run(last, { kl: { beta: [...Array.from({ length: 99 }, () => 0.5), last] } }),
		);
		const [one, other] = labelsOf(traces).map((labels) => labels["kl.beta"]);
		expect(one).toMatch(/^\[0\.5,0\.5.*\.\.\. [0-9a-f]{8}$/);
		expect(one).toHaveLength(52);
		expect(other).not.toBe(one);
	});

	test("one alone has nothing to be told apart by", () => {
		expect(gridOf([run(1, {})]).configurations).toMatchObject([{ labels: {} }]);
	});
});

describe("evaluations", () => {
	const evaluated = (name: string, domain: string, means: number[], samples = 8) =>
		aRecord({ name, seed: name.charCodeAt(0), after: [scores(domain, means, samples)] });

	test("on other problems are refused, with both runs and what differs", () => {
		const one = evaluated("a", "in-domain", [0, 1]);
		const cases = [
			[
				evaluated("b", "in-domain", [0, 1, 1]),
				'in-domain has 1 of 3 problems in b alone, such as add "in-domain-2"',
			],
			[evaluated("b", "in-domain", [0]), "2 and 1 problems in in-domain"],
			[evaluated("b", "in-domain", [0, 1], 4), "8 and 4 completions of a problem in in-domain"],
			[evaluated("b", "out-of-domain", [0, 1]), "domains in-domain and out-of-domain"],
		] as const;
		for (const [other, what] of cases) {
			expect(() => gridOf([one, other])).toThrow(
				expect.objectContaining({
					code: "report-tasks-differ",
					message: `Expected runs that were evaluated on the same problems but a and b differ: ${what}`,
				}),
			);
		}
	});

	test("may be missing, and may list the same problems in another order", () => {
		const one = evaluated("a", "in-domain", [0, 1, 1]);
		const [own] = one.after!;
		const other = aRecord({ seed: 1, after: [{ ...own, problems: [...own.problems].reverse() }] });
		const { domains } = gridOf([aRecord({ seed: 2 }), one, other]);
		expect(domains).toHaveLength(1);
		expect(domains[0]).toMatchObject({ domain: "in-domain", samples: 8 });
		expect(domains[0].problems.map(({ id }) => id)).toEqual(["in-domain-0", "in-domain-2", "in-domain-1"]);
	});
});

test("what a curve ends at is the mean of its last tenth, as far as it is finite", () => {
	const step = Array.from({ length: 25 }, (_, i) => i + 1);
	const kl = step.map((value) => (value === 24 ? null : value));
	const { series } = aRecord({ series: { step, kl } });
	expect(finalValue(series, "kl")).toBe(24);
	expect(finalValue(series, "entropy")).toBeNull();
	expect(finalValue(aRecord().series, "kl")).toBeNull();
});

test("outcomes are counted", () => {
	const runs = [aRecord(), aRecord({ outcome: "collapsed" }), aRecord()];
	expect(outcomesOf(runs)).toEqual({ finished: 2, collapsed: 1 });
});
