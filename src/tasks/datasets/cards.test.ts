import { describe, expect, test } from "vitest";
import { realData } from "../../testing/data.ts";
import { loadTask } from "../load-task.ts";
import { readCard } from "./card.ts";
import { cardNames } from "./card-names.ts";
import { openDataset } from "./open-dataset.ts";
import type { DatasetEntry } from "./schema.ts";

test.each(cardNames)("card %s is what its file's name says", (name) => {
	expect(readCard(name).name).toBe(name);
});

/** Rows of the files and problems after the filters, by split. */
const counts = {
	"math-train": { rows: [7498, 500], problems: [7473, 500] },
	"math-12k": { rows: [12_498, 500], problems: [11_951, 500] },
	"math-test": { rows: [0, 5000], problems: [0, 5000] },
	math500: { rows: [0, 500], problems: [0, 500] },
	gsm8k: { rows: [7473, 1319], problems: [7473, 1319] },
	"mmlu-college-physics": { rows: [0, 1010], problems: [0, 102] },
	"mmlu-college-chemistry": { rows: [0, 1010], problems: [0, 100] },
	"mmlu-college-biology": { rows: [0, 1010], problems: [0, 144] },
	"mmlu-high-school-physics": { rows: [0, 1010], problems: [0, 151] },
	"mmlu-high-school-chemistry": { rows: [0, 1010], problems: [0, 203] },
	"mmlu-high-school-biology": { rows: [0, 1010], problems: [0, 310] },
	countdown: { rows: [10_213, 1024], problems: [10_213, 1024] },
	aime2024: { rows: [0, 30], problems: [0, 30] },
	aime2025: { rows: [0, 30], problems: [0, 30] },
	amc2023: { rows: [0, 40], problems: [0, 40] },
} as const;

test("every card of one data set is counted here", () => {
	expect(Object.keys(counts).sort()).toEqual(cardNames.filter((name) => !("group" in readCard(name))));
});

describe.runIf(realData !== undefined)("the real files", () => {
	test.each(Object.entries(counts))("%s", async (name, { rows, problems }) => {
		const dataset = await openDataset({ dataset: name }, { dataDir: realData });
		console.log(`${name}: ${rows.join(" + ")} rows, ${problems.join(" + ")} train and test problems`);
		expect([dataset.rows.train, dataset.rows.test]).toEqual(rows);
		expect([dataset.train.length, dataset.test.length]).toEqual(problems);
		expect([dataset.skipped, dataset.shared]).toEqual([0, 0]);
		const all = [...dataset.train, ...dataset.test];
		expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
		expect(all.every(({ family, prompt, answer }) => family === name && prompt !== "" && answer !== "")).toBe(
			true,
		);
		const trained = new Set(dataset.train.map(({ prompt }) => prompt));
		expect(dataset.test.filter(({ prompt }) => trained.has(prompt))).toEqual([]);
	});

	test("a group is its members, each under its name", async () => {
		const { task } = await loadTask([{ dataset: "mmlu-science" }], "heldOut", { dataDir: realData });
		const problems = task.problems("test", 5000, 1);
		expect(problems).toHaveLength(1010);
		expect(
			task.problems("test", 60, 1).filter(({ family }) => family === "mmlu-college-biology"),
		).toHaveLength(10);
	});

	test("GSM8K's answers as its solutions have them", async () => {
		const { train, test } = await openDataset({ dataset: "gsm8k" }, { dataDir: realData });
		for (const { answer, solution } of [...train, ...test])
			expect(solution.slice(solution.indexOf("#### ") + 5).replaceAll(",", "")).toBe(answer);
	});

	test("examples come before the question", async () => {
		const entry = { dataset: "mmlu-college-physics", shots: 5 } as const;
		const { test: problems } = await openDataset(entry, { dataDir: realData });
		expect(problems).toHaveLength(102);
		expect(problems[0].prompt.match(/The answer is \([ABCD]\)\.\n\n/g)).toHaveLength(5);
	});

	test("levels", async () => {
		const entry: DatasetEntry = { dataset: "math-train", filter: { level: [1, 2] } };
		const { train } = await openDataset(entry, { dataDir: realData });
		expect(new Set(train.map(({ level }) => level))).toEqual(new Set([1, 2]));
		const unknown = await openDataset({ dataset: "math-train" }, { dataDir: realData });
		expect(unknown.train.filter(({ level }) => level === 0)).toHaveLength(2);
	});
});
