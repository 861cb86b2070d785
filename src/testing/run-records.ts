import type { DomainScores, RunRecord, Series } from "../experiment/run-record.ts";
import { seededRandom } from "../tasks/random.ts";

const nothing: Series = {
	step: [],
	reward: [],
	kl: [],
	klPerToken: [],
	forwardKlPerToken: [],
	entropy: [],
	length: [],
	topWeightShare: [],
	sequenceEss: [],
	gradNorm: [],
};

/** A finished run without curves or scores, but for what is given. */
export function aRecord(
	parts: Partial<Omit<RunRecord, "series">> & { series?: Partial<Series> } = {},
): RunRecord {
	const { seed = 1, labels = {}, series = {}, ...rest } = parts;
	return {
		name: [...Object.values(labels), `seed${seed}`].join("-"),
		outcome: "finished",
		step: 10,
		steps: 10,
		kl: { objective: "sequence-reverse-kl", exact: true, causes: [], reason: "", beta: "0.1" },
		environment: { thalia: "0.1.0", node: "20.0.0", threads: 1, commit: "0123abc" },
		seconds: 60,
		before: null,
		after: null,
		config: {},
		...rest,
		seed,
		labels,
		series: { ...nothing, ...series },
	};
}

/** Scores of a domain whose problems are named by their place: `means[i]`, and passed greedily where it is above 1/2. */
export function scores(domain: string, means: readonly (number | null)[], samples = 8): DomainScores {
	return {
		domain,
		samples,
		problems: means.map((mean, i) => ({
			id: `${domain}-${i}`,
			family: i % 2 === 0 ? "add" : "sub",
			greedy: mean === null ? null : Number(mean > 0.5),
			mean,
		})),
	};
}

export interface MadeGrid {
	/** Default: 5. */
	readonly seeds?: number;
	/** Problems of each domain; default: 60. */
	readonly problems?: number;
	/** Default: 100. */
	readonly steps?: number;
	readonly betas?: readonly string[];
	readonly lags?: readonly string[];
}

/** How a KL behaves: KL per 1 / beta, gain in the two domains, and from which strength it breaks. */
const kinds = {
	none: { reach: 9, gain: [0.3, 0.02], breaks: Infinity, follows: "none" },
	"k1-reward": { reach: 3, gain: [0.33, 0.18], breaks: Infinity, follows: "sequence-reverse-kl" },
	"k3-reward": { reach: 5, gain: [0.1, -0.05], breaks: 0.05, follows: "reverse-minus-forward" },
	"k1-loss": { reach: 9, gain: [0.22, -0.02], breaks: 0.3, follows: "zero-mean-noise" },
	"k3-loss": { reach: 7, gain: [0.28, 0.08], breaks: Infinity, follows: "local-forward-kl" },
	"k1-both": { reach: 3, gain: [0.32, 0.17], breaks: Infinity, follows: "sequence-reverse-kl" },
	"k3-both": { reach: 3.4, gain: [0.31, 0.16], breaks: Infinity, follows: "sequence-reverse-kl" },
} as const;

/**
 * Runs as those of the paper's experiment may look: every KL of the paper at several strengths and lags, some of them
 * collapsed, one out of memory, one seed missing.
 */
