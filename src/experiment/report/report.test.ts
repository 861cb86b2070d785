import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../tasks/random.ts";
import { aRecord, madeGrid, scores } from "../../testing/run-records.ts";
import { difference, nameOf, number, pValue, ranges, share, signedPercent } from "./format.ts";
import { buildReport, type Report, reportText, writeReport } from "./index.ts";
import { markdownOf } from "./markdown.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-report-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Two configurations, two seeds, four problems: few enough to compute by hand. */
const small = [
	{ kl: "a", seed: 1, means: [0.5, 0.5, 1, 0] },
	{ kl: "a", seed: 2, means: [0.75, 0.25, 1, 0] },
	{ kl: "b", seed: 1, means: [1, 0.5, 1, 0.5] },
	{ kl: "b", seed: 2, means: [1, null, 1, 0.6] },
].map(({ kl, seed, means }, i) =>
	aRecord({
		seed,
		labels: { kl, "kl.beta": "0.1" },
		before: [scores("in-domain", [0.25, 0.25, 0.25, 0.25])],
		after: [scores("in-domain", means)],
		series: { step: [1, 2], kl: [1, 2 + i], entropy: [0.5, null] },
		...(kl === "b" && seed === 2 ? { outcome: "collapsed", collapsedAt: 2, reason: "entropy | 0" } : {}),
	}),
);
const options = { title: "Small", baseline: { kl: "a" } };

describe("a report that can be computed by hand", () => {
	const report = buildReport(small, options);
	const [a, b] = report.configurations;
	const { mean, greedy } = b.measures["in-domain"];

	test("its accuracies", () => {
		expect(a.measures["in-domain"].mean.value).toMatchObject({ estimate: 0.5, seeds: 2, problems: 4 });
		// (3/4 + 2.6/3) / 2: the problem without a verdict is left out of its seed.
		expect(mean.value!.estimate).toBeCloseTo((0.75 + 2.6 / 3) / 2, 12);
		// Above one half: 1 0 1 0 and 1 - 1 1.
		expect(greedy.value!.estimate).toBeCloseTo((0.5 + 3 / 3) / 2, 12);
		expect(a.measures["in-domain"].mean.change!.estimate).toBe(0.25);
		expect(report.domains[0].before.mean).toMatchObject({ estimate: 0.25, low: 0.25, high: 0.25 });
		expect(mean.value!.high).toBeLessThanOrEqual(1);
	});

	test("its differences, over the problems that both have, and their test", () => {
		// Seed 1: 0.5 0 0 0.5; seed 2: 0.25 - 0 0.6.
		const [first, second] = [1 / 4, 0.85 / 3];
		expect(mean.difference!.estimate).toBeCloseTo((first + second) / 2, 12);
		expect(mean.difference!.problems).toBe(4);
		// Student's t of one degree of freedom: the mean over half the difference.
		const t = (first + second) / Math.abs(first - second);
		expect(mean.p).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12);
		// Greedy: 1 0 0 0 and 0 - 0 1.
		const greedyT = (1 / 4 + 1 / 3) / (1 / 3 - 1 / 4);
		expect(greedy.difference!.estimate).toBeCloseTo((1 / 4 + 1 / 3) / 2, 12);
		expect(greedy.p).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(greedyT), 12);
		expect(greedy.holm).toBe(greedy.p);
		expect(a.measures["in-domain"].mean).toMatchObject({ difference: null, p: null, holm: null });
		expect([a.isBaseline, a.baseline, b.isBaseline, b.baseline]).toEqual([true, null, false, a.labels]);
	});

	test("what became of the runs", () => {
		expect(b).toMatchObject({ outcomes: { finished: 1, collapsed: 1 }, evaluated: 2, seeds: [1, 2] });
		expect([a.training.kl, b.training.kl, b.training.entropy]).toEqual([2.5, 4.5, null]);
		expect(report.runs.find(({ outcome }) => outcome === "collapsed")).toMatchObject({
			labels: b.labels,
			seed: 2,
			collapsedAt: 2,
			after: { "in-domain": { mean: 2.6 / 3, greedy: 1 } },
		});
	});

	test("its text", () => {
		const text = reportText(report);
		const row = text.split("\n").find((line) => line.startsWith("b") && line.includes("80.8"));
		expect(row).toMatch(
			/^b +0\.1 +sequence-reverse-kl, exact +2 +80\.8 \[.*\] .* \+26\.7 \[.*\] +0\.040 +0\.040 /,
		);
		expect(row).toMatch(/ 4\.5 +1\/2$/);
		expect(text).toContain("baseline ");
		expect(text).toContain("1 of 4 runs.");
		expect(text).toContain("entropy | 0");
		expect(text).not.toContain("What the paper found");
		expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
	});

	test("its Markdown has as many cells in each row of a table", () => {
		const tables = markdownOf(report)
			.split("\n\n")
			.filter((part) => part.startsWith("|"));
		expect(tables.length).toBeGreaterThanOrEqual(3);
		for (const table of tables) {
			const cells = table.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
			expect(new Set(cells).size).toBe(1);
		}
		expect(markdownOf(report)).toContain("entropy \\| 0");
	});
});

