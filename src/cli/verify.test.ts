import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { thalia } from "../testing/child.ts";
import { jsonLines, refusalOf } from "../testing/command.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-verify-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

describe.concurrent("thalia verify", () => {
	const rows = [
		{ id: 1, gold: "\\frac12", answer: "$0.5$" },
		{ id: "b", gold: 7, completion: "so there are 8 of them" },
		{ gold: "", answer: "1" },
		{ id: "d", gold: { a: 1 }, answer: '{"a":1}' },
		{ id: "e", gold: "5", answer: "\\boxed{}" },
	];
	const verdicts = [
		{ id: 1, correct: true, extracted: "0.5", reason: "the same value" },
		{ id: "b", correct: false, extracted: "8", reason: "not the same value" },
		{ id: null, error: 'Expected an answer for gold but received ""' },
		{ id: "d", correct: true, extracted: '{"a":1}', reason: "the same text" },
		{ id: "e", correct: false, extracted: "", reason: "the answer is empty" },
	];

	test("rows of standard input, in order; an error of the verifier is no verdict", async ({ expect }) => {
		const { code, stdout, stderr } = await thalia(["verify", "math"], { input: lines(...rows) }).ended;
		expect(code).toBe(0);
		expect(jsonLines(stdout)).toEqual(verdicts);
		expect(stderr).toMatch(/^5 rows: 2 correct, 2 wrong, 1 errors; [\d.]+ ms each\n$/);
	});

	test("rows of a file", async ({ expect }) => {
		const file = join(root, "rows.jsonl");
		writeFileSync(file, lines(...rows));
		const { code, stdout } = await thalia(["verify", "math", file, "--concurrency", "1"]).ended;
		expect([code, jsonLines(stdout)]).toEqual([0, verdicts]);
	});

	test("thousands of rows", async ({ expect }) => {
		const many = Array.from({ length: 5000 }, (_, i) => ({
			id: i,
			gold: `${i}`,
			answer: `$${i % 2 === 0 ? i : -1}$`,
		}));
		const { stdout, stderr } = await thalia(["verify", "math"], { input: lines(...many) }).ended;
		expect(jsonLines<{ id: number }>(stdout).map(({ id }) => id)).toEqual(many.map(({ id }) => id));
		expect(stderr).toContain("5000 rows: 2500 correct, 2500 wrong, 0 errors");
	});

	test("no rows", async ({ expect }) => {
		const { code, stdout, stderr } = await thalia(["verify", "math"], { input: "\n" }).ended;
		expect([code, stdout]).toEqual([0, ""]);
		expect(stderr).toContain("0 rows");
	});

	test("options of the verifier", async ({ expect }) => {
		const args = ["verify", "exact", "--option", "ignoreCase=true", "--option", "trim=false"];
		const { stdout } = await thalia(args, {
			input: lines({ gold: "a", answer: "A" }, { gold: "a", answer: "a " }),
		}).ended;
		expect(jsonLines<{ correct: boolean }>(stdout).map(({ correct }) => correct)).toEqual([true, false]);
	});

	test("--list", async ({ expect }) => {
		const { code, stdout } = await thalia(["verify", "--list"]).ended;
		expect(code).toBe(0);
		for (const name of ["math", "gsm8k", "exact", "regex"])
			expect(stdout).toMatch(new RegExp(`^${name} `, "m"));
	});

	test.for<[string, string, string]>([
		["no JSON", "{", "line 2: Expected JSON"],
		["no object", "5", "line 2: Expected an object but received 5"],
		["no gold", '{"answer":"5"}', 'line 2: Expected "gold"'],
		["neither", '{"gold":"5"}', "there is neither"],
		["both", '{"gold":"5","answer":"5","completion":"5"}', "there is both"],
		["a completion that is no text", '{"gold":"5","completion":5}', '"completion"'],
		["choices that are none", '{"gold":"5","answer":"5","choices":[1]}', '"choices"'],
		["an id that is none", '{"id":[],"gold":"5","answer":"5"}', '"id"'],
	])("%s is refused before anything is verified, or skipped", async ([, line, says], { expect }) => {
		const input = `${lines(rows[0])}${line}\n${lines(rows[1])}`;
		expect(await refusalOf(["verify", "math"], input)).toContain(says);
		const { code, stdout, stderr } = await thalia(["verify", "math", "--skip-bad-rows"], { input }).ended;
		expect([code, jsonLines(stdout)]).toEqual([0, verdicts.slice(0, 2)]);
		expect(stderr).toContain("2 rows: 1 correct, 1 wrong, 0 errors, 1 bad rows skipped");
	});
});

test("what cannot be verified with", async () => {
	expect(await refusalOf(["verify", "mth"], "")).toContain("did you mean math?");
	expect(await refusalOf(["verify"], "")).toContain("--list");
	expect(await refusalOf(["verify", "math", join(root, "nothing.jsonl")])).toContain("nothing.jsonl");
	expect(await refusalOf(["verify", "exact", "--option", "trim=5"], "")).toContain("trim");
	expect(await refusalOf(["verify", "exact", "--option", "trim"], "")).toContain("Expected key=value");
});
