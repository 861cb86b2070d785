import { toNumber } from "../runs/json-lines.ts";

/** Bounds on the means over a window of steps. Shares and factors are of the first window's mean, or of the best. */
export interface GuardOptions {
	/** Steps of a window, a whole number >= 1. */
	readonly window: number;
	/** Whether a collapse stops the run; for the trainer, who asks `detectCollapse`. */
	readonly stop: boolean;
	/** Of the best reward so far: below it the reward has collapsed. 0 to 1; 0 never. */
	readonly rewardDrop: number;
	/** KL to the reference policy, nats per token, > 0. */
	readonly maxKl: number;
	/** Of the first entropy, 0 to 1; 0 never. */
	readonly entropyLow: number;
	/** Multiple of the first entropy, >= 1. */
	readonly entropyHigh: number;
	/** Of the first completion length, 0 to 1; 0 never. */
	readonly lengthLow: number;
	/** Share of completions that end by themselves, 0 to 1; 0 never. */
	readonly stoppedLow: number;
}

/** A number, the word that JSON lines have for one that is not finite, or null where there is none. */
type Logged = number | string | null;

/** What the guard reads of a step: a `StepMetrics`, or a line of metrics.jsonl. */
export interface GuardRecord {
	readonly step: number;
	readonly reward: Logged;
	readonly entropy: Logged;
	readonly completionTokens: Logged;
	readonly stopped: Logged;
	readonly objective: { readonly k1: Logged; readonly k3: Logged } | null;
	/** The exact KL per token, where the engine can measure it. */
	readonly divergence?: { readonly kl: Logged } | null;
}

export type CollapseKind =
	| "reward"
	| "entropy-low"
	| "entropy-high"
	| "kl"
	| "short-completions"
	| "runaway-completions";

export interface Collapse {
	/** The last step of the first window that is out of bounds. */
	readonly step: number;
	readonly kinds: readonly CollapseKind[];
	/** A sentence without its full stop: "reward fell to 0.08, under 50% of its best 0.46 (means of 5 steps)". */
	readonly reason: string;
}

/** A best reward below this is luck, and half of it as well. */
const leastBestReward = 0.1;

/**
 * Standard errors by which a drop in reward exceeds what the noise of small batches makes of the same policy. The best
 * of hundreds of windows is far above the mean, and the worst far below.
 */
const surprise = 3.5;

/** A policy that has reached this reward may be as certain as it likes. */
const solved = 0.8;

/** Nats that entropy must rise by as well: five times next to nothing is next to nothing. */
const leastEntropyRise = 1;

/** Completions that seldom ended by themselves from the start have not run away. */
const usuallyStopped = 0.5;

/**
 * The first step at which a run had collapsed: the means of the last `window` steps are out of bounds. A function of
 * the steps so far and of nothing else, so a run that is resumed is judged as one that never ended; later steps never
 * change the answer. Takes time in proportion to the steps and the window.
 * @param history every step so far, in order. What a step has no value for is left out of the means, and a window
 * without a value decides nothing.
 */
export function detectCollapse(history: readonly GuardRecord[], options: GuardOptions): Collapse | null {
	const { window } = options;
	const values = history.map(valuesOf);
	const noise = new RewardNoise();
	let first = noValues;
	let bestReward = -Infinity;
	for (const [i, { step }] of history.entries()) {
		noise.add(values[i].reward);
		if (i + 1 < window) continue;
		const now = eachOf((key) => meanOf(values, key, i + 1 - window, i + 1));
		first = firstKnown(first, now);
		if (now.reward > bestReward) bestReward = now.reward;
		const findings = [...findingsOf({ now, first, bestReward, rewardError: noise.ofMean(window) }, options)];
		if (findings.length > 0) return collapse(step, findings, window);
	}
	return null;
}

/** Of a step or, as means, of a window; NaN where there is none, which is neither above nor below any bound. */
interface Values {
	readonly reward: number;
	readonly entropy: number;
	readonly kl: number;
	readonly tokens: number;
	readonly stopped: number;
}

function valuesOf({
	reward,
	entropy,
	objective,
	divergence,
	completionTokens,
	stopped,
}: GuardRecord): Values {
	return {
		reward: finite(reward),
		entropy: finite(entropy),
		kl: objective === null ? NaN : klOf(objective, divergence?.kl ?? null),
		tokens: finite(completionTokens),
		stopped: finite(stopped),
	};
}

function eachOf(value: (key: keyof Values) => number): Values {
	return {
		reward: value("reward"),
		entropy: value("entropy"),
		kl: value("kl"),
		tokens: value("tokens"),
		stopped: value("stopped"),
	};
}

