import { expect, test } from "vitest";
import { families } from "./families/index.ts";
import { makeProblem } from "./family.ts";
import { seededRandom } from "./random.ts";
import { type RewardFunction, scoreAll, scoreCompletion } from "./reward.ts";

const problem = makeProblem(families.get("add")!, 1, seededRandom(1));
const input = { problem, completion: "x" };

async function errorOf(reward: RewardFunction): Promise<string> {
	const scored = await scoreCompletion(reward, input);
	return "error" in scored ? scored.error : "no error";
}

test("numbers, synchronous and not, are rewards", async () => {
	expect(await scoreCompletion(() => 0.5, input)).toEqual({ reward: 0.5 });
	expect(await scoreCompletion(async () => Promise.resolve(-1), input)).toEqual({ reward: -1 });
});

test("what fails is recorded with its reason, never as 0", async () => {
	const thrown = () => {
		throw new TypeError("verifier bug");
	};
	expect(await errorOf(thrown)).toMatch(/^TypeError: verifier bug \(at thrown .*reward\.test\.ts:\d+:\d+\)?/);
	expect(await errorOf(() => Promise.reject(new Error("later")))).toMatch(/^Error: later \(at /);
});

test.each<[unknown, string]>([
	[Number.NaN, "NaN"],
	[Number.POSITIVE_INFINITY, "Infinity"],
	[undefined, "undefined"],
	[null, "null"],
	["1", "'1'"],
	[true, "true"],
	[Object.create(null), "[Object: null prototype] {}"],
])("%s is no reward, and nothing that can be thrown escapes", async (value, shown) => {
	const what = `the reward is ${shown}, not a finite number`;
	expect(await errorOf(() => value as number)).toBe(what);
	expect(await errorOf(() => Promise.resolve(value as number))).toBe(what);
	const thrower = () => {
		throw value;
	};
	expect(await errorOf(thrower)).toBe(`threw ${shown}`);
});

test.each([0, -1, Number.NaN, Infinity, 2 ** 31])("refuses a time limit of %s", async (timeoutMs) => {
	await expect(scoreCompletion(() => 1, input, { timeoutMs })).rejects.toThrow("Expected milliseconds");
});

test.each([0, 1.5, Number.NaN])("refuses a concurrency of %s", async (concurrency) => {
	await expect(scoreAll(() => 1, [input], { concurrency })).rejects.toThrow(
		"Expected a whole number above 0",
	);
});

test("a verifier that hangs is given up, and told so", async () => {
	let told = false;
	const hang = ({ signal }: { signal: AbortSignal }) =>
		new Promise<number>((resolve) =>
			signal.addEventListener("abort", () => {
				told = true;
				resolve(1);
			}),
		);
	expect(await scoreCompletion(hang, input, { timeoutMs: 20 })).toEqual({ error: "no reward within 20 ms" });
	expect(told).toBe(true);
});

test("many at once keep their order and their limit", async () => {
	let running = 0;
	let most = 0;
	const reward = async ({ completion }: { completion: string }) => {
		most = Math.max(most, ++running);
		await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
		running--;
		if (completion === "7") throw new Error("seven");
		return Number(completion);
	};
	const inputs = Array.from({ length: 20 }, (_, i) => ({ problem, completion: String(i) }));
	const scored = await scoreAll(reward, inputs, { concurrency: 4 });
	expect(scored.map((s) => ("reward" in s ? s.reward : s.error.slice(0, 12)))).toEqual(
		inputs.map((_, i) => (i === 7 ? "Error: seven" : i)),
	);
	expect(most).toBe(4);
});

test("a reward may come with the answer that was found, and without", async () => {
	const scored = (reward: RewardFunction) => scoreCompletion(reward, { problem, completion: "" });
	expect(await scored(() => ({ reward: 1, answer: "7" }))).toEqual({ reward: 1, answer: "7" });
	expect(await scored(() => Promise.resolve({ reward: 0, answer: null }))).toEqual({
		reward: 0,
		answer: null,
	});
	expect(await scored(() => ({ reward: 0.5 }))).toEqual({ reward: 0.5 });
	expect(await scored(() => ({ reward: Number.NaN }))).toEqual({
		error: "the reward is NaN, not a finite number",
	});
});

test("a function that computes without end is ended by force", async () => {
	const endless: RewardFunction = () => {
		for (;;);
	};
	const backtracking: RewardFunction = () => Number(/^(a+)+$/.test(`${"a".repeat(40)}b`));
	for (const reward of [endless, backtracking]) {
		expect(await scoreCompletion(reward, input, { timeoutMs: 50 })).toEqual({
			error: "no reward within 50 ms",
		});
	}
});
