import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadRecords } from "../load-records.ts";
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
