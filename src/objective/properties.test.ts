import fc from "fast-check";
import { expect, test } from "vitest";
import { type KlConfig, type RewardLogProbs, validateKlConfig } from "../kl/config.ts";
import { assignCredit, type Credit, total } from "../kl/credit.ts";
import { ESTIMATORS, type Estimator, klValues } from "../kl/estimators.ts";
import { klFromFlat } from "../kl/flat.ts";
import { IMPORTANCES } from "../kl/importance.ts";
import { sequenceAdvantages } from "./advantages.ts";
import { type TokenBatch, tokensOf } from "./batch.ts";
import { ADVANTAGES, type Aggregation, type ObjectiveConfig, type Surrogate } from "./config.ts";
import { objectiveDiagnostics } from "./diagnostics.ts";
import { type PreparedObjective, prepareObjective, selectSequences } from "./prepare.ts";
import { batchLoss, scoreWeights, sequenceLoss, weigh } from "./weigh.ts";

// Random batches and every kind of configuration, for property tests.

const logp = fc.double({ min: -6, max: -0.01, noNaN: true });
const shift = fc.double({ min: -1.5, max: 1.5, noNaN: true });
const reward = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: -2, max: 2, noNaN: true }));

interface Sampled {
	readonly batch: TokenBatch;
	/** Fresh log-probs by sequence, different from the sampler's. */
	readonly logp: Float64Array[];
}

/** One to three groups of two to four ragged sequences of up to five tokens, some of them empty. */
const sampledBatch: fc.Arbitrary<Sampled> = fc
	.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 4 }))
	.chain(([groups, groupSize]) => {
		const token = fc.tuple(logp, shift, shift);
		const sequence = fc.tuple(reward, fc.array(token, { maxLength: 5 }));
		const size = { minLength: groups * groupSize, maxLength: groups * groupSize };
		return fc.array(sequence, size).map((sequences) => {
			const tokens = sequences.flatMap(([, row]) => row);
			const offsets = new Int32Array(sequences.length + 1);
			for (const [b, [, row]] of sequences.entries()) offsets[b + 1] = offsets[b] + row.length;
			const current = Float64Array.from(tokens, ([l]) => l);
			const batch = {
				offsets,
				sampler: Float64Array.from(tokens, ([l, toSampler]) => l + toSampler),
				reference: Float64Array.from(tokens, ([l, , toReference]) => l + toReference),
				current,
				rewards: Float64Array.from(sequences, ([r]) => r),
				groupSize,
			};
			return { batch, logp: sequences.map((_, b) => current.slice(offsets[b], offsets[b + 1])) };
		});
	});

const beta = fc.double({ min: 0, max: 2, noNaN: true });
const estimator = fc.constantFrom<Estimator>("k1", "k2", "k3");

const klInReward = fc.record({
	place: fc.constant("reward" as const),
	estimator,
	credit: fc.constantFrom<Credit>("sequence", "reward-to-go", "token"),
	beta,
	logprobs: fc.constantFrom<RewardLogProbs>("sampler", "current"),
});

const klInLoss = fc.record({ place: fc.constant("loss" as const), estimator, beta });

const klConfig: fc.Arbitrary<KlConfig> = fc.oneof(
	fc.constant({ place: "none" } as const),
	klInReward,
	klInLoss,
);

const rare = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Every axis there is, what contradicts itself left out. */
const anyKl: fc.Arbitrary<KlConfig> = fc
	.record({
		place: fc.constantFrom("reward", "loss", "both"),
		estimator: fc.constantFrom(...ESTIMATORS, "full" as const),
		credit: fc.constantFrom<Credit>("sequence", "reward-to-go", "token"),
		discount: rare(fc.constant(0.5)),
		beta,
		logprobs: fc.constantFrom<RewardLogProbs>("sampler", "current"),
		importance: fc.constantFrom(...IMPORTANCES),
		truncation: rare(fc.constantFrom({ high: 1.5, by: "clip" }, { low: 0.5, high: 2, by: "mask" } as const)),
		differentiateImportance: rare(fc.constant(true)),
		to: rare(fc.constant("sampler" as const)),
		clamp: rare(fc.constantFrom({ logRatio: 0.5 }, { value: 0.4 }, { logRatio: 1, value: 0.6 })),
		normalisation: rare(fc.constantFrom("before", "after")),
		clip: rare(fc.constantFrom("inside", "outside")),
		centre: rare(fc.constantFrom("group", "batch")),
	})
	.map((flat) => klFromFlat(flat))
	.filter((kl) => {
		try {
			validateKlConfig(kl);
			return true;
		} catch {
			return false;
		}
	});

