import type { Budget } from "../experiment/budget.ts";
import type { FromCell } from "../experiment/cell-messages.ts";
import type { Experiment, PlannedCell } from "../experiment/read-experiment.ts";
import type { GridHooks } from "../experiment/run-grid.ts";
import type { DomainScores, RunRecord } from "../experiment/run-record.ts";
import { bold, clock, dim, type StatusLine } from "./status-line.ts";

/** What a grid of runs says on stderr: a line for each run that ends, and one for all that are under way. */
export class GridStatus {
	readonly #line: StatusLine;
	readonly #experiment: Experiment;
	readonly #budget: Budget;
	readonly #running = new Map<
		string,
		{ readonly cell: PlannedCell; step: number; doing: string; since: number }
	>();
	#ended = 0;
	#collapsed = 0;
	#failed = 0;
	/** Steps of the cells that have not begun, and those that were made here with the seconds that they took together. */
	#stepsLeft = 0;
	#stepsDone = 0;
	#cellSeconds = 0;

	constructor(line: StatusLine, experiment: Experiment, budget: Budget) {
		this.#line = line;
		this.#experiment = experiment;
		this.#budget = budget;
	}

	readonly hooks: GridHooks = {
		onStart: ({ ended, toDo }) => {
			for (const record of ended) this.#count(record);
			this.#stepsLeft = toDo.reduce((sum, { recipe }) => sum + recipe.train.steps, 0);
			const { name, cells } = this.#experiment;
			const { jobs, tooLarge } = this.#budget;
			const there = ended.length === 0 ? "" : `, ${ended.length} of them are there`;
			this.#line.log(`${bold(name)}: ${cells.length} runs${there}; ${jobs} at once`);
			for (const { cell, fix } of tooLarge)
				this.#line.log(`${cell.id} needs more memory than there is${fix === null ? "" : `: ${fix}`}`);
		},
		onCellStart: (cell, resumed) => {
			this.#running.set(cell.id, {
				cell,
				step: 0,
				doing: resumed ? "going on" : "starting",
				since: performance.now(),
			});
			this.#show();
		},
		onCellMessage: (cell, message) => {
			this.#hear(cell, message);
			this.#show();
		},
		onCellEnd: (cell, record) => {
			const { since = 0 } = this.#running.get(cell.id) ?? {};
			const seconds = (performance.now() - since) / 1000;
			this.#running.delete(cell.id);
			this.#count(record);
			this.#stepsLeft -= cell.recipe.train.steps;
			this.#stepsDone += cell.recipe.train.steps;
			this.#cellSeconds += seconds;
			this.#line.log(
				`${this.#head()} ${cell.id}: ${resultOf(record)} ${dim(`(${clock(seconds)}, ${this.#left()} left)`)}`,
			);
		},
		onNote: (note) => {
			this.#line.log(note);
		},
	};

	#hear(cell: PlannedCell, message: FromCell): void {
		const known = this.#running.get(cell.id);
		if (known === undefined) return;
		if (message.kind === "step") {
			known.step = message.step;
			known.doing = `${message.step}/${cell.recipe.train.steps}`;
		} else if (message.kind === "evaluating") known.doing = "evaluating";
		else if (message.kind === "collapsed")
			this.#line.log(`${cell.id} collapsed at step ${message.step} (${message.kinds.join(", ")})`);
	}

	#count({ outcome }: RunRecord): void {
		this.#ended++;
		if (outcome === "collapsed") this.#collapsed++;
		else if (outcome !== "finished") this.#failed++;
	}

	#show(): void {
		const running = [...this.#running.values()].map(({ cell, doing }) => `${cell.id} ${doing}`);
		const counts = [
			...(this.#collapsed === 0 ? [] : [`${this.#collapsed} collapsed`]),
			...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
			...(this.#stepsDone === 0 ? [] : [`${this.#left()} left`]),
		];
		this.#line.show(`${this.#head()} ${[...counts, dim(running.join("  "))].join("  ")}`);
	}

	#head(): string {
		return `[${this.#ended}/${this.#experiment.cells.length}]`;
	}

	/** From the cells that have ended since this began. */
	#left(): string {
		const begun = [...this.#running.values()].reduce((sum, { step }) => sum + step, 0);
		const perStep = this.#cellSeconds / this.#stepsDone;
		return clock((Math.max(0, this.#stepsLeft - begun) * perStep) / this.#budget.jobs);
	}
}

function resultOf(record: RunRecord): string {
	const { outcome, reason, before, after, series } = record;
	const kl = series.kl.findLast((value) => value !== null) ?? null;
	const numbers = [
		...(after ?? []).map((domain) => {
			const start = before?.find((other) => other.domain === domain.domain);
			return `${domain.domain} ${start === undefined ? "" : `${percent(start)} -> `}${percent(domain)}`;
		}),
		...(kl === null ? [] : [`KL ${kl.toFixed(2)}`]),
	].join(", ");
	if (outcome === "finished") return numbers;
	return `${outcome}: ${reason ?? "no reason is known"}${numbers === "" ? "" : `; ${numbers}`}`;
}

/** mean@k of a domain. */
function percent({ problems }: DomainScores): string {
	const known = problems.flatMap(({ mean }) => mean ?? []);
	return known.length === 0
		? "-"
		: `${((100 * known.reduce((a, b) => a + b, 0)) / known.length).toFixed(1)}%`;
}
