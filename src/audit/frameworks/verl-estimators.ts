import type { Estimator } from "../../kl/estimators.ts";
import type { Ask } from "./ask.ts";

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

export function verlName(ask: Ask, key: string, fallback: VerlName): VerlName {
	return ask.choice(key, fallback, verlNames, ["kl", "mse", "low_var_kl", "abs"]);
}
