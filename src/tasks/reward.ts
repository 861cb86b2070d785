import { inspect } from "node:util";
import { expected } from "../errors.ts";
import { isTimeout, withTimeLimit } from "../time-limit.ts";
import type { Problem } from "./family.ts";

/** What a Node timer can wait at most, in milliseconds; one that is longer goes off at once. */
const longestTimer = 2 ** 31 - 1;

export interface RewardInput {
	readonly problem: Problem;
	/** The sampled text, without the end-of-sequence token. */
	readonly completion: string;
	/** Aborted when the time for this completion is over. */
	readonly signal: AbortSignal;
}

/** A finite number, how good the completion is, and where there is one the answer that was found in it. */
export interface Reward {
	readonly reward: number;
	/** Null where none was found. */
	readonly answer?: string | null;
}

/** May give the number alone. May be asynchronous; may throw, which is recorded and is no reward. */
export type RewardFunction = (input: RewardInput) => number | Reward | Promise<number | Reward>;

/** What a verifier said: a reward, or why there is none. */
export type Scored = Reward | { readonly error: string };

/**
 * Runs a reward function on one completion. Whatever the function does, this does not throw: a failing verifier is
 * data, with its message and where it came from, and never a reward of 0. One that waits too long is given up; one that
 * computes too long is ended by force, up to its first `await`: after it, nothing can interrupt a computation.
 * @throws ThaliaError `reward-options-invalid`
 */
export async function scoreCompletion(
	reward: RewardFunction,
	input: Omit<RewardInput, "signal">,
	{ timeoutMs = 30_000 } = {},
): Promise<Scored> {
	if (!(timeoutMs > 0 && timeoutMs <= longestTimer))
		throw expected("reward-options-invalid", `milliseconds up to ${longestTimer}`, "timeoutMs", timeoutMs);
	const abort = new AbortController();
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => {
			// In this order: a function that answers when it is aborted is late all the same.
			reject(new TimeLimit(`no reward within ${timeoutMs} ms`));
			abort.abort();
		}, timeoutMs);
	});
	try {
		const value: unknown = await Promise.race([
			call(reward, { ...input, signal: abort.signal }, timeoutMs),
			late,
		]);
		const { reward: number, answer } = hasReward(value) ? value : { reward: value, answer: undefined };
		if (typeof number !== "number" || !Number.isFinite(number))
			return { error: `the reward is ${show(number)}, not a finite number` };
		return typeof answer === "string" || answer === null ? { reward: number, answer } : { reward: number };
	} catch (error) {
		return { error: reasonOf(error) };
	} finally {
		clearTimeout(timer);
	}
}

/** Scores many completions, at most `concurrency` at a time; results in the order of the inputs.
 * @throws ThaliaError `reward-options-invalid` */
export async function scoreAll(
	reward: RewardFunction,
	inputs: readonly Omit<RewardInput, "signal">[],
	{ concurrency = 16, timeoutMs = 30_000 } = {},
): Promise<Scored[]> {
	if (!(Number.isSafeInteger(concurrency) && concurrency > 0))
		throw expected("reward-options-invalid", "a whole number above 0", "concurrency", concurrency);
	const results: Scored[] = [];
	let next = 0;
	const lane = async () => {
		for (let i = next++; i < inputs.length; i = next++) {
			results[i] = await scoreCompletion(reward, inputs[i], { timeoutMs });
		}
	};
	await Promise.all(Array.from({ length: Math.min(concurrency, inputs.length) }, lane));
	return results;
}

/** A synchronous throw becomes a rejection. */
async function call(reward: RewardFunction, input: RewardInput, timeoutMs: number): Promise<number | Reward> {
	try {
		return await withTimeLimit(Math.ceil(timeoutMs), () => reward(input));
	} catch (error) {
		throw isTimeout(error) ? new TimeLimit(`no reward within ${timeoutMs} ms`) : error;
	}
}

function hasReward(value: unknown): value is Record<"reward" | "answer", unknown> {
	return value !== null && typeof value === "object" && "reward" in value;
}

class TimeLimit extends Error {}

/** `TypeError: x is not a function (at verify (rewards.ts:12:7))` */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return `threw ${show(error)}`;
	if (error instanceof TimeLimit) return error.message;
	const frame = /^\s+(at .+)$/m.exec(error.stack ?? "")?.[1];
	return `${error.name}: ${error.message}${frame === undefined ? "" : ` (${frame})`}`;
}

/** Any value on one line; unlike String() it never throws. */
function show(value: unknown): string {
	return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 5 });
}
