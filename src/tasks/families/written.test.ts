import { describe, expect, test } from "vitest";
import { readCard } from "../datasets/card.ts";
import { loadTask } from "../load-task.ts";
import { seededRandom } from "../random.ts";
import { scoreCompletion } from "../reward.ts";
import { familyTask } from "../task.ts";
import { makeVerifier } from "../verifiers/index.ts";
import { writtenFamilies } from "./index.ts";
import { stories } from "./words/index.ts";

/** Answers from the numbers of the prompt alone, in the order in which they stand there. */
const oracles: Record<string, Record<string, (n: number[]) => number>> = {
	"word-remaining": {
		gives: ([a, b]) => a - b,
		finds: ([a, b]) => a + b,
		"gives-twice": ([a, b, c]) => a - (b + c),
		"buys-loses": ([a, b, c]) => a - c + b,
		boxes: ([a, b, c]) => repeat(a, b) - c,
		"each-friend": ([a, b, c]) => a - repeat(b, c),
		broken: ([a, b, c, d]) => repeat(a, b) - (c + d),
		packs: ([a, b, c, d]) => c - d + repeat(a, b),
	},
	"word-shopping": {
		"two-things": ([a, b]) => b + a,
		left: ([a, b]) => a - b,
		"left-of-two": ([a, b, c]) => a - b - c,
		"three-things": ([a, b, c]) => c + b + a,
		"several-and-one": ([a, b, c]) => c + repeat(a, b),
		"left-of-several": ([a, b, c]) => a - repeat(b, c),
		"two-kinds": ([a, b, c, d]) => repeat(a, b) + repeat(c, d),
		"left-of-all": ([a, b, c, d]) => a - d - repeat(b, c),
	},
	"word-sharing": {
		together: ([a, b]) => b + a,
		"the-rest": ([a, b]) => a - b,
		third: ([a, b, c]) => a - (b + c),
		eat: ([a, b, c]) => b - c + a,
		pool: ([a, b, c]) => dealt(a + b, c),
		bags: ([a, b, c]) => dealt(repeat(a, b), c),
		"after-eating": ([a, b, c, d]) => dealt(repeat(a, b) - c, d),
		"with-more": ([a, b, c, d]) => dealt(c + repeat(a, b), d),
	},
	"word-ages": {
		older: ([a, b]) => b + a,
		younger: ([a, b]) => a - b,
		"older-younger": ([a, b, c]) => a - c + b,
		"older-later": ([a, b, c]) => c + b + a,
		"times-later": ([a, b, c]) => c + repeat(b, a),
		"times-younger": ([a, b, c]) => repeat(b, a) - c,
		"two-together": ([a, b, c]) => 2 * repeat(b, a) + c,
		difference: ([a, b, c]) => repeat(b - 1, a) + c,
	},
	"word-distance": {
		"two-parts": ([a, b]) => b + a,
		"to-go": ([a, b]) => a - b,
		"three-days": ([a, b, c]) => c + b + a,
		"to-go-after-two": ([a, b, c]) => a - b - c,
		"every-day": ([a, b, c]) => c + repeat(b, a),
		"to-go-at-speed": ([a, b, c]) => a - repeat(c, b),
		"two-speeds": ([a, b, c, d]) => repeat(b, a) + repeat(d, c),
		"to-go-after-all": ([a, b, c, d]) => a - d - repeat(c, b),
	},
	"word-rates": {
		"two-days": ([a, b]) => b + a,
		"still-to-do": ([a, b]) => a - b,
		"three-days": ([a, b, c]) => c + b + a,
		"earn-and-spend": ([a, b, c]) => a - c + b,
		"hours-and-tip": ([a, b, c]) => c + repeat(b, a),
		"pages-left": ([a, b, c]) => a - repeat(c, b),
		"hours-and-days": ([a, b, c, d]) => repeat(c, repeat(b, a)) - d,
		"two-jobs": ([a, b, c, d]) => repeat(b, a) + repeat(d, c),
	},
	"word-comparing": {
		more: ([a, b]) => b + a,
		fewer: ([a, b]) => a - b,
		"more-together": ([a, b]) => 2 * a + b,
		"fewer-together": ([a, b]) => 2 * a - b,
		"times-together": ([a, b]) => repeat(b + 1, a),
		"times-fewer": ([a, b, c]) => repeat(b, a) - c,
		"first-and-third": ([a, b, c]) => repeat(b + 1, a) + c,
		"third-over-first": ([a, b, c]) => repeat(b - 1, a) - c,
	},
	"word-rows": {
		"brought-in": ([a, b]) => b + a,
		"taken-out": ([a, b]) => a - b,
		"on-and-off": ([a, b, c]) => a - c + b,
		"off-and-on": ([a, b, c]) => a + c - b,
		"rows-and-more": ([a, b, c]) => c + repeat(a, b),
		"rows-and-empty": ([a, b, c]) => repeat(a, b) - c,
		"two-halls": ([a, b, c, d]) => repeat(a, b) + repeat(c, d),
		"boxes-on-shelves": ([a, b, c, d]) => repeat(a, repeat(b, c)) - d,
	},
};

