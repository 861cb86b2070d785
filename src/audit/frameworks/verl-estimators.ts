import type { Estimator } from "../../kl/estimators.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { isEmpty } from "./distillation.ts";

export const verlNames = [
	"kl",
	"k1",
	"abs",
	"mse",
	"k2",
	"low_var_kl",
	"k3",
	"kl+",
	"k1+",
	"abs+",
	"mse+",
	"k2+",
	"low_var_kl+",
	"k3+",
	"full",
] as const;
export type VerlName = (typeof verlNames)[number];

/** With + the derivative is k2's, whatever the value. */
export const verlEstimators: Record<Exclude<VerlName, "full">, Estimator> = {
	...{ kl: "k1", k1: "k1", abs: "abs", mse: "k2", k2: "k2", low_var_kl: "k3", k3: "k3" },
	...{
		"kl+": "k1+",
		"k1+": "k1+",
		"abs+": "k2",
		"mse+": "k2",
		"k2+": "k2",
		"low_var_kl+": "k3+",
		"k3+": "k3+",
	},
};

/** A setting of copies by which the KL is that of the reference to the policy, or another divergence. */
const direction = /(^|[._])kl(_loss|_penalty)?_(direction|divergence)$/;

/** A setting of copies whose name says that it is of the KL, and not of its coefficient, its kind or its place. */
const ofCopies = new RegExp(
	String.raw`^(algorithm|actor_rollout_ref\.actor|worker\.actor)\.(use_)?kl_` +
		"(?!ctrl|(loss_)?coef|(loss_)?weight|(loss_|penalty_)?type$|penalty$|loss$|in_reward$|direction$|divergence$)[a-z0-9_]+$",
);

export function verlName(ask: Ask, key: string, fallback: VerlName): VerlName {
	const turned = ask.candidate.settings.find((one) => direction.test(one.key));
	if (turned !== undefined && !ask.written(turned.key).startsWith("reverse"))
		throw new Unreadable(`${turned.key} is no setting that is known, and may turn the KL round`);
	const changed = ask.candidate.settings.find((one) => ofCopies.test(one.key) && !isEmpty(one.value));
	if (changed !== undefined)
		throw new Unreadable(`${changed.key} is no setting that is known, and may change the KL`);
	return ask.choice(key, fallback, verlNames, ["kl", "mse", "low_var_kl", "abs"]);
}
