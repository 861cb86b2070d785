import type { WrittenFamily } from "../../family.ts";
import { ages } from "./ages.ts";
import { drawCast } from "./cast.ts";
import { comparing } from "./comparing.ts";
import { distance } from "./distance.ts";
import { rates } from "./rates.ts";
import { remaining } from "./remaining.ts";
import { rows } from "./rows.ts";
import { sharing } from "./sharing.ts";
import { shopping } from "./shopping.ts";
import type { Story } from "./story.ts";

/** Stories by family. */
export const stories: Readonly<Record<string, readonly Story[]>> = {
	"word-remaining": remaining,
	"word-shopping": shopping,
	"word-sharing": sharing,
	"word-ages": ages,
	"word-distance": distance,
	"word-rates": rates,
	"word-comparing": comparing,
	"word-rows": rows,
};

/** Word problems as in GSM8K, but drawn: one right answer, a whole number above 0. */
export const wordFamilies: readonly WrittenFamily[] = Object.entries(stories).map(([name, all]) => ({
	name,
	levels: 4,
	verifier: "math",
	write(level, random) {
		const { id, numbers, tell, solve } = random.pick(all.filter((story) => story.level === level));
		const drawn = numbers(random);
		const question = random.pick(tell(drawn, drawCast(random)));
		const steps = solve(drawn);
		const answer = String(steps[steps.length - 1].result);
		return {
			// Neither names nor wording: the same sum of the same story is the same problem.
			key: `${id} ${drawn.join(" ")}`,
			prompt: `${question[0].toUpperCase()}${question.slice(1)}\nPlease reason step by step, and put your final answer within \\boxed{}.`,
			answer,
			solution: `${steps.map(({ what, sum, result }) => `${what}: ${sum} = ${result}.`).join(" ")} The answer is \\boxed{${answer}}.`,
		};
	},
}));