test("the order of runs, and of the problems in them, changes nothing", () => {
	const records = madeGrid({ seeds: 3, problems: 20, steps: 20, betas: ["0.05", "1"] });
	const random = seededRandom(2);
	const shuffled = <T>(items: readonly T[]): T[] =>
		items
			.map((item) => ({ item, at: random.unit() }))
			.sort((x, y) => x.at - y.at)
			.map(({ item }) => item);
	const mixed = shuffled(records).map((record) => ({
		...record,
		after: record.after?.map((domain) => ({ ...domain, problems: shuffled(domain.problems) })) ?? null,
	}));
	const of = (all: typeof records) =>
		buildReport(all, { title: "", baseline: { kl: "k3-loss" }, paper: true });
	expect(of(mixed)).toEqual(of(records));
});

test("a grid with all that can go wrong: collapsed, out of memory, a seed missing", () => {
	const report = buildReport(madeGrid({ seeds: 3, problems: 20, steps: 20 }), {
		title: "Made",
		baseline: { kl: "k3-loss" },
		paper: true,
		command: "thalia experiment made.yaml",
	});
	const named = (name: string) => report.configurations.find(({ labels }) => nameOf(labels) === name)!;
	expect(report.configurations).toHaveLength(50);
	expect(named("k3-both, beta 1, lag 10")).toMatchObject({ evaluated: 2, outcomes: { "out-of-memory": 1 } });
	expect(named("k1-both, beta 0.05, lag 10").seeds).toEqual([1, 2]);
	expect(named("k3-reward, beta 0.1, lag 0").outcomes).toEqual({ collapsed: 3 });
	expect(named("none, lag 0").baseline).toBeNull();
	expect(named("k1-reward, beta 0.3, lag 10").baseline).toEqual({
		kl: "k3-loss",
		"kl.beta": "0.3",
		lag: "10",
	});
	// Six others at four strengths and two lags, but for what has no KL.
	const tested = report.configurations.filter(({ measures }) => measures["out-of-domain"].mean.holm !== null);
	expect(tested).toHaveLength(5 * 4 * 2);
	for (const { measures } of tested) {
		const { p, holm } = measures["out-of-domain"].mean;
		expect(holm).toBeGreaterThanOrEqual(p!);
	}
	expect(report.best.map(({ labels }) => nameOf(labels))).toContain("k1-reward, lag 0");
	expect(report.matched.some(({ levels }) => levels.length > 0)).toBe(true);
	const text = reportText(report);
	expect(text).toContain("What the paper found");
	expect(text).toContain("+12.2");
	expect(text.replaceAll(/\s+/g, " ")).toContain("axes: none, lag 0; none, lag 10.");
	expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
});

test("runs without evaluations, curves, or more than one seed are reported as far as they go", () => {
	const bare = reportText(
		buildReport([aRecord({ outcome: "failed", reason: "no luck" })], { title: "Bare" }),
	);
	expect(bare).toContain("no luck");
	expect(bare).not.toMatch(/Accuracy|NaN|undefined/);
	const one = reportText(buildReport([small[0]], { title: "One" }));
	expect(one).toContain("There is one seed");
	expect(one).not.toContain("baseline");
});

describe("files", () => {
	const dir = join(root, "new", "folder");
	const report = buildReport(small, options);
	const paths = writeReport(report, dir);
	const read = (name: string) => readFileSync(join(dir, name), "utf8");

	test("are all there, and nothing else is", () => {
		for (const path of paths) expect(existsSync(path)).toBe(true);
		expect(paths).toEqual(expect.arrayContaining([join(dir, "report.md"), join(dir, "runs.csv")]));
	});

	test("CSV: a row a configuration and domain, and one a run", () => {
		const table = (name: string) => {
			const [head, ...rows] = read(name).trimEnd().split("\r\n");
			return rows.map((row) =>
				Object.fromEntries(row.split(",").map((cell, i) => [head.split(",")[i], cell] as const)),
			);
		};
		expect(table("results.csv")).toMatchObject([
			{
				kl: "a",
				"kl.beta": "0.1",
				mean: "0.5",
				mean_p: "",
				achieved_kl: "2.5",
				is_baseline: "true",
				baseline: "",
			},
			{ kl: "b", mean: "0.80833333", mean_difference: "0.26666667", baseline: "kl=a kl.beta=0.1" },
		]);
		expect(table("runs.csv")).toHaveLength(4);
		expect(table("runs.csv")[3]).toMatchObject({
			seed: "2",
			collapsed_at: "2",
			"in-domain_mean": "0.86666667",
		});
	});

	test("JSON: the report without its curves", () => {
		const { configurations, ...rest } = JSON.parse(read("results.json")) as Report;
		expect(rest).toMatchObject({ title: "Small", baseline: { kl: "a" }, seeds: [1, 2] });
		expect(configurations[1].measures).toEqual(report.configurations[1].measures);
		expect(configurations[1].curves).toBeUndefined();
	});
});

test("numbers as they are shown", () => {
	expect([0.00004, 0.0123, 1].map(pValue)).toEqual(["<0.001", "0.012", "1.000"]);
	expect([0.0123, -0.5, -0.0001].map(signedPercent)).toEqual(["+1.2", "-50.0", "0.0"]);
	expect([1234567, 0.00001234, 12.345, null].map(number)).toEqual(["1.23e+6", "0.0000123", "12.3", "-"]);
	expect([share(null), difference(null), pValue(null)]).toEqual(["-", "-", "-"]);
	expect(ranges([1, 2, 3, 7, 9, 10])).toBe("1 to 3, 7, 9, 10");
	expect(nameOf({ kl: "k1", "kl.beta": "0.1", "a.b": "true" })).toBe("k1, beta 0.1, b true");
});
