import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { expected, ThaliaError } from "../errors.ts";
import type { Task } from "./task.ts";

/** What a module of a recipe's `task.module` exports. */
export interface TaskModule {
	/** RL learns from its train split; its test split is the in-domain evaluation. */
	readonly train: Task;
	/** Out-of-domain evaluation, on its test split. */
	readonly heldOut?: Task;
}

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
		exports = await createJiti(import.meta.url).import(pathToFileURL(path).href);
	} catch (cause) {
		throw new ThaliaError("task-module", `${path} does not load: ${(cause as Error).message}`, { cause });
	}
	const { train, heldOut } = exports;
	if (!isTask(train)) throw notATask(path, "train", train);
	if (heldOut === undefined) return { train };
	if (!isTask(heldOut)) throw notATask(path, "heldOut", heldOut);
	return { train, heldOut };
}

function isTask(value: unknown): value is Task {
	const { name, problems, reward } = (value ?? {}) as Partial<Record<keyof Task, unknown>>;
	return typeof name === "string" && typeof problems === "function" && typeof reward === "function";
}

function notATask(path: string, name: string, received: unknown): ThaliaError {
	const fix = `write \`export const ${name}: Task = { name, problems(split, count, seed) {...}, reward({ problem, completion }) {...} }\``;
	return expected(
		"task-module",
		"a task (name, problems, reward)",
		`export "${name}" of ${path}`,
		received,
		fix,
	);
}
