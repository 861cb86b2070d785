import { expect, test } from "vitest";
import type { Surrogate } from "./config.ts";
import { surrogateLosses, surrogateTerms } from "./surrogates.ts";

// Ratios of two tokens chosen so that every weight can be worked out by hand.

const ln = Math.log;
const sampler = Float64Array.of(-1, -2);

/** Weights and holds of a completion of two tokens with these ratios, both of this advantage. */
function of(surrogate: Surrogate, ratios: readonly [number, number], advantage: number) {
	const logp = sampler.map((l, t) => l + ln(ratios[t]));
	const { weights, held } = surrogateTerms(surrogate, new Float64Array(2).fill(advantage), logp, sampler);
	return { weights: Array.from(weights, (w) => Number(w.toFixed(12))), held };
}

const rows: readonly (readonly [string, Surrogate, [number, number], number, number[], (string | null)[]])[] =
	[
		["REINFORCE has no ratio", { kind: "reinforce" }, [3, 0.2], 2, [2, 2], [null, null]],
		["PPO holds what moves on outwards", ppo(), [1.5, 0.5], 1, [0, 0.5], ["high", null]],
		["PPO at a negative advantage", ppo(), [1.5, 0.5], -1, [-1.5, 0], [null, "low"]],
		["PPO without dual clip", ppo(), [9, 1], -1, [-9, -1], [null, null]],
		["dual clip holds a ratio above c", ppo(3), [9, 2], -1, [0, -2], ["high", null]],
		["dual clip leaves positive advantages", ppo(3), [1.1, 0.1], 1, [1.1, 0.1], [null, null]],
		[
			"CISPO keeps every token, at the bound's ratio",
			{ kind: "cispo", epsilonLow: 0.4, epsilonHigh: 1 },
			[9, 0.1],
			-2,
			[-4, -1.2],
			["high", "low"],
		],
		[
			"GSPO: the geometric mean of the ratios, for every token",
			{ kind: "gspo", epsilonLow: 0.5, epsilonHigh: 1.5 },
			[8, 0.5],
			1,
			[2, 2],
			[null, null],
		],
		[
			"GSPO holds a completion whole",
			{ kind: "gspo", epsilonLow: 0.5, epsilonHigh: 0.5 },
			[8, 0.5],
			1,
			[0, 0],
			["high", "high"],
		],
		[
			"TIS caps a token's ratio",
			{ kind: "tis", level: "token", cap: 2 },
			[5, 0.5],
			3,
			[6, 1.5],
			["high", null],
		],
		[
			"TIS of the completion: the product of the ratios",
			{ kind: "tis", level: "sequence", cap: 3 },
			[5, 0.5],
			1,
			[2.5, 2.5],
			[null, null],
		],
		[
			"TIS of the completion, capped",
			{ kind: "tis", level: "sequence", cap: 2 },
			[5, 0.5],
			-1,
			[-2, -2],
			["high", "high"],
		],
		[
			"a mask drops tokens on both sides, whatever the advantage",
			{ kind: "masked-is", level: "token", low: 0.5, high: 2 },
			[5, 0.4],
			-1,
			[0, 0],
			["high", "low"],
		],
		[
			"and keeps the ratio of the others",
			{ kind: "masked-is", level: "token", low: 0.5, high: 2 },
			[1.5, 0.6],
			-1,
			[-1.5, -0.6],
			[null, null],
		],
		[
			"a mask of the completion",
			{ kind: "masked-is", level: "sequence", low: 0.5, high: 2 },
			[5, 0.5],
			1,
			[0, 0],
			["high", "high"],
		],
	];

function ppo(dualClip?: number): Surrogate {
	const bounds = { kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.28 } as const;
	return dualClip === undefined ? bounds : { ...bounds, dualClip };
}

test.each(rows)("%s", (_, surrogate, ratios, advantage, weights, held) => {
	expect(of(surrogate, ratios, advantage)).toEqual({
		weights: weights.map((w) => Number(w.toFixed(12))),
		held,
	});
});

test("losses worked out by hand", () => {
	const loss = (surrogate: Surrogate, ratio: number, advantage: number) => {
		const [mu, pi] = [Float64Array.of(-1), Float64Array.of(-1 + ln(ratio))];
		return surrogateLosses(surrogate, Float64Array.of(advantage), pi, mu, pi)[0];
	};
	expect(loss({ kind: "reinforce" }, 2, 3)).toBeCloseTo(-3 * (-1 + ln(2)), 12);
	expect(loss(ppo(), 2, 1)).toBeCloseTo(-1.28, 12);
	expect(loss(ppo(), 0.5, 1)).toBeCloseTo(-0.5, 12);
	expect(loss(ppo(), 0.5, -1)).toBeCloseTo(0.8, 12);
	expect(loss(ppo(3), 9, -1)).toBeCloseTo(3, 12);
	expect(loss({ kind: "gspo", epsilonLow: 0.1, epsilonHigh: 0.1 }, 2, 1)).toBeCloseTo(-1.1, 12);
	expect(loss({ kind: "tis", level: "token", cap: 1.5 }, 2, 1)).toBeCloseTo(-1.5 * (-1 + ln(2)), 12);
});
