import { type Ask, Unreadable } from "./ask.ts";

/** Switches of on-policy distillation: verl; slime and what is made of it; ROLL. */
const switches = ["distillation.enabled", "use_opd", "is_pure_opd", "opsd_mode", "opd_pure"];
/** Those that need no switch: open-instruct's; ms-swift's. */
const teachers = ["opd_teacher_model_name_or_path", "teacher_model", "teacher_model_server"];

/** A teacher's KL stands where a reference's would, and the teacher may be any: no verdict holds of it. */
export function refuseDistillation(ask: Ask): void {
	const isOn =
		switches.some((key) => ask.has(key) && ask.flag(key, false)) ||
		teachers.some((key) => ask.has(key) && !isEmpty(ask.at(key)?.value)) ||
		ask.under("teacher.");
	const isIdle = ask.has("opd_kl_coef") && ask.number("opd_kl_coef", 1) === 0 && !ask.under("opsd_");
	if ((isOn && !isIdle) || /distill|(^|[./_])opd([./_]|$)/.test(ask.candidate.program))
		throw new Unreadable(distils);
}

function isEmpty(value: unknown): boolean {
	return value === null || value === "";
}

export const distils = "on-policy distillation holds the policy to its teacher by a KL of its own";
