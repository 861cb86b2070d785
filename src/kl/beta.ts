import { expected } from "../errors.ts";

export const BETA_SCHEDULES = ["linear", "cosine"] as const;
export const BETA_CONTROLLERS = ["adaptive", "matched"] as const;

/** Strength from `from` at the first step to `to` at step `steps`, where it stays. Known before the run. */
export interface BetaSchedule {
	readonly kind: (typeof BETA_SCHEDULES)[number];
	/** Finite, >= 0. */
	readonly from: number;
	readonly to: number;
	/** A whole number >= 1. Default: the whole run. */
	readonly steps?: number;
}

interface Controller {
	/** Strength of the first step, > 0: what only multiplies would leave 0 where it is. */
	readonly initial: number;
	/** Share of the relative error by which a step changes beta, > 0; gain x bound is below 1. */
	readonly gain?: number;
	/** Largest relative error that counts, > 0. */
	readonly bound?: number;
}

/**
 * Holds the KL at a target (Ziegler et al., arXiv 1909.08593, section 2.2): e = clip((KL - target) / target, +-bound),
 * beta <- beta (1 + gain e). Gain 0.1 and bound 0.2 are theirs: at most 2% a step.
 */
export interface AdaptiveBeta extends Controller {
	readonly kind: "adaptive";
	/** Nats per completion, > 0. */
	readonly target: number;
}

/**
 * The same controller with the KL of another run as its target, step by step, so that two runs can be compared at the
 * same distance from the reference. Gain 0.5 and bound 1, since a target that moves leaves no time.
 */
export interface MatchedBeta extends Controller {
	readonly kind: "matched";
	/** Nats per completion of step 1, 2, ..., finite and >= 0; its last value is the target from there on. */
	readonly trace: readonly number[];
}

/** How strong the KL is: always the same, by the step, or by the KL that the steps before achieved. */
export type Beta = number | BetaSchedule | AdaptiveBeta | MatchedBeta;

/**
 * Nats per completion. The error is relative to the target, or to this where the target is smaller: a trace begins at a
 * KL of 0, where the error would be a division by 0 and what is measured is mostly the noise of sampling.
 */
const smallestScale = 0.1;

/**
 * How far from its initial value a controller moves beta, as a factor. A target out of reach would drive it on for as
 * long as that lasts, to 0 or infinity in the end, and all of that way has to be undone once it is in reach.
 */
const farthest = 1000;

/** The strength of the first step. */
export function initialBeta(beta: Beta): number {
	if (typeof beta === "number") return beta;
	return isSchedule(beta) ? beta.from : beta.initial;
}

/**
 * The strength of a step.
 * @param step from 1
 * @param steps of the whole run
 * @param current where a controller has it: `initialBeta`, then what `nextBeta` gave
 */
export function betaAt(beta: Beta, step: number, steps: number, current: number): number {
	if (typeof beta === "number") return beta;
	if (!isSchedule(beta)) return current;
	const progress = Math.min(1, (step - 1) / Math.max(1, (beta.steps ?? steps) - 1));
	const shape = beta.kind === "linear" ? progress : (1 - Math.cos(Math.PI * progress)) / 2;
	// Not from + shape (to - from), which may miss `to` by a rounding.
	return beta.from * (1 - shape) + beta.to * shape;
}

/**
 * Where a controller has beta after a step; `current` where nothing is controlled.
 * @param step from 1
 * @param current the strength of that step
 * @param achieved its KL, nats per completion; one that was not measured, or is not finite, changes nothing
 */
export function nextBeta(beta: Beta, step: number, current: number, achieved: number | null): number {
	if (typeof beta === "number" || isSchedule(beta)) return current;
	if (achieved === null || !Number.isFinite(achieved)) return current;
	const { initial } = beta;
	const { gain, bound } = controlOf(beta);
	const target = targetOf(beta, step);
	const error = clip((achieved - target) / Math.max(target, smallestScale), -bound, bound);
	const low = Math.max(initial / farthest, Number.MIN_VALUE);
	const high = Math.min(initial * farthest, Number.MAX_VALUE);
	return clip(current * (1 + gain * error), low, high);
}

