import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ThaliaError } from "../errors.ts";
import { scoreCompletion } from "./reward.ts";
import { loadTaskModule } from "./task-module.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-task-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let modules = 0;

function moduleOf(source: string, name = `module-${++modules}.ts`): string {
	const path = join(folder, name);
	writeFileSync(path, source);
	return path;
}

test("TypeScript, types and all, with modules beside it and an asynchronous reward", async () => {
	moduleOf("export const letters = (text: string): number => text.length;", "letters.ts");
	const path = moduleOf(
		`
		import { letters } from "./letters.ts";
		import { isCorrect, type Problem, type RewardFunction, type Task } from "thalia";

		enum Grade { wrong = 0, right = 2 }
		const reward: RewardFunction = async ({ problem, completion }) => {
			await new Promise((resolve) => setTimeout(resolve, 1));
			if (completion === "") throw new RangeError("empty");
			return isCorrect(problem, completion) ? Grade.right : letters(completion) satisfies number;
		};
		class Numbered implements Task {
			readonly name = "numbered";
			readonly #first: number = 40;
			problems(split: "train" | "test", count: number, seed: number): Problem[] {
				return Array.from({ length: count }, (_, i) => ({
					id: \`\${split} \${seed} \${i}\`,
					family: "numbered", level: 1, prompt: "?", answer: String(this.#first + i), solution: "",
				}));
			}
			reward = reward;
		}
		export const train: Task = new Numbered();
		`,
		"typed.ts",
	);
	const { train, heldOut } = await loadTaskModule(path);
	expect(heldOut).toBeUndefined();
	expect(train.name).toBe("numbered");
	const problems = train.problems("test", 3, 7);
	expect(problems.map(({ id }) => id)).toEqual(["test 7 0", "test 7 1", "test 7 2"]);
	const score = (completion: string) => scoreCompletion(train.reward, { problem: problems[2], completion });
	expect(await score("so it is #42")).toEqual({ reward: 2 });
	expect(await score("abc")).toEqual({ reward: 3 });
	expect(JSON.stringify(await score(""))).toMatch(/^\{"error":"RangeError: empty \(at .*typed\.ts:/);
});

test.each(["plain.js", "plain.mjs"])("JavaScript: %s", async (name) => {
	const path = moduleOf(
		`
		import { familyTask } from "thalia";
		export const train = { ...familyTask([{ family: "add", levels: [1] }], "mine"), reward: () => 0.5 };
		export const heldOut = familyTask([{ family: "sub" }, { family: "mul" }]);
		`,
		name,
	);
	const { train, heldOut } = await loadTaskModule(path);
	expect([train.name, heldOut?.name]).toEqual(["mine", "sub+mul"]);
	const [problem] = train.problems("train", 1, 1);
	expect(problem.family).toBe("add");
	expect(await scoreCompletion(train.reward, { problem, completion: "" })).toEqual({ reward: 0.5 });
	expect(heldOut!.problems("test", 5, 2)).toEqual(heldOut!.problems("test", 5, 2));
});

test("no problems are fine where none are asked for", async () => {
	const path = moduleOf('export const train = { name: "x", problems: () => [], reward: () => 1 };');
	expect((await loadTaskModule(path)).train.problems("test", 0, 1)).toEqual([]);
});

describe("refuses", () => {
	const refusal = async (path: string, use = false): Promise<ThaliaError> => {
		try {
			const { train } = await loadTaskModule(path);
			if (use) train.problems("test", 2, 1);
		} catch (error) {
			if (error instanceof ThaliaError) return error;
			throw error;
		}
		throw new Error("the module was accepted");
	};
	const task = (members: string) =>
		`export const train = { name: "x", problems: () => [], reward: () => 1, ${members} };`;

	test("a file that is not there", async () => {
		const error = await refusal(join(folder, "nowhere.ts"));
		expect(error).toMatchObject({
			code: "task-module",
			message: `Expected a task module at ${join(folder, "nowhere.ts")} but there is none`,
		});
	});

	test.each([
		["export const train = {", "does not load: "],
		["throw new RangeError('too early');", "does not load: RangeError: too early (at "],
		["throw 3;", "does not load: threw 3"],
		['import "./not-there.ts";', "does not load: Error: Cannot find module './not-there.ts'"],
	])("what does not load: %s", async (source, message) => {
		const path = moduleOf(source);
		const error = await refusal(path);
		expect(error.code).toBe("task-module");
		expect(error.message).toContain(`${path} ${message}`);
	});

	test.each([
		["export const trian = 1;", 'Expected a task as export "train" of PATH but it exports trian', "train"],
		["", 'Expected a task as export "train" of PATH but it exports nothing', "train"],
		["export const train = null;", 'for export "train" of PATH but received null', "train"],
		["export const train = () => 1;", 'for export "train" of PATH but received a function', "train"],
		[task("name: undefined"), 'Expected a string for name in export "train" of PATH', "train"],
		[task("problems: []"), 'Expected a function for problems in export "train" of PATH', "train"],
		[task("reward: 1"), 'Expected a function for reward in export "train" of PATH but received 1', "train"],
		[
			`${task("")} export const heldOut = {};`,
			'Expected a string for name in export "heldOut" of PATH but received undefined',
			"heldOut",
		],
	])("exports that are no task: %s", async (source, message, name) => {
		const path = moduleOf(source);
		const error = await refusal(path);
		expect(error.message).toContain(message.replace("PATH", path));
		expect(error.fix).toContain(`write \`export const ${name}: Task = { name, problems(split, count, seed)`);
	});

	test.each([
		["problems: async () => []", "but received a promise"],
		["problems: () => []", "but received an array of 0"],
		["problems: () => 3", "but received 3"],
		['problems: () => [{ id: "1", prompt: "a" }, { id: "2" }]', 'but received {"id":"2"}'],
		['problems: () => [{ id: "1", prompt: "" }]', 'but received {"id":"1","prompt":""}'],
		['problems: () => [{ id: 1, prompt: "a" }]', 'but received {"id":1,"prompt":"a"}'],
		["problems: () => [null]", "but received null"],
		["problems() { throw new Error('no data'); }", "of PATH failed: Error: no data (at "],
	])("problems that are none: %s", async (member, message) => {
		const path = moduleOf(task(member));
		const error = await refusal(path, true);
		expect(error.code).toBe("task-module");
		expect(error.message).toContain('problems in export "train"');
		expect(error.message).toContain(message.replace("PATH", path));
	});
});
