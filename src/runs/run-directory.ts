import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import type { Explanation } from "../kl/explain.ts";
import { finishFolder, temporaryName, writeFileAtomic } from "./atomic.ts";
import { Checkpoints } from "./checkpoints.ts";
import { JsonLinesFile, readJsonLines, toNumber } from "./json-lines.ts";
import { RunLock } from "./lock.ts";
import { EventFile } from "./tensorboard.ts";

export type RunStatus = "running" | "finished" | "interrupted" | "stopped" | "failed";

/** Facts of a run that are not its results. Times are ISO 8601. */
export interface Manifest {
	readonly format: 1;
	readonly name: string;
	readonly status: RunStatus;
	/** Why it is not finished, where that is known. */
	readonly reason?: string;
	/** Steps done. */
	readonly step: number;
	readonly steps: number;
	readonly createdAt: string;
	readonly updatedAt: string;
	/** Every time that it was taken up again, and the step it went on from. */
	readonly resumes: readonly { readonly at: string; readonly step: number }[];
	readonly environment: Readonly<Record<string, string | number>>;
	/** Which objective its KL follows, in expectation, and how strongly. */
	readonly kl: Pick<Explanation, "objective" | "exact" | "causes" | "reason"> & {
		readonly beta: string | null;
	};
	/** Where it collapsed, and why that is said. */
	readonly collapse?: { readonly step: number; readonly kinds: readonly string[]; readonly reason: string };
}

interface Stepped {
	readonly step: number;
}

/**
 * `runs/<name>/`: config.yaml, manifest.json, metrics.jsonl, rollouts.jsonl, evaluations.jsonl, TensorBoard events and
 * checkpoints/. Whatever instant the process dies at, `resume` finds the files as they were at the last checkpoint.
 */
export class RunDirectory {
	readonly dir: string;
	readonly checkpoints: Checkpoints;
	/** The step it goes on from: 0, or that of the last checkpoint. */
	readonly startStep: number;
	readonly #metrics: JsonLinesFile;
	readonly #rollouts: JsonLinesFile;
	readonly #evaluations: JsonLinesFile;
	readonly #events: EventFile;
	readonly #lock: RunLock;
	#manifest: Manifest;

	private constructor(dir: string, lock: RunLock, manifest: Manifest) {
		this.dir = dir;
		this.#lock = lock;
		this.checkpoints = new Checkpoints(join(dir, "checkpoints"));
		const last = this.checkpoints.steps().at(-1) ?? 0;
		this.startStep = last;
		const upTo = ({ step }: Stepped) => step <= last;
		this.#metrics = JsonLinesFile.open(join(dir, "metrics.jsonl"), upTo);
		this.#rollouts = JsonLinesFile.open(join(dir, "rollouts.jsonl"), upTo);
		this.#evaluations = JsonLinesFile.open(join(dir, "evaluations.jsonl"), upTo);
		this.#manifest = manifest;
		this.#events = this.#rewriteEvents();
	}

	/** @throws ThaliaError `run-exists` where there is anything at `dir` */
	static assertFree(dir: string): void {
		if (existsSync(dir) && readdirSync(dir).length > 0) {
			throw new ThaliaError("run-exists", `Expected a new run directory but ${dir} exists`, {
				fix: `go on with it (--resume ${dir}), choose another name (name=...), or remove it`,
			});
		}
	}

