import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ThaliaError } from "../../errors.ts";
import { loadTask, type TaskEntry } from "../load-task.ts";
import { scoreCompletion } from "../reward.ts";
import type { FetchRepository } from "./fetch-repository.ts";
import { openDataset } from "./open-dataset.ts";
import type { DatasetEntry, FileEntry } from "./schema.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-own-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, rows: readonly object[]): string {
	const path = join(folder, name);
	writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
	return path;
}

const sums = (count: number, from = 0) =>
	Array.from({ length: count }, (_, i) => ({ q: `${i + from} + 1 = ?`, a: i + from + 1 }));
const fields = { question: "q", answer: "a" };
const own = (file: string, more: Partial<FileEntry> = {}): FileEntry => ({
	...{ file, fields, verifier: "math" },
	...more,
});

async function refusal(action: Promise<unknown>): Promise<ThaliaError> {
	const error: unknown = await action.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (error instanceof ThaliaError) return error;
	throw error instanceof Error ? error : new Error("nothing was refused");
}

test("problems of one's own file, and what the verifier says of completions", async () => {
	const prompt = "{q}\nAnswer in \\boxed{}. Level {level}.";
	const file = write("mine.jsonl", [{ q: "1+1?", a: 2, level: "Level 3", solution: "two" }]);
	const { task } = await loadTask([own(file, { prompt, testFraction: 0 })], "train");
	expect(task.testProblems).toBe(0);
	const [problem] = task.problems("train", 1, 1);
	expect(problem).toEqual({
		...{ id: "mine:mine.jsonl:1", family: "mine", level: 3, answer: "2", solution: "two" },
		prompt: "1+1?\nAnswer in \\boxed{}. Level Level 3.".replace("Level Level 3", "Level 3"),
	});
	const score = (completion: string) => scoreCompletion(task.reward, { problem, completion });
	expect(await score("so \\boxed{2}")).toMatchObject({ reward: 1 });
	expect(await score("so \\boxed{3}")).toMatchObject({ reward: 0 });
});

test("a stable split of one file, and a new order of training for every seed", async () => {
	const entry = own(write("many.jsonl", sums(1000)), { testFraction: 0.2 });
	const { task } = await loadTask([entry], "train");
	const test = task.problems("test", 5000, 1);
	const train = task.problems("train", 1000 - test.length, 1);
	expect(test.length).toBeGreaterThan(150);
	expect(test.length).toBeLessThan(250);
	expect(new Set([...test, ...train].map(({ id }) => id)).size).toBe(1000);
	expect(task.problems("test", 50, 3)).toEqual(task.problems("test", 50, 3));
	expect(task.problems("train", 50, 3)).toEqual(task.problems("train", 50, 3));
	expect(task.problems("train", 50, 3)).not.toEqual(task.problems("train", 50, 4));
	// More than there are: every one once before any comes twice.
	const twice = task.problems("train", 2 * train.length, 5).map(({ id }) => id);
	expect(new Set(twice.slice(0, train.length)).size).toBe(train.length);
	// A row stays on its side whatever is added to the file.
	const more = await loadTask([own(write("more.jsonl", sums(1500)), { testFraction: 0.2 })], "train");
	const prompts = new Set(more.task.problems("test", 5000, 1).map(({ prompt }) => prompt));
	expect(test.every(({ prompt }) => prompts.has(prompt))).toBe(true);
	for (const bad of [-1, 1.5])
		expect(() => task.problems("train", bad, 1)).toThrow("Expected a whole number");
});

test("rows that are in the test file are not trained on", async () => {
	const entry = own(write("t.jsonl", sums(20)), { testFile: write("u.jsonl", sums(8, 15)) });
	const { task, notes } = await loadTask([entry], "train");
	expect(task.problems("test", 100, 1)).toHaveLength(8);
	expect(new Set(task.problems("train", 100, 1).map(({ id }) => id)).size).toBe(15);
	expect(notes).toEqual(["t: 5 training rows left out that are test rows too"]);
});

test("data for evaluation alone is all for testing", async () => {
	const { task } = await loadTask([own(write("held.jsonl", sums(30)))], "heldOut");
	expect(task.problems("test", 100, 1)).toHaveLength(30);
	expect(() => task.problems("train", 1, 1)).toThrow(
		"Expected train problems for data set held but received 0",
	);
});