const noValues = eachOf(() => NaN);

function firstKnown(first: Values, now: Values): Values {
	return eachOf((key) => (Number.isNaN(first[key]) ? now[key] : first[key]));
}

function meanOf(values: readonly Values[], key: keyof Values, from: number, to: number): number {
	let sum = 0;
	let count = 0;
	for (let i = from; i < to; i++) {
		const value = values[i][key];
		if (Number.isNaN(value)) continue;
		sum += value;
		count++;
	}
	return sum / count;
}

function finite(value: Logged): number {
	const number = toNumber(value) ?? NaN;
	return Number.isFinite(number) ? number : NaN;
}

/**
 * Nats per token, infinite where it was measured and is not finite. The exact one where there is one: of tokens that
 * another policy sampled k3 can be a hundred times the KL. Else k3, whose tokens cannot cancel each other out as k1's do;
 * far from the reference it is also the one to overflow, hence k1 then.
 */
function klOf({ k1, k3 }: { readonly k1: Logged; readonly k3: Logged }, exact: Logged): number {
	const known = [finite(exact), finite(k3), Math.abs(finite(k1))].find((kl) => !Number.isNaN(kl));
	return known ?? Infinity;
}

/**
 * How much rewards differ from step to step of their own accord. From successive differences, which a trend hardly
 * touches (von Neumann 1941); those of a collapse are few among them.
 */
class RewardNoise {
	#last = NaN;
	#sum = 0;
	#count = 0;

	add(reward: number): void {
		if (Number.isNaN(reward)) return;
		if (!Number.isNaN(this.#last)) {
			this.#sum += (reward - this.#last) ** 2 / 2;
			this.#count++;
		}
		this.#last = reward;
	}

	/** Standard error of the mean of so many steps; 0 where nothing is known of it. */
	ofMean(steps: number): number {
		return this.#count === 0 ? 0 : Math.sqrt(this.#sum / this.#count / steps);
	}
}

/** What a window is judged by. */
interface Seen {
	readonly now: Values;
	readonly first: Values;
	readonly bestReward: number;
	/** Standard error of a window's mean reward. */
	readonly rewardError: number;
}

type Finding = readonly [kind: CollapseKind, what: string];

function* findingsOf(seen: Seen, options: GuardOptions): Generator<Finding> {
	const { now, first, bestReward } = seen;
	if (rewardCollapsed(seen, options)) {
		const bound = percent(options.rewardDrop);
		yield ["reward", `reward fell to ${short(now.reward)}, under ${bound} of its best ${short(bestReward)}`];
	}
	if (now.kl > options.maxKl) {
		yield ["kl", `KL to the reference rose to ${short(now.kl)} nats a token, over ${short(options.maxKl)}`];
	}
	if (now.entropy < options.entropyLow * first.entropy && bestReward < solved) {
		const bound = percent(options.entropyLow);
		yield ["entropy-low", `entropy fell to ${short(now.entropy)}, under ${bound} of ${short(first.entropy)}`];
	}
	if (now.entropy > Math.max(options.entropyHigh * first.entropy, first.entropy + leastEntropyRise)) {
		yield ["entropy-high", `entropy rose to ${short(now.entropy)} from ${short(first.entropy)}`];
	}
	// A policy that learns to answer instead of rambling is shorter as well, but earns more.
	if (now.tokens < options.lengthLow * first.tokens && !(now.reward > first.reward)) {
		const bound = `under ${percent(options.lengthLow)} of ${short(first.tokens)}, for no more reward`;
		yield ["short-completions", `completions fell to ${short(now.tokens)} tokens, ${bound}`];
	}
	if (first.stopped >= usuallyStopped && now.stopped < options.stoppedLow) {
		const share = `only ${percent(now.stopped)} of completions end by themselves`;
		yield ["runaway-completions", `${share}, where ${percent(first.stopped)} did`];
	}
}

function rewardCollapsed({ now, bestReward, rewardError }: Seen, { rewardDrop }: GuardOptions): boolean {
	if (rewardDrop === 0 || bestReward < leastBestReward) return false;
	const below = rewardDrop * bestReward - now.reward;
	return below > 0 && below >= surprise * rewardError * Math.hypot(1, rewardDrop);
}

function collapse(step: number, findings: readonly Finding[], window: number): Collapse {
	const means = window === 1 ? "" : ` (means of ${window} steps)`;
	return {
		step,
		kinds: findings.map(([kind]) => kind),
		reason: `${findings.map(([, what]) => what).join("; ")}${means}`,
	};
}

function short(value: number): string {
	return String(Number(value.toPrecision(2)));
}

function percent(share: number): string {
	return `${short(100 * share)}%`;
}
