import { isOff } from "../value.ts";
import { type Ask, Unreadable } from "./ask.ts";

/** Settings of a KL, without their section, that one of the frameworks has or had: docs/audit says what each does. */
const known = new Set(
	`adap_kl_ctrl add_token_level_kl approx_kl compute_post_kl disable_kl dppo_kl dppo_kl_threshold
	init_kl_coef initial_policy_kl_penalty kl kl_approximation kl_coef kl_coeff kl_cov kl_cov_ratio kl_ctl
	kl_ctrl kl_discount_factor kl_estimator kl_estimator_type kl_horizon kl_in_reward kl_input_clamp_value
	kl_loss_coef kl_loss_fn kl_loss_fn_args kl_loss_mode kl_loss_type kl_max_coef kl_method
	kl_output_clamp_value kl_penalty kl_penalty_coef kl_penalty_fn kl_penalty_fn_args kl_penalty_source
	kl_policy_base kl_reference_config kl_target kl_tau low_var_kl max_kl mse_kl opd_kl_coef ppo_kl_coef
	reference_policy_kl reference_policy_kl_penalty reference_policy_kl_type target_kl use_abs_kl
	use_absolute_kl use_adaptive_kl_ctl use_bias_correction_kl use_kl_estimator_k3 use_kl_in_reward
	use_kl_loss use_on_policy_kl_approximation use_unbiased_kl`.split(/\s+/),
);
const ofKl = /(^|_)kld?(_|$)/;
/** What only says something, or is of another KL than the policy's (of sparse attention's indexer). */
const beside = /(^|_)(log|logging|metrics?|profile|plot|report|monitor|indexer)(_|$)/;

/** A setting of a KL that no framework has is of somebody's own code, which may do anything with it. */
export function refuseForeignKl(ask: Ask): void {
	const hasSections = [...ask.asked].some((key) => key.includes("."));
	for (const { key, value } of ask.candidate.settings) {
		// Outside the sections stands what interpolations take.
		if (hasSections && !key.includes(".")) continue;
		const name = key.slice(key.lastIndexOf(".") + 1);
		if (!ofKl.test(name) || known.has(name) || beside.test(name)) continue;
		if (ask.asked.has(key) || isOff(value)) continue;
		throw new Unreadable(`${key} is no setting of a KL that is known: code which has it may be another's`);
	}
}