/** Multiplication and division as they are meant: again and again, and one at a time to each. */
function repeat(times: number, what: number): number {
	return Array.from({ length: times }, () => what).reduce((a, b) => a + b, 0);
}

function dealt(things: number, people: number): number {
	const hands = Array.from({ length: people }, () => 0);
	for (let i = 0; i < things; i++) hands[i % people]++;
	expect(new Set(hands).size, "shared evenly").toBe(1);
	return hands[0];
}

const names = Object.keys(stories);
const perLevel = 150;

describe.each(names)("%s", (name) => {
	const family = writtenFamilies.get(name)!;
	const drawn = [1, 2, 3, 4].flatMap((level) => {
		const random = seededRandom(level);
		return Array.from({ length: perLevel }, () => ({ level, ...family.write(level, random) }));
	});

	test("every story comes up, and has an oracle", () => {
		const ids = stories[name].map(({ id }) => id).sort();
		expect([...new Set(drawn.map(({ key }) => key.split(" ")[0]))].sort()).toEqual(ids);
		expect(Object.keys(oracles[name]).sort()).toEqual(ids);
	});

	test("answers agree with an independent computation from the text, and are whole numbers above 0", () => {
		for (const { key, prompt, answer } of drawn) {
			const numbers = (prompt.match(/\d+/g) ?? []).map(Number);
			expect(key.split(" ").slice(1).map(Number), prompt).toEqual(numbers);
			expect(
				numbers.every((n) => n >= 2),
				prompt,
			).toBe(true);
			expect(answer, prompt).toBe(String(oracles[name][key.split(" ")[0]](numbers)));
			expect(answer).toMatch(/^[1-9]\d*$/);
		}
	});

	test("every step is true, the last is the answer, and there are as many as the level says", () => {
		for (const { level, solution, answer } of drawn) {
			const steps = [...solution.matchAll(/(\d+) ([-+*/]) (\d+) = (\d+)\./g)];
			expect(steps.length, solution).toBe([1, 2, 2, 3][level - 1]);
			for (const [, a, operator, b, result] of steps) {
				const back = {
					"+": BigInt(result) - BigInt(b),
					"-": BigInt(result) + BigInt(b),
					"/": BigInt(result) * BigInt(b),
				};
				if (operator === "*") expect(BigInt(a) * BigInt(b), solution).toBe(BigInt(result));
				else expect(back[operator as keyof typeof back], solution).toBe(BigInt(a));
			}
			expect(steps.at(-1)?.[4]).toBe(answer);
			const multiplied = steps.some(([, , operator]) => operator === "*" || operator === "/");
			expect(multiplied, solution).toBe(level >= 3);
		}
	});

	test("texts are whole", () => {
		for (const { prompt, solution } of drawn) {
			expect(prompt).toMatch(/^[\x20-\x7e]+\?\nPlease reason step by step.*\\boxed\{\}\.$/);
			expect(prompt).not.toMatch(/undefined|NaN|\$\{|\ba [aeio]|  /);
			expect(solution).toMatch(/^[\x20-\x7e]+$/);
			expect(prompt.length).toBeLessThan(420);
		}
	});

	test("the verifier takes the solution and refuses near misses", async () => {
		const verifier = makeVerifier(family.verifier);
		for (const { answer, solution } of drawn.slice(0, 300)) {
			const says = async (completion: string) =>
				(await verifier.verify({ gold: answer, completion })).correct;
			expect(await says(solution), solution).toBe(true);
			for (const miss of [Number(answer) + 1, Number(answer) - 1, `${answer}0`, `-${answer}`, `1${answer}`])
				expect(await says(`The answer is \\boxed{${miss}}.`), `${miss} for ${answer}`).toBe(false);
		}
	});
});

test.each([...writtenFamilies.keys()].flatMap((name) => [1, 2, 3, 4].map((level) => [name, level] as const)))(
	"%s level %i: train and test share no numbers",
	(family, level) => {
		const task = familyTask([{ family, levels: [level] }]);
		const numbersOf = (prompt: string) => (prompt.match(/\d+/g) ?? []).join(" ");
		const test = task.problems("test", 30, 1);
		const wording = (prompt: string) => prompt.replaceAll(/\d+|[A-Z][a-z]+/g, "");
		const key = ({ prompt }: { prompt: string }) => `${wording(prompt)} ${numbersOf(prompt)}`;
		const trained = new Set(task.problems("train", 500, 1).map(key));
		expect(test.filter((problem) => trained.has(key(problem)))).toEqual([]);
		expect(new Set(test.map(({ id }) => id)).size).toBe(30);
		expect(test.every((problem) => problem.family === family && problem.level === level)).toBe(true);
		expect(task.problems("test", 30, 1)).toEqual(test);
	},
);

test("the group of all, some of them held out, judged in a recipe's way", async () => {
	const { task } = await loadTask([{ dataset: "word-problems", filter: { level: [1, 3] } }], "train");
	const problems = task.problems("train", 200, 1);
	expect(new Set(problems.map(({ family }) => family))).toEqual(new Set(names));
	expect(new Set(problems.map(({ level }) => level))).toEqual(new Set([1, 3]));
	for (const problem of problems.slice(0, 20)) {
		expect(await scoreCompletion(task.reward, { problem, completion: problem.solution })).toMatchObject({
			reward: 1,
		});
		expect(await scoreCompletion(task.reward, { problem, completion: "I do not know" })).toMatchObject({
			reward: 0,
		});
	}
	await expect(loadTask([{ dataset: "word-problems", limit: 3 }], "train")).rejects.toThrow(
		'Expected no such setting for the procedural data set word-problems but received "limit"',
	);
});

describe("countdown-drawn", () => {
	const family = writtenFamilies.get("countdown-drawn")!;
	const drawn = [1, 2, 3, 4].flatMap((level) =>
		Array.from({ length: 200 }, (_, seed) => ({ level, ...family.write(level, seededRandom(seed)) })),
	);

	test("each is solvable: its solution is accepted, and one with another target is not", async () => {
		const verifier = makeVerifier("countdown");
		for (const { level, answer, solution } of drawn) {
			const { nums, target } = JSON.parse(answer) as { nums: number[]; target: number };
			expect(nums).toHaveLength([3, 3, 4, 5][level - 1]);
			expect(target).toBeGreaterThan(0);
			expect(target).toBeLessThan(1000);
			expect(await verifier.verify({ gold: answer, completion: solution })).toMatchObject({ correct: true });
			const other = JSON.stringify({ nums, target: target + 1 });
			expect(await verifier.verify({ gold: other, completion: solution })).toMatchObject({ correct: false });
		}
	});

	test("is asked for in the words of the data set of that name", () => {
		const card = readCard("countdown");
		const { nums, target } = JSON.parse(drawn[0].answer) as { nums: number[]; target: number };
		const prompt = "prompt" in card ? card.prompt : "";
		expect(prompt.replace("{nums}", `[${nums.join(", ")}]`).replace("{target}", String(target))).toBe(
			drawn[0].prompt,
		);
	});
});