const sampledKl = anyKl.filter((kl) => kl.place === "none" || kl.estimator !== "full");

const surrogate: fc.Arbitrary<Surrogate> = fc.constantFrom<Surrogate>(
	{ kind: "reinforce" },
	{ kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.28 },
	{ kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.28, dualClip: 1.5 },
	{ kind: "cispo", epsilonLow: 0.3, epsilonHigh: 0.5 },
	{ kind: "gspo", epsilonLow: 0.1, epsilonHigh: 0.2 },
	{ kind: "tis", level: "token", cap: 1.5 },
	{ kind: "tis", level: "sequence", cap: 2 },
	{ kind: "masked-is", level: "token", low: 0.5, high: 2 },
	{ kind: "masked-is", level: "sequence", low: 0.3, high: 3 },
);

const aggregation: fc.Arbitrary<Aggregation> = fc.oneof(
	fc.constantFrom<Aggregation>("token-mean", "sequence-sum", "sequence-mean"),
	fc.integer({ min: 1, max: 9 }).map((length) => ({ kind: "fixed-length" as const, length })),
);

const objectiveConfig: fc.Arbitrary<ObjectiveConfig> = fc.record({
	advantage: fc.constantFrom(...ADVANTAGES),
	surrogate,
	aggregation,
});

function allWeights(prepared: PreparedObjective, logp: readonly Float64Array[]): number[] {
	return logp.flatMap((l, b) => Array.from(scoreWeights(prepared, b, l)));
}

function close(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-9): void {
	expect(got.length).toBe(want.length);
	for (let i = 0; i < want.length; i++) {
		if (!(Math.abs(got[i] - want[i]) <= tolerance * (1 + Math.abs(want[i])))) {
			expect.fail(`at ${i}: ${got[i]}, not ${want[i]}`);
		}
	}
}

/** By a standard deviation. */
const divides = ({ advantage }: ObjectiveConfig) => advantage === "grpo" || advantage === "reinforce++";

const outputsOf = (logp: readonly Float64Array[]) => logp.map((logprobs) => ({ logprobs }));

test("score weights are minus the gradient of the loss, for every configuration", () => {
	let compared = 0;
	let kinks = 0;
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, anyKl, ({ batch, logp }, objective, kl) => {
			const prepared = prepareObjective(batch, objective, kl);
			for (const [b, l] of logp.entries()) {
				// Any numbers will do: what a divergence is worth does not depend on the tokens that were drawn.
				const divergence = l.map((_, t) => 0.3 + 0.1 * t);
				const loss = (step: number, t: number) =>
					sequenceLoss(prepared, b, { logprobs: l.with(t, l[t] + step), divergence }, l);
				const { logprobs: weights } = weigh(prepared, b, { logprobs: l, divergence });
				for (const [t, weight] of weights.entries()) {
					if (kl.place !== "none" && kl.place !== "loss" && kl.estimator === "full") continue;
					const [up, here, down] = [1e-6, 0, -1e-6].map((step) => loss(step, t));
					const [right, left] = [-(up - here) / 1e-6, -(here - down) / 1e-6];
					if (Math.abs(right - left) > 1e-3 * (1 + Math.abs(right))) {
						kinks++;
						continue;
					}
					compared++;
					// A kink of a KL that is hardly weighed at all is as small: the weight lies between its sides then.
					close([weight], [(right + left) / 2], 1e-5 + Math.abs(right - left));
				}
			}
		}),
		{ numRuns: 1000 },
	);
	expect(kinks).toBeLessThan(compared / 25);
});

test("everything that comes out is finite", () => {
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, sampledKl, ({ batch, logp }, objective, kl) => {
			const prepared = prepareObjective(batch, objective, kl);
			const diagnostics = objectiveDiagnostics(prepared, outputsOf(logp));
			for (const x of [...allWeights(prepared, logp), ...(Object.values(diagnostics) as number[])]) {
				expect(x).toSatisfy(Number.isFinite);
			}
		}),
	);
});

