import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Command, InvalidArgumentError } from "commander";
import { describe, expected, ThaliaError } from "../errors.ts";
import { toJsonLine } from "../runs/json-lines.ts";
import { makeVerifier, optionNames, verifierKinds } from "../tasks/verifiers/index.ts";
import type { Verdict, Verifier } from "../tasks/verifiers/verifier.ts";
import { between, jsonLinesOption, whole } from "./options.ts";

interface Options {
	readonly option: Readonly<Record<string, unknown>>;
	readonly concurrency: number;
	readonly timeout: number;
	readonly skipBadRows?: boolean;
	readonly list?: boolean;
}

interface Row {
	readonly id: string | number | null;
	readonly gold: string;
	readonly answer?: string;
	readonly completion?: string;
	readonly choices?: readonly string[];
}

type Result =
	| { id: Row["id"]; correct: boolean; extracted: string | null; reason: string }
	| { id: Row["id"]; error: string };

export function verifyCommand(): Command {
	return new Command("verify")
		.description("whether answers are right, by any of the verifiers")
		.usage("<name> [file] [options] < rows.jsonl")
		.argument("[name]", "of the verifier; --list says which there are")
		.argument("[file]", "of JSON lines; default: standard input")
		.option("--list", "the verifiers and their options")
		.option("--option <key=value>", "of the verifier; may be given several times", collectOption, {})
		.option("--concurrency <n>", "rows that are checked at the same time", whole(1), 4)
		.option("--timeout <seconds>", "for a row, where its verifier can wait", between(0.001), 60)
		.option("--skip-bad-rows", "count rows that are none instead of stopping at the first")
		.addOption(jsonLinesOption())
		.addHelpText(
			"after",
			`
A row is {"id":...,"gold":...} with either
  answer      an answer that stands alone, with or without $...$ or \\boxed{}
  completion  running text that the answer is looked for in
and may have "choices", a list of strings. For each row, in order, one line:
  {"id","correct","extracted","reason"}
  {"id","error"}   the verifier could not tell; such a row counts as neither
All rows are checked before the first is verified. Gold answers that are no
text are verified as their JSON.`,
		)
		.action(async (name: string | undefined, file: string | undefined, options: Options) => {
			if (options.list === true) list();
			else if (name === undefined)
				throw expected(
					"verifier-unknown",
					"a name",
					"a verifier",
					undefined,
					"`thalia verify --list` says which there are",
				);
			else await verify(makeVerifier(name, options.option), file, options);
		});
}

function list(): void {
	for (const kind of verifierKinds.values()) {
		const options = optionNames(kind);
		process.stdout.write(`${kind.name.padEnd(16)}${kind.description}\n`);
		if (options.length > 0) process.stdout.write(`${" ".repeat(16)}options: ${options.join(", ")}\n`);
	}
}

/** `trim=false` -> the value that JSON has for it, or else the text. */
function collectOption(text: string, before: Readonly<Record<string, unknown>>): Record<string, unknown> {
	const equals = text.indexOf("=");
	if (equals < 1) throw new InvalidArgumentError("Expected key=value.");
	const value = text.slice(equals + 1);
	try {
		return { ...before, [text.slice(0, equals)]: JSON.parse(value) as unknown };
	} catch {
		return { ...before, [text.slice(0, equals)]: value };
	}
}

async function verify(verifier: Verifier, file: string | undefined, options: Options): Promise<void> {
	const { rows, bad } = await readRows(file, options.skipBadRows === true);
	const counts = { correct: 0, wrong: 0, errors: 0 };
	const started = performance.now();
	let buffered = "";
	for await (const result of inOrder(rows, options.concurrency, (row) =>
		check(verifier, row, options.timeout),
	)) {
		if ("error" in result) counts.errors++;
		else if (result.correct) counts.correct++;
		else counts.wrong++;
		buffered += toJsonLine(result);
		// Few large writes instead of many small ones, but nothing waits for long.
		if (buffered.length > 2 ** 14) {
			await write(buffered);
			buffered = "";
		}
	}
	await write(buffered);
	const each = rows.length === 0 ? 0 : (performance.now() - started) / rows.length;
	const skipped = bad === 0 ? "" : `, ${bad} bad rows skipped`;
	process.stderr.write(
		`${rows.length} rows: ${counts.correct} correct, ${counts.wrong} wrong, ${counts.errors} errors${skipped}; ${each.toPrecision(3)} ms each\n`,
	);
}

