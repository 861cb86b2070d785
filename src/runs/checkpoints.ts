import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { finishFolder, removeFolder, removeUnfinished, temporaryName } from "./atomic.ts";

const stateFile = "trainer.json";

/** checkpoints/step-N of a run: each is there whole or not at all. */
export class Checkpoints {
	readonly #folder: string;

	constructor(folder: string) {
		this.#folder = folder;
		mkdirSync(folder, { recursive: true });
		removeUnfinished(folder);
	}

	/** Steps that have a checkpoint, ascending. */
	steps(): number[] {
		return readdirSync(this.#folder)
			.flatMap((name) => /^step-(\d+)$/.exec(name)?.slice(1).map(Number) ?? [])
			.sort((a, b) => a - b);
	}

	path(step: number): string {
		return join(this.#folder, `step-${step}`);
	}

	/** The trainer's own part of a checkpoint. @throws ThaliaError `checkpoint-state` */
	state<T>(step: number): T {
		const path = join(this.path(step), stateFile);
		try {
			return JSON.parse(readFileSync(path, "utf8")) as T;
		} catch (cause) {
			throw new ThaliaError(
				"checkpoint-state",
				`Expected the trainer's state at ${path}: ${(cause as Error).message}`,
				{ fix: `remove ${this.path(step)} to go on from the checkpoint before it`, cause },
			);
		}
	}

	/**
	 * Writes step-N: `write` fills the folder it is given. Then removes all but the newest `keep`.
	 * @throws what `write` throws, after removing what it wrote; older checkpoints stay
	 */
	async write(
		step: number,
		state: unknown,
		keep: number,
		write: (dir: string) => Promise<void>,
	): Promise<void> {
		const path = this.path(step);
		if (existsSync(path)) return;
		const temporary = temporaryName(path);
		try {
			rmSync(temporary, { recursive: true, force: true });
			mkdirSync(temporary);
			await write(temporary);
			writeFileSync(join(temporary, stateFile), `${JSON.stringify(state)}\n`);
			finishFolder(temporary, path);
		} catch (cause) {
			rmSync(temporary, { recursive: true, force: true });
			const last = this.steps().at(-1);
			throw new ThaliaError(
				"checkpoint-write",
				`The checkpoint of step ${step} could not be written to ${path}: ${(cause as Error).message}`,
				{
					fix: `make room on the disk, then resume: the run goes on from ${last === undefined ? "its beginning" : `step ${last}`}`,
					cause,
				},
			);
		}
		for (const old of this.steps().slice(0, -keep)) removeFolder(this.path(old));
	}
}
