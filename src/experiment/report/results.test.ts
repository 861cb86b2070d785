import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadRecords } from "../load-records.ts";
import { type Measure, scoreOf } from "../measures.ts";
import { pairedT } from "../paired-t.ts";
import { readExperiment } from "../read-experiment.ts";
import { buildReport, reportAs } from "./index.ts";

// What is published of the shipped experiments is what their records say.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const results = join(root, "docs/results");
const published = readdirSync(results, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test("there are results", () => {
	expect(published.map(({ name }) => name)).toContain("comedy");
});

test.each(published.map(({ name }) => name))(
	"docs/results/%s is what its records say",
	async (name) => {
		const file = ["recipes", "recipes/comedy"]
			.map((folder) => join(root, folder, `${name}.yaml`))
			.find((path) => existsSync(path))!;
		const { title, baseline, strength, paper, cells } = await readExperiment(file);
		const records = loadRecords([join(results, name)]);
		// Every run of the grid, and no other.
		expect(records.map((record) => record.name).sort()).toEqual(cells.map(({ id }) => id).sort());
		const report = buildReport(records, {
			...{ title, paper, strengthAxis: strength },
			...(baseline === undefined ? {} : { baseline }),
		});
		expect(reportAs(report, "csv")).toBe(readFileSync(join(results, name, "results.csv"), "utf8"));
	},
	120_000,
);

test("what docs/results/comedy.md adds to its tables is what the records say", () => {
	const page = readFileSync(join(results, "comedy.md"), "utf8").replaceAll(/\s+/g, " ");
	const records = loadRecords([join(results, "comedy")]);
	const of = (kl: string, lag: string) =>
		records.filter(({ labels }) => labels.kl === kl && labels.lag === lag);
	// k1 in the reward less k3 in the loss, averaged over the strengths, seed by seed.
	const averaged = (domain: string, what: Measure) => {
		const meanOf = (kl: string, seed: number) => {
			const scores = of(kl, "0").flatMap((r) =>
				r.seed === seed ? (scoreOf(r.after, domain, what) ?? []) : [],
			);
			expect(scores.length).toBe(4);
			return scores.reduce((sum, score) => sum + score, 0) / scores.length;
		};
		const { mean, low, high } = pairedT(
			[1, 2, 3, 4, 5].map((seed) => 100 * (meanOf("k1-reward", seed) - meanOf("k3-loss", seed))),
		)!;
		const points = (value: number) => `${value < 0 ? "" : "+"}${value.toFixed(1)}`;
		return `${points(mean)} [${points(low)}, ${points(high)}]`;
	};
	expect(page).toContain(`it is ${averaged("in-domain", "mean")} points of mean@8 in domain`);
	expect(page).toContain(`${averaged("in-domain", "greedy")} greedy`);
	expect(page).toContain(`${averaged("out-of-domain", "mean")} out of domain`);
	for (const kl of ["k1-loss", "k1-both"]) {
		const steps = of(kl, "10").flatMap(({ collapsedAt }) => collapsedAt ?? []);
		expect(steps.length).toBe(20);
		expect(page).toContain(`at step ${Math.min(...steps)} to ${Math.max(...steps)}`);
	}
});

test("the table of docs/results/lag.md is what the records say", () => {
	const page = readFileSync(join(results, "lag.md"), "utf8");
	const records = loadRecords([join(results, "lag")]);
	const lags = ["1", "2", "4", "10"];
	const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
	const run = (kl: string, lag: string, seed: number) =>
		records.find((r) => r.labels.kl === kl && r.labels.lag === lag && r.seed === seed)!;
	const achieved = (kl: string, lag: string) =>
		mean(
			[1, 2, 3].flatMap((seed) =>
				run(kl, lag, seed)
					.series.kl.slice(-10)
					.map((value) => value!),
			),
		);
	const points = (kl: string, domain: string) => {
		const score = (of: string, lag: string, seed: number) =>
			scoreOf(run(of, lag, seed).after, domain, "mean")!;
		const bySeed = [1, 2, 3].map((seed) =>
			mean(lags.map((lag) => 100 * (score(kl, lag, seed) - score("k1-reward", lag, seed)))),
		);
		const { mean: difference, low, high } = pairedT(bySeed)!;
		const [a, b, c] = [difference, low, high].map((value) => {
			const text = Math.abs(value).toFixed(1);
			return text === "0.0" ? text : `${value < 0 ? "-" : "+"}${text}`;
		});
		return `${a} [${b}, ${c}]`;
	};
	const kls = ["none", "frozen", "k1-reward", "token", "prefix", "sequence", "rao-blackwell", "k3-loss"];
	for (const kl of [...kls, "w-k3-loss"]) {
		const differences = ["in-domain", "out-of-domain"].map((domain) =>
			kl === "k1-reward" ? "" : points(kl, domain),
		);
		const kept = lags.map((lag) => achieved(kl, lag).toFixed(2));
		expect(page).toContain(`| ${[kl, ...differences, ...kept].join(" | ")} |\n`);
	}
	const sizes = lags.map((lag) => {
		const runs = records.filter((r) => r.labels.lag === lag);
		const known = runs.map(({ series }) => series.sequenceEss.flatMap((value) => value ?? []));
		return [mean(known.map(mean)), mean(known.map((values) => Math.min(...values)))];
	});
	const tail = (kl: string) => {
		const most = [1, 2, 3].map((seed) =>
			Math.max(...run(kl, "10", seed).series.topWeightShare.map((value) => value!)),
		);
		return `${(100 * mean(most)).toFixed(0)}%`;
	};
	expect(page.replaceAll(/\s+/g, " ")).toContain(
		`carry ${tail("prefix")} (prefix) and ${tail("sequence")} (sequence) of all score weight; with k1-reward ${tail("k1-reward")}, rao-blackwell ${tail("rao-blackwell")}, token ${tail("token")}.`,
	);
	const percents = (which: number) => sizes.map((size) => `${(100 * size[which]).toFixed(0)}%`);
	expect(page).toContain(`| mean over the steps | ${percents(0).join(" | ")} |\n`);
	expect(page).toContain(`| lowest step | ${percents(1).join(" | ")} |\n`);
});

test("the ranges of docs/results/smollm2.md are what the records say", () => {
	const page = readFileSync(join(results, "smollm2.md"), "utf8").replaceAll(/\s+/g, " ");
	const records = loadRecords([join(results, "smollm2")]);
	const percents = (domain: string, ofMmlu: boolean, what: Measure) => {
		const each = records.map(({ after }) => {
			const { problems } = after!.find((scores) => scores.domain === domain)!;
			const own = problems.filter(({ family }) => family.startsWith("mmlu") === ofMmlu);
			const scores = own.map((problem) => problem[what]!);
			return Math.round((100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length);
		});
		return `${Math.min(...each)} and ${Math.max(...each)}%`;
	};
	expect(page).toContain(`from 15% right to between ${percents("in-domain", false, "mean")}`);
	expect(page).toContain(`from 11% to between ${percents("out-of-domain", false, "mean")}`);
	expect(page).toContain(`MMLU stays between ${percents("out-of-domain", true, "greedy")} of 38 questions`);
});
