import type { Problem } from "./family.ts";

export interface RewardInput {
	readonly problem: Problem;
	/** The sampled text, without the end-of-sequence token. */
	readonly completion: string;
	/** Aborted when the time for this completion is over. */
	readonly signal: AbortSignal;
}

/** A finite number: how good the completion is. May be asynchronous; may throw, which is recorded and is no reward. */
export type RewardFunction = (input: RewardInput) => number | Promise<number>;

/** What a verifier said: a reward, or why there is none. */
export type Scored = { readonly reward: number } | { readonly error: string };

/** Runs a reward function on one completion. Never throws: a failing verifier is data, and never a reward of 0. */
export async function scoreCompletion(
	reward: RewardFunction,
	input: Omit<RewardInput, "signal">,
	{ timeoutMs = 30_000 } = {},
): Promise<Scored> {
	const abort = new AbortController();
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => {
			abort.abort();
			reject(new Error(`no reward within ${timeoutMs} ms`));
		}, timeoutMs);
	});
	try {
		const value: unknown = await Promise.race([call(reward, { ...input, signal: abort.signal }), late]);
		if (typeof value === "number" && Number.isFinite(value)) return { reward: value };
		return { error: `the reward is ${String(value)}, not a finite number` };
	} catch (error) {
		return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
	} finally {
		clearTimeout(timer);
	}
}

/** Scores many completions, at most `concurrency` at a time; results in the order of the inputs. */
export async function scoreAll(
	reward: RewardFunction,
	inputs: readonly Omit<RewardInput, "signal">[],
	{ concurrency = 16, timeoutMs = 30_000 } = {},
): Promise<Scored[]> {
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
async function call(reward: RewardFunction, input: RewardInput): Promise<number> {
	return await reward(input);
}
