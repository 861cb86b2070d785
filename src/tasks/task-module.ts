import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { expected, ThaliaError } from "../errors.ts";
import { openCustomTask } from "./custom-task.ts";
import type { Problem } from "./family.ts";
import { reasonOf } from "./reward.ts";
import type { Task } from "./task.ts";

/** What a module of a recipe's `task.module` exports, unless it exports one `task` (a CustomTask). */
export interface TaskModule {
	/** RL learns from its train split; its test split is the in-domain evaluation. */
	readonly train: Task;
	/** Out-of-domain evaluation, on its test split. */
	readonly heldOut?: Task;
}

/** What a module anywhere on the disk gets for `import ... from "thalia"`: this very program, installed there or not. */
const thalia = createRequire(import.meta.url).resolve("thalia");

/**
 * Loads tasks written in TypeScript or JavaScript; types are erased, not checked.
 * @param path absolute
 * @throws ThaliaError `task-module` for a file that is missing, does not load, or exports no task
 */
export async function loadTaskModule(path: string): Promise<TaskModule> {
	if (!existsSync(path)) {
		throw new ThaliaError("task-module", `Expected a task module at ${path} but there is none`);
	}
	let exports: Record<string, unknown>;
	try {
		exports = await createJiti(import.meta.url, { alias: { thalia } }).import(pathToFileURL(path).href);
	} catch (cause) {
		throw new ThaliaError("task-module", `${path} does not load: ${reasonOf(cause)}`, { cause });
	}
	if (exports.task !== undefined && exports.train === undefined)
		return { train: await openCustomTask(exports.task, path) };
	const train = taskOf(exports, "train", path);
	return exports.heldOut === undefined ? { train } : { train, heldOut: taskOf(exports, "heldOut", path) };
}

const members = { name: "string", problems: "function", reward: "function" } as const;

function taskOf(exports: Record<string, unknown>, name: string, path: string): Task {
	const task = exports[name];
	const subject = `export "${name}" of ${path}`;
	const fix = `write \`export const ${name}: Task = { name, problems(split, count, seed) {...}, reward({ problem, completion }) {...} }\``;
	if (task === undefined) {
		const names = Object.keys(exports).join(", ") || "nothing";
		throw new ThaliaError("task-module", `Expected a task as ${subject} but it exports ${names}`, { fix });
	}
	if (task === null || typeof task !== "object")
		throw expected("task-module", "a task (name, problems, reward)", subject, task, fix);
	for (const [member, type] of Object.entries(members)) {
		const value = (task as Record<string, unknown>)[member];
		if (typeof value !== type)
			throw expected("task-module", `a ${type}`, `${member} in ${subject}`, value, fix);
	}
	return withChecks(task as Task, subject);
}

/** The same task, which says where it is wrong as soon as it gives problems that are none. */
function withChecks(task: Task, subject: string): Task {
	return {
		name: task.name,
		...(task.testProblems === undefined ? {} : { testProblems: task.testProblems }),
		reward: (input) => task.reward(input),
		...(typeof task.sameAnswer === "function" ? { sameAnswer: task.sameAnswer } : {}),
		problems(split, count, seed) {
			let problems: unknown;
			try {
				problems = task.problems(split, count, seed);
			} catch (cause) {
				if (cause instanceof ThaliaError) throw cause;
				throw new ThaliaError("task-module", `problems in ${subject} failed: ${reasonOf(cause)}`, { cause });
			}
			const what = `${split} problems, each with a text as id and as prompt`;
			if (!Array.isArray(problems) || (problems.length === 0 && count > 0))
				throw expected("task-module", what, `problems in ${subject}`, problems);
			const wrong: unknown = problems.find((problem) => !isProblem(problem));
			if (wrong !== undefined) throw expected("task-module", what, `problems in ${subject}`, wrong);
			return problems as Problem[];
		},
	};
}

function isProblem(value: unknown): boolean {
	const { id, prompt } = (value ?? {}) as Partial<Record<keyof Problem, unknown>>;
	return typeof id === "string" && typeof prompt === "string" && prompt !== "";
}