test("a fresh log-prob that is not finite shows in the loss and in weights that depend on it, and throws nothing", () => {
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, klConfig, ({ batch, logp }, objective, kl) => {
			fc.pre(logp[0].length > 0);
			const prepared = prepareObjective(batch, objective, kl);
			const broken = logp[0].with(0, Number.NaN);
			expect(sequenceLoss(prepared, 0, { logprobs: broken })).toBeNaN();
			const depends =
				objective.surrogate.kind !== "reinforce" || (kl.place === "loss" && kl.estimator !== "k1");
			expect(Number.isNaN(scoreWeights(prepared, 0, broken)[0])).toBe(depends);
		}),
	);
});

test("mean baselines: advantages sum to 0 in a group, for any reward", () => {
	fc.assert(
		fc.property(sampledBatch, fc.constantFrom("rloo", "grpo", "dr-grpo"), ({ batch }, kind) => {
			const { rewards, groupSize } = batch;
			const advantages = sequenceAdvantages(kind, rewards, groupSize);
			for (let first = 0; first < rewards.length; first += groupSize) {
				close([total(advantages.subarray(first, first + groupSize))], [0]);
			}
		}),
	);
});

test("a constant added to all rewards of the batch changes nothing, but for plain REINFORCE", () => {
	fc.assert(
		fc.property(
			sampledBatch,
			fc.constantFrom("rloo", "dr-grpo"),
			fc.integer({ min: -9, max: 9 }),
			({ batch }, kind, x) => {
				const moved = batch.rewards.map((r) => r + x);
				close(
					sequenceAdvantages(kind, moved, batch.groupSize),
					sequenceAdvantages(kind, batch.rewards, batch.groupSize),
				);
			},
		),
	);
});

test("rloo is dr-grpo times n / (n - 1)", () => {
	fc.assert(
		fc.property(sampledBatch, ({ batch: { rewards, groupSize } }) => {
			const centred = sequenceAdvantages("dr-grpo", rewards, groupSize);
			close(
				sequenceAdvantages("rloo", rewards, groupSize),
				centred.map((a) => (a * groupSize) / (groupSize - 1)),
			);
		}),
	);
});

test("the order of a group's sequences, and of the groups, does not matter", () => {
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, klConfig, ({ batch, logp }, objective, kl) => {
			const B = logp.length;
			const reversed = Array.from({ length: B }, (_, b) => B - 1 - b);
			const weights = (prepared: PreparedObjective, order: readonly number[]) =>
				order.map((of, b) => Array.from(scoreWeights(prepared, b, logp[of])));
			const straight = weights(prepareObjective(batch, objective, kl), reversed.toReversed());
			const turned = weights(prepareObjective(reorder(batch, reversed), objective, kl), reversed);
			for (const [b, of] of reversed.entries()) close(turned[b], straight[of]);
		}),
	);
});

function reorder(batch: TokenBatch, order: readonly number[]): TokenBatch {
	const offsets = new Int32Array(batch.offsets.length);
	for (const [b, of] of order.entries()) {
		offsets[b + 1] = offsets[b] + batch.offsets[of + 1] - batch.offsets[of];
	}
	const pick = (values: Float64Array | Float32Array) =>
		Float64Array.from(order.flatMap((of) => Array.from(tokensOf(batch, values, of))));
	return {
		offsets,
		sampler: pick(batch.sampler),
		reference: pick(batch.reference),
		current: pick(batch.current ?? batch.sampler),
		rewards: Float64Array.from(order, (of) => batch.rewards[of]),
		groupSize: batch.groupSize,
	};
}

test("beta 0 is no KL", () => {
	fc.assert(
		fc.property(
			sampledBatch,
			objectiveConfig,
			fc.oneof(klInReward, klInLoss),
			({ batch, logp }, objective, kl) => {
				const without = prepareObjective(batch, objective, { place: "none" });
				const zero = prepareObjective(batch, objective, { ...kl, beta: 0 });
				close(allWeights(zero, logp), allWeights(without, logp), 0);
				close([batchLoss(zero, outputsOf(logp))], [batchLoss(without, outputsOf(logp))], 0);
			},
		),
	);
});

