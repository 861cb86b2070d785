import { isOff, isUnknown, type Value } from "../value.ts";
import { type Ask, Unreadable } from "./ask.ts";

/** Switches of on-policy distillation: verl, NeMo-RL; slime and what is made of it; ROLL. */
const switches = [
	...["distillation.enabled", "on_policy_distillation.enabled"],
	...["use_opd", "is_pure_opd", "opsd_mode", "opd_pure"],
];
/** Any other setting of a teacher, as those that need no switch have them: open-instruct, ms-swift, copies of verl. */
const ofTeacher = /((^|[._])(teacher(?!_forc)|distill|opd_teacher|opd(?=\.))[^.]*)/;

/** Where the reference is read from, in what has a setting for it. */
const ofReference = /(^|[._])ref(erence)?([._]model)?[._]path$/;

/** A teacher's KL stands where a reference's would, and the teacher may be any: no verdict holds of it. */
export function refuseDistillation(ask: Ask): void {
	const isOn =
		switches.some((key) => ask.has(key) && ask.flag(key, false)) ||
		// Copies of verl whose reward model is the teacher.
		ask.written("algorithm.adv_estimator").startsWith("token_reward_direct") ||
		ask.candidate.settings.some(
			({ key, value }) =>
				(namesTeacher(ask, key) && !isOff(value)) || (ofReference.test(key) && isTeacher(value)),
		);
	const isIdle = ask.has("opd_kl_coef") && ask.number("opd_kl_coef", 1) === 0 && !ask.under("opsd_");
	if ((isOn && !isIdle) || /distill|(^|[./_])opd([./_]|$)/.test(ask.candidate.program))
		throw new Unreadable(distils);
}

/** Whether a setting is of a teacher, and not of a section that is off. */
function namesTeacher(ask: Ask, key: string): boolean {
	const match = ofTeacher.exec(key);
	// Of a file of defaults its list of groups is read as settings too.
	if (match === null || key.startsWith("defaults.")) return false;
	const enabled = `${key.slice(0, match.index + match[0].length)}.enabled`;
	return !ask.has(enabled) || ask.flag(enabled, false);
}

function isTeacher(value: Value): boolean {
	return /teacher/i.test(isUnknown(value) ? value.unknown : String(value));
}

export const distils = "on-policy distillation holds the policy to its teacher by a KL of its own";