test("limit and filter", async () => {
	const rows = sums(40).map((row, i) => ({ ...row, kind: i % 4, old: i < 8 ? "yes" : null }));
	const file = write("kinds.jsonl", rows);
	const size = async (more: Partial<FileEntry>) =>
		(await openDataset(own(file, { testFraction: 0, ...more }))).train.length;
	expect(await size({ limit: 7 })).toBe(7);
	expect(await size({ limit: 70 })).toBe(40);
	expect(await size({ filter: { kind: 1 } })).toBe(10);
	expect(await size({ filter: { kind: ["1", 2], old: { present: true } } })).toBe(4);
	expect(await size({ filter: { kind: { not: [0] } } })).toBe(30);
	expect(await size({ filter: { old: { present: false } } })).toBe(32);
	expect((await refusal(size({ filter: { kind: 9 } }))).message).toContain(
		"its filters leave none of the 40 rows",
	);
});

describe("bad rows", () => {
	const file = write("bad.jsonl", [{ q: "x", a: 1 }, { q: " ", a: 1 }, { a: 2 }, { q: "y", a: null }]);

	test("are refused, with file and row", async () => {
		const error = await refusal(openDataset(own(file)));
		expect(error.code).toBe("dataset-row");
		expect(error.message).toBe(`Expected a value for question (column q) in ${file}:2; it has q, a`);
		expect(error.fix).toContain("badRows: skip");
	});

	test("or left out and counted", async () => {
		const { skipped, train, test: held } = await openDataset(own(file, { badRows: "skip" }));
		expect([skipped, train.length + held.length]).toEqual([3, 1]);
		const { notes } = await loadTask([own(file, { badRows: "skip", testFraction: 0 })], "train");
		expect(notes).toEqual([expect.stringContaining("bad: 3 bad rows left out, the first: Expected a value")]);
	});

	test("ids that come twice, choices that are none", async () => {
		const ids = write("ids.jsonl", [
			{ id: 1, q: "x", a: 1 },
			{ id: 1, q: "y", a: 1 },
		]);
		const message = `Expected an id of its own for ${ids}:2 but ${ids}:1 has 1 too`;
		expect((await refusal(openDataset(own(ids)))).message).toBe(message);
		const one = write("one.jsonl", [{ q: "x", a: 1, c: ["only"] }]);
		const entry = own(one, { fields: { ...fields, choices: "c" } });
		expect((await refusal(openDataset(entry))).message).toContain("Expected 2 to 26 choices in column c");
	});
});

test("choices of several columns", async () => {
	const path = join(folder, "quiz.csv");
	writeFileSync(path, "question,a,b,c,right\nWhich?,x,y,z,1\n");
	const entry: DatasetEntry = {
		file: path,
		fields: { choices: { columns: ["a", "b", "c"] }, answer: { from: "right", as: "letter" } },
		prompt: "{question}\n{choices}",
		verifier: "multiple-choice",
	};
	const { train, test: held } = await openDataset(entry);
	expect([...train, ...held]).toEqual([
		expect.objectContaining({ prompt: "Which?\nA. x\nB. y\nC. z", answer: "B", choices: ["x", "y", "z"] }),
	]);
});

describe("refuses", () => {
	test("no rows, no file, no split", async () => {
		const none = write("none.jsonl", []);
		expect((await refusal(openDataset(own(none)))).message).toBe(
			`Expected rows for data set none but ${none} has none`,
		);
		expect((await refusal(openDataset(own(join(folder, "no.jsonl"))))).code).toBe("dataset-file");
		const card = await refusal(openDataset({ dataset: "gsm8k" }));
		expect(card.message).toContain("a data folder with gsm8k-train.jsonl, gsm8k-test.jsonl");
		expect(card.fix).toContain("THALIA_DATA");
		expect((await refusal(openDataset({ dataset: "gsm8k" }, { dataDir: folder }))).message).toContain(
			`Expected ${join(folder, "gsm8k-train.jsonl")}`,
		);
		const all = own(write("all.jsonl", sums(5)), { testFraction: 1 });
		const split = await refusal(loadTask([all], "train"));
		expect(split.message).toBe("Expected training problems for data set all under task.train but received 0");
		expect(split.fix).toContain("task.heldOut");
	});

	test("two data sets of one name", async () => {
		const file = write("same.jsonl", sums(50));
		const error = await refusal(loadTask([own(file), own(file, { limit: 3 })], "train"));
		expect(error.message).toContain("same twice");
		const { task } = await loadTask([own(file), own(file, { limit: 3, name: "few" })], "train");
		expect(task.name).toBe("same+few");
	});
});