test("weights are affine in beta where neither a standard deviation nor a clip comes between", () => {
	fc.assert(
		fc.property(
			sampledBatch,
			objectiveConfig,
			fc.oneof(klInReward, klInLoss),
			({ batch, logp }, objective, kl) => {
				fc.pre(!divides(objective) || kl.place === "loss" || kl.credit !== "sequence");
				const at = (beta: number) => {
					const linear = { ...objective, surrogate: { kind: "reinforce" } } as const;
					return allWeights(prepareObjective(batch, linear, { ...kl, beta }), logp);
				};
				const [zero, one, half] = [at(0), at(1), at(0.5)];
				close(
					half,
					zero.map((w, i) => (w + one[i]) / 2),
				);
			},
		),
	);
});

test("a first token has the same advantage with reward-to-go and with sequence credit", () => {
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, klInReward, ({ batch }, objective, kl) => {
			fc.pre(!divides(objective));
			const { advantages: toGo } = prepareObjective(batch, objective, { ...kl, credit: "reward-to-go" });
			const { advantages: whole } = prepareObjective(batch, objective, { ...kl, credit: "sequence" });
			const firsts = Array.from(batch.rewards, (_, b) => batch.offsets[b]).filter(
				(first, b) => first < batch.offsets[b + 1],
			);
			close(
				firsts.map((i) => toGo[i]),
				firsts.map((i) => whole[i]),
			);
		}),
	);
});

test("reward-to-go starts at the sequence's credit, ends at the token's, and falls by the token's", () => {
	fc.assert(
		fc.property(sampledBatch, ({ batch, logp }) => {
			fc.pre(logp[0].length > 0);
			const values = klValues("k1", logp[0], tokensOf(batch, batch.reference, 0));
			const toGo = assignCredit("reward-to-go", values);
			close(
				[toGo[0], toGo[toGo.length - 1]],
				[assignCredit("sequence", values)[0], values[values.length - 1]],
			);
			close(
				values,
				toGo.map((c, t) => c - (toGo[t + 1] ?? 0)),
			);
		}),
	);
});

test("a batch evaluated in portions has the loss of the whole", () => {
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, klConfig, ({ batch, logp }, objective, kl) => {
			const prepared = prepareObjective(batch, objective, kl);
			const parts = logp
				.map((_, i) => logp.length - 1 - i)
				.map((b) => sequenceLoss(prepared, b, { logprobs: logp[b] }));
			close([total(parts)], [batchLoss(prepared, outputsOf(logp))]);
		}),
	);
});

test("an update of all sequences is the batch's own, and one of some has their weights, scaled to their number", () => {
	fc.assert(
		fc.property(sampledBatch, objectiveConfig, sampledKl, ({ batch, logp }, objective, kl) => {
			const prepared = prepareObjective(batch, objective, kl);
			const all = logp.map((_, b) => b);
			close(allWeights(selectSequences(prepared, all), logp), allWeights(prepared, logp), 0);
			const chosen = all.filter((b) => b % 2 === 0);
			const some = selectSequences(prepared, chosen);
			for (const [i, b] of chosen.entries()) {
				const unscaled = (of: PreparedObjective, at: number) =>
					scoreWeights(of, at, logp[b]).map((w) => w / of.scales[at]);
				close(unscaled(some, i), unscaled(prepared, b));
			}
		}),
	);
});

test("whitened advantages have mean 0 and deviation 1 over the batch's tokens", () => {
	fc.assert(
		fc.property(sampledBatch, ({ batch }) => {
			const config = {
				advantage: "reinforce++",
				surrogate: { kind: "reinforce" },
				aggregation: "token-mean",
			} as const;
			const { advantages } = prepareObjective(batch, config, { place: "none" });
			// Of what is whitened: next to none is no match for the constant that is added to it.
			const { advantages: before } = prepareObjective(
				batch,
				{ ...config, advantage: "dr-grpo" },
				{ place: "none" },
			);
			fc.pre(before.length > 1 && Math.max(...before) - Math.min(...before) > 0.1);
			close([total(advantages)], [0], 1e-6);
			close([total(advantages.map((a) => a * a)) / (advantages.length - 1)], [1], 1e-6);
		}),
	);
});
