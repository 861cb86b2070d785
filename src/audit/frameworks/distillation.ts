import { type Ask, Unreadable } from "./ask.ts";

/** Switches of on-policy distillation: verl; slime and what is made of it; ROLL. */
const switches = ["distillation.enabled", "use_opd", "is_pure_opd", "opsd_mode", "opd_pure"];

/** A teacher's KL stands where a reference's would, and the teacher may be any: no verdict holds of it. */
export function refuseDistillation(ask: Ask): void {
	const isOn = switches.some((key) => ask.has(key) && ask.flag(key, false));
	const isIdle = ask.has("opd_kl_coef") && ask.number("opd_kl_coef", 1) === 0 && !ask.under("opsd_");
	if ((isOn && !isIdle) || /distillation/.test(ask.candidate.program)) throw new Unreadable(distils);
}

export const distils = "on-policy distillation holds the policy to its teacher by a KL of its own";
