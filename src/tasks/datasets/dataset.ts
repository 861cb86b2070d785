import { basename } from "node:path";
import { expected, ThaliaError } from "../../errors.ts";
import type { Problem } from "../family.ts";
import { isInTestShare } from "../split.ts";
import type { Verifier } from "../verifiers/verifier.ts";
import { columnsOf, valueOf } from "./extract.ts";
import { passes } from "./filter.ts";
import { readRows } from "./read-rows.ts";
import { isPresent, type Row } from "./row.ts";
import { sample } from "./sample.ts";
import type { Card, Fields, Files, Filter } from "./schema.ts";
import { parseTemplate, show, showChoices, type Template } from "./template.ts";

/** Everything about a data set, its files found. */
export interface DatasetSpec {
	readonly name: string;
	/** Absolute paths by split. */
	readonly files: { readonly [split in keyof Files]?: readonly string[] };
	readonly fields: Fields;
	readonly prompt: string;
	readonly gold: string;
	readonly verifier: Verifier;
	readonly shots?: NonNullable<Card["shots"]>;
	readonly filters: readonly Filter[];
	readonly trainFilter: Filter;
	/** Of the rows of `train` where there is no `test`. */
	readonly testFraction: number;
	readonly limit?: number;
	readonly badRows: "refuse" | "skip";
}

/** Problems of a data set, read and checked. */
export interface Dataset {
	readonly name: string;
	readonly train: readonly Problem[];
	readonly test: readonly Problem[];
	readonly verifier: Verifier;
	/** Rows of the files, before any filter. */
	readonly rows: { readonly train: number; readonly test: number };
	/** Bad rows left out. */
	readonly skipped: number;
	/** What is wrong with the first of them. */
	readonly firstSkipped: string | null;
	/** Training rows left out because they are test rows too. */
	readonly shared: number;
}

/**
 * Reads a data set and makes its problems. Train and test never share one.
 * @throws ThaliaError `dataset-file`, `dataset-garbled`, `dataset-row` with file and row, `dataset-empty`
 */
export async function loadDataset(spec: DatasetSpec): Promise<Dataset> {
	const { name, files, limit } = spec;
	const maker = new ProblemMaker(spec, await examplesOf(spec));
	const [trainRows, testRows] = [await rowsOf(files.train), await rowsOf(files.test)];
	const filters = [...spec.filters, spec.trainFilter];
	if (files.test !== undefined) {
		const test = maker.problems(testRows, spec.filters);
		const texts = new Set(test.map(({ text }) => text));
		const made = maker.problems(trainRows, filters);
		const train = made.filter(({ text }) => !texts.has(text));
		return finish(train, test, made.length - train.length);
	}
	const share = spec.testFraction;
	const isTest = ({ text }: Made) => isInTestShare(text, share);
	const test = share === 0 ? [] : maker.problems(trainRows, spec.filters).filter(isTest);
	maker.forget();
	const train = share === 1 ? [] : maker.problems(trainRows, filters).filter((made) => !isTest(made));
	return finish(train, test, 0);

	function finish(train: readonly Made[], test: readonly Made[], shared: number): Dataset {
		if (train.length + test.length === 0) throw emptyOf(spec, trainRows.length + testRows.length);
		const some = (all: readonly Made[]) =>
			sample(all, limit ?? Number.POSITIVE_INFINITY, 0).map(({ problem }) => problem);
		return {
			name,
			train: some(train),
			test: some(test),
			verifier: spec.verifier,
			rows: { train: trainRows.length, test: testRows.length },
			skipped: maker.skipped.size,
			firstSkipped: [...maker.skipped][0]?.[1] ?? null,
			shared,
		};
	}
}

interface Made {
	readonly problem: Problem;
	/** What makes it the same problem as another: its prompt, white space folded. */
	readonly text: string;
}

class BadRow extends ThaliaError {
	constructor(message: string) {
		const fix = "mend the row, correct `fields`, or leave such rows out with `badRows: skip`";
		super("dataset-row", message, { fix });
	}
}

class ProblemMaker {
	readonly #spec: DatasetSpec;
	readonly #prompt: Template;
	readonly #gold: Template;
	readonly #examples: string;
	readonly #ids = new Map<string, string>();
	/** Reasons by row. */
	readonly skipped = new Map<string, string>();

	constructor(spec: DatasetSpec, examples: string) {
		this.#spec = spec;
		this.#prompt = parseTemplate(spec.prompt, `the prompt of ${spec.name}`);
		this.#gold = parseTemplate(spec.gold, `the gold answer of ${spec.name}`);
		this.#examples = examples;
	}