function write(text: string): Promise<void> {
	return new Promise((resolve) => {
		if (text === "" || process.stdout.write(text)) resolve();
		else process.stdout.once("drain", resolve);
	});
}

/** What `work` makes of the items, in their order, with up to `limit` of them under way. */
async function* inOrder<T, R>(
	items: readonly T[],
	limit: number,
	work: (item: T) => R | Promise<R>,
): AsyncGenerator<R> {
	const running: (R | Promise<R>)[] = [];
	let next = 0;
	while (next < items.length || running.length > 0) {
		while (next < items.length && running.length < limit) running.push(work(items[next++]));
		yield await running.shift()!;
	}
}

function check(verifier: Verifier, row: Row, timeout: number): Result | Promise<Result> {
	const { id, gold, answer, completion, choices } = row;
	const controller = new AbortController();
	const failed = (error: unknown): Result => ({
		id,
		error: error instanceof Error ? error.message : describe(error),
	});
	const succeeded = ({ correct, extracted, reason }: Verdict): Result => ({ id, correct, extracted, reason });
	try {
		const verdict =
			answer === undefined
				? verifier.verify({
						gold,
						completion: completion!,
						signal: controller.signal,
						...(choices === undefined ? {} : { choices }),
					})
				: verifier.compare(gold, answer);
		if (!(verdict instanceof Promise)) return succeeded(verdict);
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<Result>((resolve) => {
			timer = setTimeout(() => {
				controller.abort();
				resolve({ id, error: `no verdict after ${timeout} s` });
			}, timeout * 1000);
		});
		return Promise.race([verdict.then(succeeded, failed), late]).finally(() => clearTimeout(timer));
	} catch (error) {
		return failed(error);
	}
}

async function readRows(file: string | undefined, skip: boolean): Promise<{ rows: Row[]; bad: number }> {
	const name = file ?? "standard input";
	const rows: Row[] = [];
	let bad = 0;
	let number = 0;
	for await (const line of createInterface({ input: await open(file), crlfDelay: Infinity })) {
		number++;
		if (line.trim() === "") continue;
		try {
			rows.push(rowOf(line, `${name}, line ${number}`));
		} catch (error) {
			if (!skip) throw error;
			bad++;
		}
	}
	return { rows, bad };
}

async function open(file: string | undefined): Promise<Readable> {
	if (file === undefined) {
		if (process.stdin.isTTY)
			process.stderr.write(
				'reading JSON lines from the terminal: {"id":1,"gold":"5","answer":"$5$"}, then Ctrl-D\n',
			);
		return process.stdin;
	}
	const found = await stat(file).catch(() => undefined);
	if (found?.isFile() !== true) throw expected("input-file", "a file of JSON lines", "verify", file);
	return createReadStream(file);
}

function rowOf(line: string, place: string): Row {
	const bad = (message: string, cause?: unknown) =>
		new ThaliaError("input-line", `${place}: ${message}`, {
			fix: 'a line is {"id":1,"gold":"5","answer":"$5$"} or {"id":1,"gold":"5","completion":"so x is 5"}',
			cause,
		});
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch (cause) {
		throw bad(`Expected JSON: ${(cause as Error).message}`, cause);
	}
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw bad(`Expected an object but received ${describe(value)}`);
	const { id = null, gold, answer, completion, choices } = value as Record<string, unknown>;
	if (id !== null && typeof id !== "string" && typeof id !== "number")
		throw bad(`Expected a text or a number for "id" but received ${describe(id)}`);
	if (gold === undefined || gold === null) throw bad('Expected "gold" but there is none');
	if ((answer === undefined) === (completion === undefined))
		throw bad(
			`Expected either "answer" or "completion" but there is ${answer === undefined ? "neither" : "both"}`,
		);
	const texts = { gold: asText(gold), ...(answer === undefined ? {} : { answer: asText(answer) }) };
	if (completion !== undefined && typeof completion !== "string")
		throw bad(`Expected text for "completion" but received ${describe(completion)}`);
	if (
		choices !== undefined &&
		!(Array.isArray(choices) && choices.every((choice) => typeof choice === "string"))
	)
		throw bad(`Expected a list of texts for "choices" but received ${describe(choices)}`);
	return {
		id,
		...texts,
		...(completion === undefined ? {} : { completion }),
		...(choices === undefined ? {} : { choices }),
	};
}

function asText(value: unknown): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}