test("families and data sets side by side, by weight, each with its own reward", async () => {
	const entries: TaskEntry[] = [
		{ family: "add", levels: [2], weight: 1 },
		own(write("left.jsonl", sums(400)), { weight: 2 }),
		own(write("right.jsonl", sums(400, 1000)), { weight: 1, testFraction: 0.01 }),
	];
	const { task } = await loadTask(entries, "train");
	const count = (problems: readonly { family: string }[], name: string) =>
		problems.filter(({ family }) => family === name).length;
	const train = task.problems("train", 1000, 1);
	expect(train).toEqual(task.problems("train", 1000, 1));
	expect(count(train, "left")).toBeGreaterThan(430);
	expect(count(train, "left")).toBeLessThan(570);
	expect(count(train, "add") + count(train, "left") + count(train, "right")).toBe(1000);
	const test = task.problems("test", 32, 1);
	expect(test).toHaveLength(32);
	expect(count(test, "right")).toBeLessThan(8);
	expect(Math.abs(count(test, "left") - 2 * count(test, "add"))).toBeLessThanOrEqual(2);
	const add = train.find(({ family }) => family === "add")!;
	const left = train.find(({ family }) => family === "left")!;
	const score = (problem: typeof add, completion: string) =>
		scoreCompletion(task.reward, { problem, completion });
	expect(await score(add, add.solution)).toMatchObject({ reward: 1 });
	expect(await score(left, `\\boxed{${left.answer}}`)).toMatchObject({ reward: 1 });
	expect(await score(left, `#${left.answer}0`)).toMatchObject({ reward: 0 });
});

describe("the hub", () => {
	const dir = join(folder, "repository");
	const files = {
		"main/train-00000-of-00001.jsonl": sums(6),
		"main/test-00000-of-00001.jsonl": sums(3, 100),
	};
	const seen: string[] = [];
	const fetchRepository: FetchRepository = async ({ id, revision }, { wants }) => {
		const { mkdirSync } = await import("node:fs");
		mkdirSync(join(dir, "main"), { recursive: true });
		for (const [path, rows] of Object.entries(files)) write(join("repository", path), rows);
		seen.push(`${id}@${revision ?? "main"}`);
		return {
			dir,
			commit: "0",
			files: [...Object.keys(files), "README.md", "other/train.jsonl"].filter(wants),
		};
	};

	test("files named after the splits, in the configuration's folder", async () => {
		const entry: DatasetEntry = {
			hub: "owner/sums",
			config: "main",
			revision: "abc",
			fields,
			verifier: "math",
		};
		const dataset = await openDataset(entry, { fetchRepository });
		expect([dataset.name, dataset.train.length, dataset.test.length]).toEqual(["sums", 6, 3]);
		expect(seen).toContain("owner/sums@abc");
	});

	test("files by name", async () => {
		const entry: DatasetEntry = {
			...{ hub: "owner/sums", fields, verifier: "math" },
			files: { train: "main/train-*.jsonl" },
		};
		const { task } = await loadTask([entry], "heldOut", { fetchRepository });
		expect(task.problems("test", 100, 1)).toHaveLength(6);
		const none: DatasetEntry = { ...entry, files: { train: "none/*.jsonl" } };
		expect((await refusal(openDataset(none, { fetchRepository }))).message).toContain(
			"Expected files like none/*.jsonl for split train of owner/sums",
		);
	});

	test("out of reach", async () => {
		const entry: DatasetEntry = { hub: "owner/sums", fields, verifier: "math" };
		expect((await refusal(openDataset(entry))).code).toBe("dataset-hub");
	});
});
