import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { KlConfig } from "../kl/config.ts";
import { total } from "../kl/credit.ts";
import { type Estimator, klValues } from "../kl/estimators.ts";
import { sequenceAdvantages } from "./advantages.ts";
import { type TokenBatch, tokensOf } from "./batch.ts";
import type { AdvantageKind, Aggregation, Surrogate } from "./config.ts";
import { objectiveDiagnostics } from "./diagnostics.ts";
import { prepareObjective } from "./prepare.ts";
import { surrogateLosses, surrogateTerms } from "./surrogates.ts";
import { batchLoss, scoreWeights } from "./weigh.ts";

// torch's autograd in float64, part of it cross-checked there against TRL 1.13; every leaf of the file is compared.

interface Golden {
	beta: number;
	eps_low: number;
	eps_high: number;
	grpo_std: { ddof: number; eps: number };
	cases: Case[];
}
interface Case {
	name: string;
	group_size: number;
	inputs: Record<"logp" | "ref_logp" | "old_logp" | "mask", number[][]> & { rewards: number[] };
	group_stats: { mean: number[]; std: number[] };
	advantages: Record<string, number[]>;
	kl_loss: Record<string, { per_token: number[][] } & Losses>;
	kl_reward: Record<string, { sequence_kl: number[]; shaped_rewards: number[] } & Record<string, KlReward>>;
	ppo_clip: Record<string, { clip_fraction_low: number; clip_fraction_high: number } & Losses>;
	combined: Record<string, Record<string, Losses>>;
}
interface Loss {
	loss: number;
	grad: number[][];
}
type Losses = Record<string, Loss>;
interface KlReward {
	advantages: number[];
	reinforce: Losses;
	ppo_clip: Losses;
	sequence_ratio_clip: Loss;
}

const golden = JSON.parse(
	readFileSync(new URL("./fixtures/rl_golden.json", import.meta.url), "utf8"),
) as Golden;
const [LOW, HIGH] = [golden.eps_low, golden.eps_high];
const CLIP: Surrogate = { kind: "ppo-clip", epsilonLow: LOW, epsilonHigh: HIGH };
const NO_KL: KlConfig = { place: "none" };
const ESTIMATOR_KEYS = ["k1", "k2", "k3"] as const;
const ADVANTAGE_KEYS: Record<string, AdvantageKind> = { rloo: "rloo", grpo: "grpo", dr_grpo: "dr-grpo" };

function aggregations(width: number): Record<string, Aggregation> {
	const fixed = { kind: "fixed-length", length: width } as const;
	const named = {
		token_mean: "token-mean",
		sequence_sum: "sequence-sum",
		sequence_mean: "sequence-mean",
	} as const;
	return { ...named, fixed_length: fixed };
}

/** Drops masked tokens: [B, T] to flat. */
function ragged(values: number[][], mask: number[][]): Float64Array {
	return Float64Array.from(values.flatMap((row, b) => row.filter((_, t) => mask[b][t] === 1)));
}

function batchOf({ inputs, group_size: groupSize }: Case): { batch: TokenBatch; logp: Float64Array[] } {
	const { mask } = inputs;
	const offsets = new Int32Array(mask.length + 1);
	for (const [b, row] of mask.entries()) offsets[b + 1] = offsets[b] + row.reduce((n, m) => n + m, 0);
	const batch = {
		offsets,
		sampler: ragged(inputs.old_logp, mask),
		reference: ragged(inputs.ref_logp, mask),
		rewards: Float64Array.from(inputs.rewards),
		groupSize,
	};
	const flat = ragged(inputs.logp, mask);
	return { batch, logp: mask.map((_, b) => tokensOf(batch, flat, b)) };
}

function outputsOf(logp: readonly Float64Array[]) {
	return logp.map((logprobs) => ({ logprobs }));
}

function close(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
	expect(got.length, what).toBe(want.length);
	for (let i = 0; i < want.length; i++) {
		const bound = 1e-12 + 1e-10 * Math.abs(want[i]);
		if (!(Math.abs(got[i] - want[i]) <= bound)) {
			expect.fail(`${what} at ${i}: got ${got[i]}, golden ${want[i]}`);
		}
	}
}

test("the file says what the code assumes", () => {
	expect(golden.grpo_std).toEqual({ ddof: 1, eps: 1e-4 });
	expect(golden.cases.map((c) => c.name)).toEqual(["main", "binary_rewards", "edge_masks"]);
});

