import { basename, dirname, resolve } from "node:path";
import { expected, ThaliaError } from "../errors.ts";
import { listedProblems } from "./datasets/dataset-task.ts";
import { readRows } from "./datasets/read-rows.ts";
import type { Row } from "./datasets/row.ts";
import type { Problem } from "./family.ts";
import { reasonOf } from "./reward.ts";
import { isInTestShare } from "./split.ts";
import type { Task } from "./task.ts";

/** A task of one's own in the simple form: rows, a prompt for each, and a reward. */
export interface CustomTask<R extends object = Record<string, unknown>> {
	/** Default: the module's name. */
	readonly name?: string;
	/** Rows, what gives them, or a file of them (JSON lines, JSON, CSV, Parquet), relative to the module. */
	readonly data: string | readonly R[] | (() => readonly R[] | Promise<readonly R[]>);
	readonly prompt: (row: R) => string;
	/** A finite number, 1 or more for a pass. May throw: then the completion has no reward. */
	readonly reward: (input: {
		readonly row: R;
		readonly completion: string;
		/** Aborted when the time for this completion is over. */
		readonly signal: AbortSignal;
	}) => number | Promise<number>;
	/** Share of the rows for the in-domain evaluation, by a hash of the prompt; default 0.1. */
	readonly testFraction?: number;
}

const fix =
	"write `export const task: CustomTask = { data, prompt: (row) => ..., reward: ({ row, completion }) => ... }`";

/**
 * The task that a module's `task` stands for.
 * @param path of the module
 * @throws ThaliaError `task-module`, and those of `readRows`
 */
export async function openCustomTask(value: unknown, path: string): Promise<Task> {
	const task = checked(value, path);
	const { reward, testFraction = 0.1 } = task;
	const name = task.name ?? basename(path).replace(/\.[^.]*$/, "");
	const rows = new Map<string, object>();
	const [train, test]: [Problem[], Problem[]] = [[], []];
	for (const { at, values } of await rowsOf(task, path)) {
		const prompt = promptOf(task, values, at, path);
		const id = `${name}:${basename(at)}`;
		rows.set(id, values);
		const list = isInTestShare(prompt.trim().replaceAll(/\s+/g, " "), testFraction) ? test : train;
		list.push({ id, family: name, level: 0, prompt, answer: "", solution: "" });
	}
	if (train.length === 0) {
		const of = `${train.length + test.length} rows`;
		throw expected(
			"task-module",
			"rows to train on",
			`task of ${path}`,
			of,
			"give more rows, or a smaller testFraction",
		);
	}
	return {
		...listedProblems({ name, train, test }),
		reward: ({ problem, completion, signal }) =>
			reward({ row: rows.get(problem.id) as Record<string, unknown>, completion, signal }),
	};
}

function checked(value: unknown, path: string): CustomTask {
	const subject = `export "task" of ${path}`;
	if (value === null || typeof value !== "object")
		throw expected("task-module", "a task (data, prompt, reward)", subject, value, fix);
	const { name, data, prompt, reward, testFraction } = value as { [key in keyof CustomTask]: unknown };
	const wrong = (what: string, key: string, received: unknown) =>
		expected("task-module", what, `${key} in ${subject}`, received, fix);
	if (name !== undefined && (typeof name !== "string" || name === "")) throw wrong("a text", "name", name);
	if (typeof data !== "string" && typeof data !== "function" && !Array.isArray(data))
		throw wrong("a file's path, rows or a function", "data", data);
	if (typeof prompt !== "function") throw wrong("a function", "prompt", prompt);
	if (typeof reward !== "function") throw wrong("a function", "reward", reward);
	const share = testFraction ?? 0;
	if (!(typeof share === "number" && share >= 0 && share < 1))
		throw wrong("a number of at least 0 and below 1", "testFraction", testFraction);
	return value as CustomTask;
}

async function rowsOf({ data }: CustomTask, path: string): Promise<Row[]> {
	if (typeof data === "string") return readRows(resolve(dirname(path), data));
	let rows: unknown;
	try {
		rows = typeof data === "function" ? await data() : data;
	} catch (cause) {
		throw new ThaliaError("task-module", `data in export "task" of ${path} failed: ${reasonOf(cause)}`, {
			cause,
		});
	}
	const isRow = (row: unknown): row is Row["values"] => typeof row === "object" && row !== null;
	if (!Array.isArray(rows) || !rows.every(isRow))
		throw expected("task-module", "rows, each an object", `data in export "task" of ${path}`, rows, fix);
	return rows.map((values, i) => ({ at: `row:${i + 1}`, values }));
}

function promptOf({ prompt }: CustomTask, row: Row["values"], at: string, path: string): string {
	const subject = `prompt in export "task" of ${path}, of ${at}`;
	let text: unknown;
	try {
		text = prompt(row);
	} catch (cause) {
		throw new ThaliaError("task-module", `${subject} failed: ${reasonOf(cause)}`, { cause });
	}
	if (typeof text === "string" && text.trim() !== "") return text;
	throw expected("task-module", "a text that is not empty", subject, text, fix);
}
