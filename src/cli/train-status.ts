import type { Interval } from "../eval/statistics.ts";
import type { OverflowedToken, StepMetrics } from "../trainer/step.ts";
import type { StepEvaluation, TrainHooks } from "../trainer/train.ts";
import { bold, clock, dim, type StatusLine } from "./status-line.ts";

/** Where there is no terminal, a line this often at most, in milliseconds. */
const logEvery = 5000;

/** What training says on stderr. */
export class TrainStatus {
	readonly #line: StatusLine;
	#steps = 0;
	#stepsDone = 0;
	#stepSeconds = 0;
	#phaseSince = performance.now();
	#phase = "";
	#numbers = "";
	#loggedAt = 0;
	#collapsed = "";

	constructor(line: StatusLine) {
		this.#line = line;
	}

	readonly hooks: TrainHooks = {
		onStart: ({ dir, startStep, steps, kl, collapse, notes }) => {
			this.#steps = steps;
			this.#collapsed = collapse?.kinds.join(", ") ?? "";
			this.#line.log(
				`${bold(dir)}: ${startStep === 0 ? `${steps} steps` : `goes on after step ${startStep} of ${steps}`}`,
			);
			const strength = kl.beta === null ? "" : `, beta ${kl.beta}`;
			this.#line.log(`KL: ${kl.objective}${kl.exact ? ", exactly" : ""}${strength} (${kl.reason})`);
			for (const note of notes) this.#line.log(note);
		},
		onPhase: (step, phase, tokens) => {
			if (phase !== this.#phase) [this.#phase, this.#phaseSince] = [phase, performance.now()];
			const rate = tokens / Math.max(0.1, (performance.now() - this.#phaseSince) / 1000);
			const doing =
				phase === "sampling" || phase === "evaluating" ? `${phase} ${rate.toFixed(0)} tok/s` : phase;
			this.#line.show(`${this.#head(step)}${this.#numbers}${dim(doing)}`);
		},
		onStep: (metrics) => {
			this.#stepsDone++;
			this.#stepSeconds += metrics.timing.step;
			this.#numbers = `${numbers(metrics)}  ${this.#left(metrics.step)}  `;
			const now = performance.now();
			if (metrics.skipped !== null)
				this.#line.log(`step ${metrics.step} changed nothing: ${skipReasons[metrics.skipped]}`);
			if (metrics.overflow !== null)
				this.#line.log(`step ${metrics.step}: ${overflowLine(metrics.overflow)}`);
			if (metrics.rewardErrors > 0)
				this.#line.log(
					`step ${metrics.step}: the verifier failed on ${metrics.rewardErrors} completions (${metrics.droppedGroups} groups left out; "error" in rollouts.jsonl)`,
				);
			if (now - this.#loggedAt < logEvery && metrics.step < this.#steps) return;
			this.#loggedAt = now;
			this.#line.logUnlessTerminal(`${this.#head(metrics.step)}${this.#numbers}`.trimEnd());
		},
		onCollapse: ({ step, kinds, reason }) => {
			this.#collapsed = kinds.join(", ");
			this.#line.log(`step ${step}: the run has collapsed (${this.#collapsed}): ${reason}`);
		},
		onEvaluation: (evaluation) => this.#line.log(evaluationLine(evaluation)),
	};

	#head(step: number): string {
		return `step ${step}/${this.#steps}  ${this.#collapsed === "" ? "" : `collapsed: ${this.#collapsed}  `}`;
	}

	#left(step: number): string {
		return `${clock(((this.#steps - step) * this.#stepSeconds) / this.#stepsDone)} left`;
	}
}

const skipReasons = {
	loss: "its loss is not finite",
	gradient: "its gradient is not finite",
	rewards: "no group could be scored",
} as const;

function overflowLine(overflow: OverflowedToken): string {
	const { problem, completion, position, text, logp, reference, sampler } = overflow;
	const nats = (value: number) => value.toFixed(2);
	return `token ${position} (${JSON.stringify(text)}) of completion ${completion} of ${problem} has a log-ratio out of range: log pi ${nats(logp)}, log ref ${nats(reference)}, log mu ${nats(sampler)}`;
}

function numbers(metrics: StepMetrics): string {
	const { reward, passRate, kl, entropy, timing, staleness, retained } = metrics;
	return [
		`reward ${reward?.toFixed(3) ?? "-"}`,
		`pass ${passRate === null ? "-" : `${(100 * passRate).toFixed(0)}%`}`,
		`KL ${kl === null ? "-" : kl.toFixed(3)}`,
		`entropy ${entropy === null ? "-" : entropy.toFixed(3)}`,
		...(retained === undefined
			? []
			: [`lag ${staleness} (${retained.versions} versions, ${(retained.bytes / 2 ** 20).toFixed(0)} MiB)`]),
		`${timing.tokensPerSecond.toFixed(0)} tok/s`,
	].join("  ");
}

function evaluationLine({ step, evaluations }: StepEvaluation): string {
	const parts = evaluations.map(({ domain, greedy, mean, samples, errors }) => {
		const failed = errors === 0 ? "" : `, ${errors} completions without a verdict`;
		return `${domain} pass@1 ${percent(greedy)} mean@${samples} ${percent(mean)}${failed}`;
	});
	return `after step ${step}: ${parts.join("; ")}`;
}

function percent(interval: Interval | null): string {
	return interval === null ? "-" : `${(100 * interval.estimate).toFixed(1)}%`;
}