	/** @throws ThaliaError `run-exists` */
	static create(
		dir: string,
		config: string,
		facts: Pick<Manifest, "name" | "steps" | "environment" | "kl">,
	): RunDirectory {
		RunDirectory.assertFree(dir);
		const now = new Date().toISOString();
		const manifest: Manifest = {
			...facts,
			format: 1,
			status: "running",
			step: 0,
			createdAt: now,
			updatedAt: now,
			resumes: [],
		};
		const temporary = temporaryName(dir);
		rmSync(temporary, { recursive: true, force: true });
		try {
			mkdirSync(temporary, { recursive: true });
			writeFileSync(join(temporary, "config.yaml"), config);
			writeFileSync(join(temporary, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
			finishFolder(temporary, dir);
		} catch (error) {
			rmSync(temporary, { recursive: true, force: true });
			throw error;
		}
		return RunDirectory.#open(dir, manifest);
	}

	/** @throws ThaliaError `run-missing`, `run-in-use` */
	static resume(dir: string): RunDirectory {
		const manifest = readManifest(dir);
		const run = RunDirectory.#open(dir, manifest);
		const resumed = { at: new Date().toISOString(), step: run.startStep };
		// Steps after the checkpoint are done again, and may collapse or not.
		const { collapse, ...rest } = manifest;
		if (collapse !== undefined && collapse.step > run.startStep) run.#manifest = rest;
		run.update({ status: "running", step: run.startStep, resumes: [...manifest.resumes, resumed] });
		return run;
	}

	static #open(dir: string, manifest: Manifest): RunDirectory {
		const lock = new RunLock(dir);
		try {
			return new RunDirectory(dir, lock, manifest);
		} catch (error) {
			lock.release();
			throw error;
		}
	}

	get manifest(): Manifest {
		return this.#manifest;
	}

	/** @param numbers nested one deep at most: `{ kl: { k1 } }` is TensorBoard's `kl/k1` */
	metrics(line: Stepped & Readonly<Record<string, unknown>>): void {
		this.#metrics.append(line);
		this.#events.scalars(Date.now() / 1000, line.step, scalarsOf(line));
	}

	metricsLines<T>(): T[] {
		return readJsonLines<T>(join(this.dir, "metrics.jsonl"));
	}

	rollouts(lines: readonly (Stepped & Readonly<Record<string, unknown>>)[]): void {
		if (lines.length > 0) this.#rollouts.append(...lines);
	}

	evaluation(line: Stepped & Readonly<Record<string, unknown>>): void {
		this.#evaluations.append(line);
		// That of the last step comes after the last checkpoint.
		this.#evaluations.sync();
	}

	evaluations<T>(): T[] {
		return readJsonLines<T>(join(this.dir, "evaluations.jsonl"));
	}

	/** Everything up to this step, on the disk before its checkpoint says so. */
	async checkpoint(
		step: number,
		state: unknown,
		keep: number,
		write: (dir: string) => Promise<void>,
	): Promise<void> {
		for (const file of [this.#metrics, this.#rollouts, this.#evaluations]) file.sync();
		await this.checkpoints.write(step, state, keep, write);
		this.update({ step });
	}

	update(changes: Partial<Pick<Manifest, "status" | "reason" | "step" | "resumes" | "collapse">>): void {
		const { reason: _, ...rest } = this.#manifest;
		const kept = changes.status === undefined ? this.#manifest : rest;
		this.#manifest = { ...kept, ...changes, updatedAt: new Date().toISOString() };
		writeFileAtomic(join(this.dir, "manifest.json"), `${JSON.stringify(this.#manifest, null, 2)}\n`);
	}

	close(): void {
		for (const file of [this.#metrics, this.#rollouts, this.#evaluations, this.#events]) file.close();
		this.#lock.release();
	}

	/** TensorBoard would show the steps after the checkpoint twice: the events are made again from the metrics kept. */
	#rewriteEvents(): EventFile {
		for (const name of readdirSync(this.dir)) {
			if (name.startsWith("events.out.tfevents.")) rmSync(join(this.dir, name));
		}
		const events = new EventFile(this.dir, Date.now() / 1000);
		for (const line of readJsonLines<Stepped & Record<string, unknown>>(join(this.dir, "metrics.jsonl"))) {
			events.scalars(Date.now() / 1000, line.step, scalarsOf(line));
		}
		return events;
	}
}

/** @throws ThaliaError `run-missing` */
export function readManifest(dir: string): Manifest {
	try {
		return JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as Manifest;
	} catch (cause) {
		throw new ThaliaError(
			"run-missing",
			`Expected a run directory with manifest.json at ${dir}: ${(cause as Error).message}`,
			{ fix: "give the folder of a run, such as runs/quickstart", cause },
		);
	}
}

/** Of a line that is written, or of one that was read, where numbers that are not finite are words. */
function scalarsOf(line: Readonly<Record<string, unknown>>): Record<string, number> {
	const scalars: Record<string, number> = {};
	const add = (tag: string, value: unknown) => {
		const number = toNumber(value);
		if (number !== undefined) scalars[tag] = number;
	};
	for (const [key, value] of Object.entries(line)) {
		if (key === "step") continue;
		if (value === null || typeof value !== "object") add(key, value);
		else for (const [inner, number] of Object.entries(value)) add(`${key}/${inner}`, number);
	}
	return scalars;
}
