import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { ThaliaError } from "../errors.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import { JsonLinesFile, readJsonLines } from "../runs/json-lines.ts";
import { RunLock } from "../runs/lock.ts";
import type { ProblemResult } from "./problem-result.ts";
import { type Evaluation, summarise } from "./summarise.ts";

/** What an evaluation depends on; one that is taken up must have the same. */
export type EvaluationSettings = Readonly<Record<string, unknown>> & {
	readonly samples: number;
	readonly ks: readonly number[];
};

type Line = ProblemResult & { readonly domain: string };

const settingsFile = "evaluation.json";
const resultsFile = "results.jsonl";

/** An evaluation on the disk: its settings, a line a problem as soon as it is done, and in the end its estimates. */
export class EvaluationFolder {
	readonly dir: string;
	readonly #settings: EvaluationSettings;
	readonly #lines: JsonLinesFile;
	readonly #lock: RunLock;
	readonly #done: readonly Line[];

	private constructor(dir: string, settings: EvaluationSettings) {
		this.dir = dir;
		this.#settings = settings;
		this.#lock = new RunLock(dir);
		this.#lines = JsonLinesFile.open<Line>(join(dir, resultsFile), () => true);
		this.#done = readJsonLines<Line>(join(dir, resultsFile));
	}

	/**
	 * A new folder, or one whose evaluation was interrupted or is finished.
	 * @throws ThaliaError `evaluation-settings` where it was begun with other settings, `run-in-use`
	 */
	static open(dir: string, settings: EvaluationSettings): EvaluationFolder {
		mkdirSync(dir, { recursive: true });
		const path = join(dir, settingsFile);
		if (existsSync(path)) assertSame(path, settings);
		else writeFileAtomic(path, `${JSON.stringify(settings, null, "\t")}\n`);
		return new EvaluationFolder(dir, settings);
	}

	/** Results that are there already, by problem id. */
	done(domain: string): ReadonlyMap<string, ProblemResult> {
		return new Map(resultsOf(this.#done, domain).map((result) => [result.id, result]));
	}

	append(domain: string, results: readonly ProblemResult[]): void {
		this.#lines.append(...results.map((result): Line => ({ domain, ...result })));
		this.#lines.sync();
	}

	/** Writes the estimates, and the results once more as Parquet. */
	finish(evaluations: readonly Evaluation[], tables: Readonly<Record<string, string>>): void {
		const { samples, ks } = this.#settings;
		const estimates = evaluations.map(({ results: _, ...rest }) => rest);
		writeFileAtomic(
			join(this.dir, "estimates.json"),
			`${JSON.stringify({ samples, ks, estimates }, null, "\t")}\n`,
		);
		for (const [name, text] of Object.entries(tables)) writeFileAtomic(join(this.dir, name), `${text}\n`);
		writeFileAtomic(join(this.dir, "results.parquet"), toParquet(evaluations));
	}

	close(): void {
		this.#lines.close();
		this.#lock.release();
	}
}

/** The evaluations of a folder. @throws ThaliaError `evaluation-missing`, `evaluation-unfinished` */
export function readEvaluations(dir: string): Evaluation[] {
	const path = join(dir, settingsFile);
	if (!existsSync(path)) {
		throw new ThaliaError("evaluation-missing", `Expected an evaluation in ${dir} but ${path} is not there`, {
			fix: "give a folder that `thalia eval --out` wrote",
		});
	}
	if (!existsSync(join(dir, "estimates.json"))) {
		throw new ThaliaError("evaluation-unfinished", `Expected a finished evaluation in ${dir} but it is not`, {
			fix: "run the same `thalia eval --out` again: it goes on where it was interrupted",
		});
	}
	const { samples, ks } = JSON.parse(readFileSync(path, "utf8")) as EvaluationSettings;
	const lines = readJsonLines<Line>(join(dir, resultsFile));
	const domains = [...new Set(lines.map(({ domain }) => domain))];
	return domains.map((domain) => summarise(domain, resultsOf(lines, domain), samples, ks));
}

function resultsOf(lines: readonly Line[], domain: string): ProblemResult[] {
	return lines.flatMap(({ domain: own, ...result }) => (own === domain ? [result] : []));
}

function assertSame(path: string, settings: EvaluationSettings): void {
	const before = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
	const now = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
	const different = [...new Set([...Object.keys(before), ...Object.keys(now)])].find(
		(key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]),
	);
	if (different === undefined) return;
	throw new ThaliaError(
		"evaluation-settings",
		`Expected the settings of ${path} to go on with that evaluation, but its ${different} was ${JSON.stringify(before[different])} and is ${JSON.stringify(now[different])}`,
		{ fix: "give the same options, or another folder with --out" },
	);
}

/** A row a problem; lists as JSON text, which every reader of Parquet takes. */
function toParquet(evaluations: readonly Evaluation[]): Buffer {
	const rows = evaluations.flatMap(({ domain, results }) => results.map((result) => ({ domain, ...result })));
	const column = <T>(of: (row: (typeof rows)[number]) => T) => rows.map(of);
	const optional = { nullable: true } as const;
	const mean = (values: readonly number[]) =>
		values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
	const buffer = parquetWriteBuffer({
		columnData: [
			{ name: "domain", data: column(({ domain }) => domain), type: "STRING" },
			{ name: "family", data: column(({ family }) => family), type: "STRING" },
			{ name: "id", data: column(({ id }) => id), type: "STRING" },
			{ name: "greedy", data: column(({ greedy }) => greedy), type: "DOUBLE", ...optional },
			{ name: "mean", data: column(({ rewards }) => mean(rewards)), type: "DOUBLE", ...optional },
			{ name: "majority", data: column(({ majority }) => majority ?? null), type: "DOUBLE", ...optional },
			{ name: "samples", data: column(({ rewards }) => rewards.length), type: "INT32" },
			{ name: "errors", data: column(({ errors }) => errors), type: "INT32" },
			{ name: "error", data: column(({ error }) => error ?? null), type: "STRING", ...optional },
			{ name: "rewards", data: column(({ rewards }) => JSON.stringify(rewards)), type: "STRING" },
			{ name: "answers", data: column(({ answers = [] }) => JSON.stringify(answers)), type: "STRING" },
			{ name: "tokens", data: column(({ tokens = [] }) => JSON.stringify(tokens)), type: "STRING" },
		],
	});
	return Buffer.from(buffer);
}