for (const goldenCase of golden.cases) {
	const { inputs, name } = goldenCase;
	const { mask } = inputs;
	const { batch, logp } = batchOf(goldenCase);
	const ways = Object.entries(aggregations(mask[0].length));
	const flat = ragged(inputs.logp, mask);

	function checkLoss(
		loss: Loss,
		advantage: AdvantageKind,
		surrogate: Surrogate,
		aggregation: Aggregation,
		kl: KlConfig,
		what: string,
		of: TokenBatch = batch,
	) {
		const prepared = prepareObjective(of, { advantage, surrogate, aggregation }, kl);
		close([batchLoss(prepared, outputsOf(logp))], [loss.loss], `${what} loss`);
		const gradient = logp.flatMap((l, b) => Array.from(scoreWeights(prepared, b, l), (c) => -c));
		close(gradient, ragged(loss.grad, mask), `${what} gradient`);
		const masked = loss.grad.flatMap((row, b) => row.filter((_, t) => mask[b][t] === 0));
		expect(
			masked.every((g) => g === 0),
			"the golden's masked tokens have no gradient",
		).toBe(true);
	}

	/** The clip of a whole completion's ratio is that of a token's, of one token with the completion's log-probs. */
	function checkSequenceClip(loss: Loss, advantages: ArrayLike<number>, what: string) {
		const B = logp.length;
		const one = (values: Float64Array) => Float64Array.of(total(values));
		const of = logp.map((l, b) => ({
			a: Float64Array.of(advantages[b]),
			l: one(l),
			mu: one(tokensOf(batch, batch.sampler, b) as Float64Array),
		}));
		const losses = of.map(({ a, l, mu }) => total(surrogateLosses(CLIP, a, l, mu, l)));
		close([losses.reduce((sum, x) => sum + x, 0) / B], [loss.loss], `${what} loss`);
		const weights = of.map(({ a, l, mu }) => surrogateTerms(CLIP, a, l, mu).weights[0]);
		const gradient = logp.flatMap((l, b) => Array.from(l, () => -weights[b] / B));
		close(gradient, ragged(loss.grad, mask), `${what} gradient`);
	}

	test(`${name}: advantages`, () => {
		for (const [key, kind] of Object.entries(ADVANTAGE_KEYS)) {
			close(sequenceAdvantages(kind, batch.rewards, batch.groupSize), goldenCase.advantages[key], key);
		}
		const centred = sequenceAdvantages("dr-grpo", batch.rewards, batch.groupSize);
		const means = Array.from(batch.rewards, (r, b) => r - centred[b]);
		close(
			means,
			Array.from(batch.rewards, (_, b) => goldenCase.group_stats.mean[Math.floor(b / 3)]),
			"mean",
		);
		const normalised = sequenceAdvantages("grpo", batch.rewards, batch.groupSize);
		const expectedCentre = Array.from(
			normalised,
			(a, b) => a * (goldenCase.group_stats.std[Math.floor(b / 3)] + 1e-4),
		);
		close(centred, expectedCentre, "std");
	});

	// A KL alone: reinforce on rewards of zero leaves nothing but the KL term.
	const unrewarded = { ...batch, rewards: new Float64Array(batch.rewards.length) };
	test.each(ESTIMATOR_KEYS)(`${name}: kl_loss %s`, (estimator) => {
		const entry = goldenCase.kl_loss[estimator];
		close(klValues(estimator, flat, batch.reference), ragged(entry.per_token, mask), "per_token");
		for (const [key, aggregation] of ways) {
			const kl: KlConfig = { place: "loss", estimator, beta: 1 };
			checkLoss(entry[key], "reinforce", { kind: "reinforce" }, aggregation, kl, key, unrewarded);
		}
	});

	test.each(ESTIMATOR_KEYS)(`${name}: kl_reward %s`, (estimator) => {
		const entry = goldenCase.kl_reward[estimator];
		const kl = inReward(estimator);
		const values = klValues(estimator, batch.sampler, batch.reference);
		const sums = logp.map((_, b) => total(tokensOf(batch, values, b)));
		close(sums, entry.sequence_kl, "sequence_kl");
		const shaped = batch.rewards.map((r, b) => r - golden.beta * sums[b]);
		close(shaped, entry.shaped_rewards, "shaped_rewards");
		for (const [key, kind] of Object.entries(ADVANTAGE_KEYS)) {
			const want = entry[key];
			const bare = {
				advantage: kind,
				surrogate: { kind: "reinforce" },
				aggregation: "sequence-sum",
			} as const;
			const { advantages } = prepareObjective(batch, bare, kl);
			const repeated = logp.flatMap((l, b) => Array.from(l, () => want.advantages[b]));
			close(advantages, repeated, `${key} advantages`);
			expect(Object.keys(want.reinforce)).toEqual(["token_mean", "sequence_sum"]);
			for (const [how, aggregation] of ways) {
				const reinforce = want.reinforce[how] as Loss | undefined;
				if (reinforce)
					checkLoss(reinforce, kind, { kind: "reinforce" }, aggregation, kl, `${key} reinforce ${how}`);
				checkLoss(want.ppo_clip[how], kind, CLIP, aggregation, kl, `${key} ppo_clip ${how}`);
			}
			checkSequenceClip(want.sequence_ratio_clip, want.advantages, `${key} sequence_ratio_clip`);
		}
	});

	test.each(Object.entries(ADVANTAGE_KEYS))(`${name}: ppo_clip %s`, (key, kind) => {
		const entry = goldenCase.ppo_clip[key];
		for (const [how, aggregation] of ways) checkLoss(entry[how], kind, CLIP, aggregation, NO_KL, how);
		checkSequenceClip(entry.sequence_ratio_clip, goldenCase.advantages[key], "sequence_ratio_clip");
		const prepared = prepareObjective(
			batch,
			{ advantage: kind, surrogate: CLIP, aggregation: "token-mean" },
			NO_KL,
		);
		const { clippedLow, clippedHigh } = objectiveDiagnostics(prepared, outputsOf(logp));
		close([clippedLow, clippedHigh], [entry.clip_fraction_low, entry.clip_fraction_high], "clip fractions");
	});

	test.each(Object.entries(ADVANTAGE_KEYS))(`${name}: combined %s`, (key, kind) => {
		for (const estimator of ESTIMATOR_KEYS) {
			const kl: KlConfig = { place: "loss", estimator, beta: golden.beta };
			for (const [how, aggregation] of ways) {
				const want = goldenCase.combined[key][estimator][how];
				checkLoss(want, kind, CLIP, aggregation, kl, `${estimator} ${how}`);
			}
		}
	});
}

function inReward(estimator: Estimator): KlConfig {
	return { place: "reward", estimator, credit: "sequence", beta: golden.beta, logprobs: "sampler" };
}
