import { isSampled, type KlConfig, type KlInBoth, type KlInLoss, type KlInReward } from "./config.ts";
import type { Estimator } from "./estimators.ts";

/** Values and derivatives of an index: "u_n", "1 - r_t". */
const values: Record<Estimator, (i: string) => string> = {
	k1: (i) => `u_${i}`,
	"k1+": (i) => `u_${i}`,
	k2: (i) => `u_${i}^2/2`,
	k3: (i) => `(r_${i} - 1 + u_${i})`,
	"k3+": (i) => `(r_${i} - 1 + u_${i})`,
	abs: (i) => `|u_${i}|`,
};
const slopes: Record<Estimator, string> = {
	k1: "1",
	k2: "u_t",
	"k1+": "u_t",
	"k3+": "u_t",
	k3: "(1 - r_t)",
	abs: "sign(u_t)",
};

/**
 * c_t (and d_t, of grad D_t) in the notation of docs/kl.md: u = log pi - log ref, r = exp(-u), w = pi / mu of a token, W
 * of a prefix, D the full-vocabulary KL; b in place of log pi where the sampler's log-probs stand in the KL.
 */
export function weightFormula(config: KlConfig): string {
	if (config.place === "none") return "c_t = 0";
	const parts = [
		...(config.place === "loss" ? [] : [rewardFormula(config)]),
		...(config.place === "reward" ? [] : [lossFormula(config)]),
	];
	const c = parts.map(([logprobs]) => logprobs).filter((text) => text !== "0");
	const d = parts.flatMap(([, divergence]) => (divergence === null ? [] : [divergence]));
	const weights = [`c_t = ${c.length === 0 ? "0" : c.join(" + ")}`, ...d.map((text) => `d_t = ${text}`)];
	const { to, clamp } = config;
	const notes = [
		...(to === "sampler" ? ["u = log pi - log mu, to the sampler"] : []),
		...(config.place !== "loss" && config.logprobs === "sampler" ? ["u at the sampler's log-probs"] : []),
		...(clamp?.logRatio === undefined ? [] : [`|u| at most ${clamp.logRatio}`]),
		...(clamp?.value === undefined ? [] : [`its value at most ${clamp.value}`]),
	];
	return [weights.join(", "), ...notes].join("; ");
}

type Formula = readonly [logprobs: string, divergence: string | null];

/** The factor of a term of token n, seen from token t. */
function factor({ importance = "none" }: KlInReward | KlInLoss | KlInBoth, prefix: string): string {
	return { none: "", token: "w_t ", prefix: `W_${prefix} `, sequence: "W_1:T " }[importance];
}

function rewardFormula(config: KlInReward | KlInBoth): Formula {
	const { estimator, credit, discount = 1, importance = "none" } = config;
	const own = factor(config, "1:t");
	if (estimator === "rao-blackwell") return [`${own}u_t + ${future(config)}`, null];
	if (estimator === "rao-blackwell-local") return [`${own}(u_t - D_t)`, null];
	if (estimator === "full") return [credit === "sequence" ? `${own}sum_n D_n` : future(config), null];
	const value = values[estimator];
	if (credit === "token" || discount === 0) return [`${own}${value("t")}`, null];
	const discounted = discount === 1 ? "" : `${discount}^(n-t) `;
	const range = credit === "sequence" ? "n" : "n>=t";
	const reach = credit === "sequence" ? "1:max(t,n)" : "1:n";
	return importance === "prefix"
		? [`sum_${range} ${discounted}W_${reach} ${value("n")}`, null]
		: [`${own}sum_${range} ${discounted}${value("n")}`, null];
}

function lossFormula(config: KlInLoss | KlInBoth): Formula {
	const { estimator, importance = "none", differentiateImportance = false } = config;
	const own = factor(config, "1:t");
	if (!isSampled(estimator)) {
		const d = factor(config, "1:t-1").trim() || "1";
		if (estimator === "top-k") return [`${own}(u_t + 1) outside the head`, `${d} of the head's sum`];
		const through = estimator === "rao-blackwell" || (differentiateImportance && importance !== "token");
		return [through ? future(config) : differentiateImportance ? "w_t D_t" : "0", d];
	}
	const slope = `${own}${slopes[estimator]}`;
	if (!differentiateImportance) return [slope, null];
	const value = values[estimator];
	const moved = {
		none: "",
		token: `w_t ${value("t")}`,
		prefix: `sum_n>=t W_1:n ${value("n")}`,
		sequence: `W_1:T sum_n ${value("n")}`,
	}[importance];
	return [`${slope} + ${moved}`, null];
}

function future(config: KlInReward | KlInLoss | KlInBoth): string {
	const { importance = "none" } = config;
	return importance === "prefix" ? "sum_n>t W_1:n-1 D_n" : `${factor(config, "")}sum_n>t D_n`;
}