/**
 * Refuses a strength that no run can have.
 * @throws ThaliaError `kl-config-invalid`
 */
export function validateBeta(beta: Beta): void {
	if (typeof beta !== "object" || (beta as unknown) === null) {
		nonNegative("kl.beta", beta, 'For no KL term use beta 0 or place "none".');
	} else if (isSchedule(beta)) validateSchedule(beta);
	else validateController(beta);
}

/** Short, for a status line: "0.05", "0.1 to 0 (linear)", "adaptive, 8 nats a completion". */
export function describeBeta(beta: Beta): string {
	if (typeof beta === "number") return short(beta);
	if (isSchedule(beta)) {
		const { kind, from, to, steps } = beta;
		return `${short(from)} to ${short(to)} (${kind}${steps === undefined ? "" : `, ${steps} steps`})`;
	}
	return beta.kind === "adaptive"
		? `adaptive, ${short(beta.target)} nats a completion`
		: `matched to a trace of ${beta.trace.length} steps`;
}

function isSchedule(beta: Exclude<Beta, number>): beta is BetaSchedule {
	return BETA_SCHEDULES.some((kind) => kind === beta.kind);
}

function controlOf(beta: AdaptiveBeta | MatchedBeta): { gain: number; bound: number } {
	const { gain = beta.kind === "adaptive" ? 0.1 : 0.5, bound = beta.kind === "adaptive" ? 0.2 : 1 } = beta;
	return { gain, bound };
}

function targetOf(beta: AdaptiveBeta | MatchedBeta, step: number): number {
	return beta.kind === "adaptive" ? beta.target : beta.trace[Math.min(step, beta.trace.length) - 1];
}

function validateSchedule({ from, to, steps }: BetaSchedule): void {
	const fix = "A KL of negative strength rewards leaving the reference policy: let the schedule end at 0.";
	nonNegative("kl.beta.from", from, fix);
	nonNegative("kl.beta.to", to, fix);
	if (steps === undefined || (Number.isInteger(steps) && steps >= 1)) return;
	throw invalid("a whole number >= 1", "kl.beta.steps", steps, "For the whole run leave it out.");
}

function validateController(beta: AdaptiveBeta | MatchedBeta): void {
	const kinds: readonly string[] = BETA_CONTROLLERS;
	if (!kinds.includes(beta.kind)) {
		const names = [...BETA_SCHEDULES, ...kinds].map((kind) => JSON.stringify(kind)).join(", ");
		throw invalid(`one of ${names}`, "kl.beta.kind", beta.kind, "For a constant strength give a number.");
	}
	const { gain, bound } = controlOf(beta);
	positive("kl.beta.initial", beta.initial, "The controller multiplies beta: 0 would stay 0.");
	positive("kl.beta.gain", gain);
	positive("kl.beta.bound", bound);
	if (gain * bound >= 1) {
		const fix = "At 1 or more a single step could take beta to 0 or below.";
		throw invalid("a product below 1", "kl.beta.gain x kl.beta.bound", gain * bound, fix);
	}
	if (beta.kind === "adaptive") positive("kl.beta.target", beta.target, "For no KL term use beta 0.");
	else validateTrace(beta.trace);
}

function validateTrace(trace: readonly number[]): void {
	if (!Array.isArray(trace) || trace.length === 0) {
		throw invalid("the KL of at least one step", "kl.beta.trace", trace);
	}
	for (const [i, kl] of trace.entries()) nonNegative(`kl.beta.trace[${i}]`, kl);
}

function nonNegative(subject: string, value: unknown, fix?: string): void {
	if (!Number.isFinite(value) || (value as number) < 0)
		throw invalid("a finite number >= 0", subject, value, fix);
}

function positive(subject: string, value: unknown, fix?: string): void {
	if (!Number.isFinite(value) || (value as number) <= 0)
		throw invalid("a finite number > 0", subject, value, fix);
}

function invalid(what: string, subject: string, received: unknown, fix?: string) {
	return expected("kl-config-invalid", what, subject, received, fix);
}

function clip(value: number, low: number, high: number): number {
	return Math.min(high, Math.max(low, value));
}

function short(value: number): string {
	return String(Number(value.toPrecision(3)));
}
