import { expect, test } from "vitest";
import { families } from "./families/index.ts";
import { makeProblem } from "./family.ts";
import { seededRandom } from "./random.ts";
import { scoreAll, scoreCompletion } from "./reward.ts";

const problem = makeProblem(families.get("add")!, 1, seededRandom(1));
const input = { problem, completion: "x" };

test("numbers, synchronous and not, are rewards", async () => {
	expect(await scoreCompletion(() => 0.5, input)).toEqual({ reward: 0.5 });
	expect(await scoreCompletion(async () => Promise.resolve(-1), input)).toEqual({ reward: -1 });
});

test("what fails is recorded with its reason, never as 0", async () => {
	const thrown = () => {
		throw new TypeError("verifier bug");
	};
	expect(await scoreCompletion(thrown, input)).toEqual({ error: "TypeError: verifier bug" });
	expect(await scoreCompletion(() => Promise.reject(new Error("later")), input)).toEqual({
		error: "Error: later",
	});
	expect(await scoreCompletion(() => Number.NaN, input)).toEqual({
		error: "the reward is NaN, not a finite number",
	});
	expect(await scoreCompletion(() => "1" as unknown as number, input)).toMatchObject({
		error: expect.stringContaining("1"),
	});
});

test("a verifier that hangs is given up, and told so", async () => {
	let told = false;
	const hang = ({ signal }: { signal: AbortSignal }) =>
		new Promise<number>(() => signal.addEventListener("abort", () => (told = true)));
	expect(await scoreCompletion(hang, input, { timeoutMs: 20 })).toEqual({
		error: "Error: no reward within 20 ms",
	});
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
	expect(scored.map((s) => ("reward" in s ? s.reward : s.error))).toEqual(
		inputs.map((_, i) => (i === 7 ? "Error: seven" : i)),
	);
	expect(most).toBe(4);
});
