import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeRecords } from "../experiment/records-file.ts";
import type { Report } from "../experiment/report/index.ts";
import { thalia } from "../testing/child.ts";
import { refusalOf, resultOf } from "../testing/command.ts";
import { madeGrid } from "../testing/run-records.ts";
import { tinyRecipe } from "../testing/tiny-run.ts";
import { train } from "../trainer/train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-report-command-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const runs = join(root, "runs");
const estimators = ["k1", "k3"] as const;

beforeAll(async () => {
	for (const estimator of estimators) {
		for (const seed of [1, 2]) {
			const overrides = [
				`seed=${seed}`,
				`name=${estimator}-${seed}`,
				"kl.place=loss",
				`kl.estimator=${estimator}`,
			];
			await train(tinyRecipe(root, overrides), join(runs, `${estimator}-${seed}`));
		}
	}
}, 120_000);

const report = (...args: string[]) => resultOf<Report>(["report", "--format", "json", ...args]);

test("a folder of runs is grouped by the settings that differ", async () => {
	const { axes, configurations, seeds, domains, environment } = await report(runs);
	expect(axes).toEqual(["kl.estimator"]);
	expect(seeds).toEqual([1, 2]);
	expect(domains).toMatchObject([{ domain: "in-domain", problems: 3, samples: 2 }]);
	expect(configurations).toMatchObject([
		{ labels: { "kl.estimator": "k1" }, seeds: [1, 2], follows: { objective: "zero-mean-noise" } },
		{ labels: { "kl.estimator": "k3" }, seeds: [1, 2], follows: { objective: "local-forward-kl" } },
	]);
	expect(environment.find(({ fact }) => fact === "threads")).toEqual({ fact: "threads", values: { 1: 4 } });
	const baseline = await report(runs, "--baseline", "kl.estimator=k3");
	const { difference, p } = baseline.configurations[0].measures["in-domain"].mean;
	expect(difference).toMatchObject({ seeds: 2, problems: 3 });
	expect(p).toBeGreaterThan(0);
	expect(baseline.configurations[1].isBaseline).toBe(true);
});

test("text is what is printed; --out writes it in every form", async () => {
	const out = join(root, "out");
	const { code, stdout, stderr } = await thalia(["report", runs, "--out", out]).ended;
	expect(code).toBe(0);
	expect(stdout).toMatch(/^runs\n\nSummary\n/);
	const written = stderr.trim().split("\n");
	const tables = ["report.html", "report.md", "results.csv", "runs.csv", "results.json"];
	expect(written.slice(0, tables.length)).toEqual(tables.map((name) => join(out, name)));
	const figures = readdirSync(join(out, "figures"));
	expect(written.slice(tables.length).sort()).toEqual(
		figures.sort().map((name) => join(out, "figures", name)),
	);
	expect(figures.length).toBeGreaterThan(0);
	const markdown = readFileSync(join(out, "report.md"), "utf8");
	for (const name of figures) expect(markdown).toContain(`](figures/${name})`);
	// What is printed has no place for pictures.
	const printed = await thalia(["report", runs, "--format", "markdown"]).ended;
	expect(printed.stdout).not.toContain("![");
	expect(markdown.startsWith(printed.stdout.slice(0, 200))).toBe(true);
});

test("a run that is damaged is named, and left out where that is asked for", async () => {
	const damaged = join(root, "damaged");
	cpSync(runs, damaged, { recursive: true });
	writeFileSync(join(damaged, "k1-2", "manifest.json"), "{");
	expect(await refusalOf(["report", damaged])).toMatch(
		/Expected a run at .*k1-2 but received[^]*--skip-damaged/,
	);
	const { code, stdout, stderr } = await thalia(["report", damaged, "--skip-damaged"]).ended;
	expect([code, stderr.trim().split("\n").length]).toEqual([0, 1]);
	expect(stderr).toMatch(/^left out: .*k1-2/);
	expect(stdout).toMatch(/^runs +3, of 2 configurations$/m);
});

test("labels that no configuration has, and what is no label, are refused", async () => {
	expect(await refusalOf(["report", runs, "--baseline", "kl.estimator=k2"])).toContain(
		"kl.estimator is k1, k3",
	);
	expect(await refusalOf(["report", runs, "--baseline", "k3"])).toContain("Expected axis=label");
});

test("an experiment's records are reported by their labels", async () => {
	const file = join(root, "grid.jsonl.gz");
	writeRecords(file, madeGrid({ seeds: 2, problems: 10, steps: 10, betas: ["0.1"], lags: ["0"] }));
	const { stdout } = await thalia(["report", file, "--baseline", "kl=k3-loss,kl.beta=0.1", "--paper"]).ended;
	expect(stdout).toMatch(/^none +0 +none .* \+?-?\d+\.\d \[.*\] +(<0\.001|\d\.\d+)/m);
	expect(stdout).toContain("What the paper found");
});