	/** Lets the same rows come again. */
	forget(): void {
		this.#ids.clear();
	}

	problems(rows: readonly Row[], filters: readonly Filter[]): Made[] {
		const { fields, badRows } = this.#spec;
		return rows.flatMap((row) => {
			if (!filters.every((filter) => passes(filter, (name) => valueOf(row, fields, name)))) return [];
			try {
				return [this.#make(row)];
			} catch (error) {
				if (!(error instanceof BadRow) || badRows === "refuse") throw error;
				this.skipped.set(row.at, error.message);
				return [];
			}
		});
	}

	#make(row: Row): Made {
		const { name, fields } = this.#spec;
		const choices = fields.choices === undefined ? undefined : choicesOf(row, fields);
		const bare = fillFrom(row, fields, this.#prompt, choices, "");
		const prompt = this.#prompt.names.includes("shots")
			? fillFrom(row, fields, this.#prompt, choices, this.#examples)
			: bare;
		const level = Number(valueOf(row, fields, "level"));
		const solution = valueOf(row, fields, "solution");
		return {
			text: bare.trim().replaceAll(/\s+/g, " "),
			problem: {
				id: this.#id(row),
				family: name,
				level: Number.isFinite(level) ? level : 0,
				prompt,
				answer: fillFrom(row, fields, this.#gold, choices, ""),
				solution: isPresent(solution) ? show(solution) : "",
				...(choices === undefined ? {} : { choices }),
			},
		};
	}

	#id(row: Row): string {
		const own = valueOf(row, this.#spec.fields, "id");
		const id = `${this.#spec.name}:${isPresent(own) ? show(own) : basename(row.at)}`;
		const first = this.#ids.get(id);
		if (first !== undefined && first !== row.at)
			throw new BadRow(`Expected an id of its own for ${row.at} but ${first} has ${show(own)} too`);
		this.#ids.set(id, row.at);
		return id;
	}
}

/** @throws BadRow */
function fillFrom(
	row: Row,
	fields: Fields,
	template: Template,
	choices: readonly string[] | undefined,
	shots: string,
): string {
	return template.fill((name) => {
		if (name === "shots") return shots;
		if (name === "choices" && choices !== undefined) return showChoices(choices);
		const value = valueOf(row, fields, name);
		if (isPresent(value)) return show(value);
		const columns = Object.keys(row.values).join(", ") || "none";
		throw new BadRow(
			`Expected a value for ${name} (column ${columnsOf(fields, name)}) in ${row.at}; it has ${columns}`,
		);
	});
}

/** @throws BadRow */
function choicesOf(row: Row, fields: Fields): readonly string[] {
	const value = valueOf(row, fields, "choices");
	if (Array.isArray(value) && value.length >= 2 && value.length <= 26 && value.every(isPresent))
		return value.map(show);
	throw new BadRow(`Expected 2 to 26 choices in column ${columnsOf(fields, "choices")} of ${row.at}`);
}

async function rowsOf(paths: readonly string[] | undefined): Promise<Row[]> {
	const files: Row[][] = [];
	for (const path of paths ?? []) files.push(await readRows(path));
	return files.flat();
}

/** The text of the examples before each question: empty, or ends in a blank line. */
async function examplesOf({ shots, files, fields, filters, name }: DatasetSpec): Promise<string> {
	if (shots === undefined || shots.count === 0) return "";
	const rows = (await rowsOf(files[shots.split])).filter((row) =>
		filters.every((filter) => passes(filter, (field) => valueOf(row, fields, field))),
	);
	if (rows.length < shots.count)
		throw expected(
			"dataset-empty",
			`${shots.count} rows of split ${shots.split}`,
			`the shots of ${name}`,
			rows.length,
		);
	const template = parseTemplate(shots.example, `the example of ${name}`);
	const examples = rows.slice(0, shots.count).map((row) => {
		const choices = fields.choices === undefined ? undefined : choicesOf(row, fields);
		return `${fillFrom(row, fields, template, choices, "")}\n\n`;
	});
	return examples.join("");
}

function emptyOf({ name, files }: DatasetSpec, rows: number): ThaliaError {
	const where = Object.values(files).flat().join(", ");
	return new ThaliaError(
		"dataset-empty",
		rows === 0
			? `Expected rows for data set ${name} but ${where} has none`
			: `Expected problems for data set ${name} but its filters leave none of the ${rows} rows of ${where}`,
	);
}
