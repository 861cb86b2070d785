import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { ThaliaError } from "../errors.ts";
import { scoreCompletion } from "./reward.ts";
import { loadTaskModule } from "./task-module.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-custom-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let modules = 0;

async function load(source: string) {
	const path = join(folder, `module-${++modules}.ts`);
	writeFileSync(path, source);
	return { path, ...(await loadTaskModule(path)) };
}

const rows = "Array.from({ length: 50 }, (_, n) => ({ n }))";

test.each([
	["rows", rows],
	["a function", `async () => ${rows}`],
	["a file beside the module", '"numbers.csv"'],
])("data: %s", async (_, data) => {
	writeFileSync(join(folder, "numbers.csv"), `n\n${Array.from({ length: 50 }, (_, n) => n).join("\n")}\n`);
	const { train, heldOut } = await load(`
		import type { CustomTask } from "thalia";
		export const task: CustomTask<{ n: number | string }> = {
			name: "double",
			data: ${data},
			prompt: (row) => \`twice \${row.n}\`,
			async reward({ row, completion, signal }) {
				if (signal.aborted) throw new Error("late");
				if (completion === "") throw new RangeError("nothing");
				return Number(completion) === 2 * Number(row.n) ? 1 : 0;
			},
			testFraction: 0.3,
		};
	`);
	expect([train.name, heldOut]).toEqual(["double", undefined]);
	const test = train.problems("test", 100, 1);
	expect(train.testProblems).toBe(test.length);
	const all = [...test, ...train.problems("train", 50 - test.length, 1)];
	expect(new Set(all.map(({ id }) => id)).size).toBe(50);
	const problem = all.find(({ prompt }) => prompt === "twice 21")!;
	const score = (completion: string) => scoreCompletion(train.reward, { problem, completion });
	expect(await score("42")).toEqual({ reward: 1 });
	expect(await score("41")).toEqual({ reward: 0 });
	expect(JSON.stringify(await score(""))).toMatch(/^\{"error":"RangeError: nothing \(at /);
});

test("the one that is shipped", async () => {
	const { train } = await loadTaskModule(
		fileURLToPath(new URL("../../recipes/tasks/capitals.ts", import.meta.url)),
	);
	const problem = train.problems("train", 100, 1).find(({ prompt }) => prompt === "up river\n")!;
	const score = (completion: string) => scoreCompletion(train.reward, { problem, completion });
	expect(await score("RIVER")).toEqual({ reward: 1 });
	expect(await score("RIVERRIVER")).toEqual({ reward: 0.5 });
	expect(await score("river")).toEqual({ reward: 0 });
	expect(train.testProblems).toBeGreaterThan(5);
});

describe("refuses", () => {
	const rest = "prompt: (row) => row.q, reward: () => 1";
	test.each([
		["null", 'for export "task" of PATH but received null'],
		[
			`{ data: 3, ${rest} }`,
			'a file\'s path, rows or a function for data in export "task" of PATH but received 3',
		],
		["{ data: [], reward: () => 1 }", 'Expected a function for prompt in export "task" of PATH'],
		["{ data: [], prompt: () => 'x' }", 'Expected a function for reward in export "task" of PATH'],
		[
			`{ data: [], ${rest}, testFraction: 1 }`,
			"Expected a number of at least 0 and below 1 for testFraction",
		],
		[`{ data: [], ${rest}, name: "" }`, "Expected a text for name"],
		[`{ data: [], ${rest} }`, 'Expected rows to train on for task of PATH but received "0 rows"'],
		[`{ data: [3], ${rest} }`, "Expected rows, each an object for data"],
		[
			`{ data: () => { throw new Error("no net"); }, ${rest} }`,
			'data in export "task" of PATH failed: Error: no net',
		],
		[`{ data: [{ q: "a" }, { q: "" }], ${rest} }`, "Expected a text that is not empty for prompt"],
		[
			`{ data: [{}], prompt: (row) => row.q.x, reward: () => 1 }`,
			'prompt in export "task" of PATH, of row:1 failed',
		],
		[`{ data: "nowhere.csv", ${rest} }`, "nowhere.csv but it cannot be read"],
	])("%s", async (task, message) => {
		const error: unknown = await load(`export const task = ${task};`).catch((reason: unknown) => reason);
		const path = join(folder, `module-${modules}.ts`);
		expect(error).toBeInstanceOf(ThaliaError);
		expect((error as Error).message).toContain(message.replace("PATH", path));
	});
});