export function madeGrid({
	seeds = 5,
	problems = 60,
	steps = 100,
	betas = ["0.05", "0.1", "0.3", "1"],
	lags = ["0", "10"],
}: MadeGrid = {}): RunRecord[] {
	const random = seededRandom(3);
	const normal = () => Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
	const ease = ["in-domain", "out-of-domain"].map((domain, d) => ({
		domain,
		base: [0.35, 0.3][d],
		problems: Array.from({ length: problems }, () => 0.22 * normal()),
	}));
	const evaluate = (gains: readonly number[]): DomainScores[] =>
		ease.map(({ domain, base, problems: own }, d) => {
			const chances = own.map((easier) => Math.min(0.98, Math.max(0.01, base + gains[d] + easier)));
			const share = (chance: number) =>
				Array.from({ length: 8 }).reduce<number>((sum) => sum + (random.unit() < chance ? 1 : 0), 0) / 8;
			return {
				domain,
				samples: 8,
				problems: chances.map((chance, i) => ({
					id: `${domain} ${i}`,
					family: i % 2 === 0 ? "add" : "sub",
					greedy: Number(random.unit() < chance + 0.05),
					mean: share(chance),
				})),
			};
		});
	const before = evaluate([0, 0]);
	const records: RunRecord[] = [];
	for (const [kl, kind] of Object.entries(kinds)) {
		for (const lag of lags) {
			for (const beta of kl === "none" ? [null] : betas) {
				for (let seed = 1; seed <= seeds; seed++) {
					const strength = beta === null ? 0 : Number(beta);
					const late = lag === "0" ? 0 : 1;
					const collapses = strength >= kind.breaks || (kl === "none" && late === 1 && seed % 2 === 1);
					const broken = Math.round(steps * (0.35 + 0.25 * random.unit()) * (1 - 0.3 * late));
					const tilt = 0.02 * normal();
					const achieved = (kind.reach / (1 + 12 * strength)) * (1 + 0.15 * normal());
					const level = (step: number) => 1 - Math.exp((-4 * step) / steps);
					const after = (step: number) => (collapses && step > broken ? (step - broken) / steps : 0);
					const curve = (value: (step: number) => number) =>
						Array.from({ length: steps }, (_, i) => {
							const number = value(i + 1);
							return Number.isFinite(number) ? Number(number.toPrecision(5)) : null;
						});
					const gain = kind.gain[0] * (1 - 0.35 * strength) * (1 - 0.2 * late) + tilt;
					const labels = { kl, ...(beta === null ? {} : { "kl.beta": beta }), lag };
					const memory = kl === "k3-both" && beta === betas.at(-1) && late === 1 && seed === 2;
					if (kl === "k1-both" && late === 1 && beta === betas[0] && seed === seeds && seeds > 1) continue;
					const outcome = memory ? "out-of-memory" : collapses ? "collapsed" : "finished";
					records.push(
						aRecord({
							seed,
							labels,
							outcome,
							steps,
							step: memory ? Math.round(steps / 3) : steps,
							...(memory ? { reason: "out-of-memory: 31 GB of 30 GB" } : {}),
							...(collapses
								? { collapsedAt: broken, reason: `reward fell from 0.61 to 0.08 by step ${broken}` }
								: {}),
							kl: {
								objective: kind.follows,
								exact: kind.follows === "sequence-reverse-kl" && late === 0,
								causes: [],
								reason: "",
								beta,
							},
							seconds: 900 + 50 * normal(),
							before,
							after: memory
								? null
								: evaluate(
										collapses
											? [-0.28, -0.25]
											: [gain, kind.gain[1] * (1 - 0.3 * strength) * (1 - 0.2 * late) + tilt],
									),
							series: {
								step: Array.from({ length: memory ? Math.round(steps / 3) : steps }, (_, i) => i + 1),
								reward: curve((s) => Math.max(0, 0.35 + gain * level(s) - 3 * after(s) + 0.03 * normal())),
								kl: curve((s) => achieved * level(s) * Math.exp(6 * after(s)) + 0.02 * Math.abs(normal())),
								klPerToken: curve((s) => (achieved / 40) * level(s) * Math.exp(6 * after(s))),
								forwardKlPerToken: curve((s) =>
									after(s) > 0.45 ? Infinity : (achieved / 30) * level(s) * Math.exp(9 * after(s)),
								),
								entropy: curve((s) => 0.6 - 0.35 * level(s) + 4 * after(s) + 0.01 * normal()),
								length: curve((s) => 40 + 8 * level(s) + 60 * after(s) + normal()),
								topWeightShare: curve((s) => 0.05 + 0.02 * level(s) + 0.4 * after(s)),
								gradNorm: curve((s) => 1 + after(s) * 20 + 0.1 * Math.abs(normal())),
							},
						}),
					);
				}
			}
		}
	}
	return records;
}
