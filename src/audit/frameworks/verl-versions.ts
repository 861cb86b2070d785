import type { Candidate } from "../candidate.ts";
import type { ReadBeside, VersionSpan } from "./framework.ts";

/** Between 2025-01-23 and 2025-02-01 the KL in the loss was subtracted; copies of that week are in use. */
export const subtracted = "0.1.post20250127";

/** Keys of verl up to 0.2, and of projects that hold a copy of it: newer versions refuse them. */
const upTo02 =
	/(^critic\.kl_ctrl\.|\.fsdp_config\.grad_offload$|^trainer\.remove_previous_ckpt_in_save$|^data\.(train_data_num|val_data_num|max_start_length|max_obs_length)$|^algorithm\.no_think_rl$|^actor_rollout_ref\.(rollout\.n_agent|actor\.state_masking)$)/;
const upTo03 = /^trainer\.val_generations_to_log_to_wandb$/;
/** Keys that came with the switch of the KL in the reward, or after it. */
const since04 =
	/^(algorithm\.(norm_adv_by_std_in_grpo|rollout_(correction|is)|pf_ppo|use_pf_ppo)|trainer\.(use_v1|v1\.|rollout_data_dir|log_val_generations|validation_data_dir)|rllm\.|actor_rollout_ref\.(actor\.(use_invalid_action_penalty$|policy_loss\.|profiler\.|checkpoint\.save_contents)|rollout\.(multi_turn\.|calculate_log_probs|agent\.)))/;
/** Some that came with it too, and that older copies may have had for themselves. */
const newer = /^actor_rollout_ref\.(model\.lora_rank|rollout\.mode)$/;

/** The versions in which a run's settings exist. */
export function verlSpan({ settings }: Candidate): VersionSpan {
	const known = settings.filter(({ added }) => added !== true);
	const has = (pattern: RegExp) => known.some(({ key }) => pattern.test(key));
	if (has(since04)) return { atLeast: "0.4.0" };
	if (has(upTo02)) return { atMost: "0.2.0.post2", others: [subtracted] };
	if (has(upTo03)) return { atMost: "0.3.0.post1" };
	if (has(newer) || known.some(({ key, value }) => /\.strategy$/.test(key) && value === "fsdp2"))
		return { atLeast: "0.4.0" };
	// hydra refuses to add a key that is there: up to 0.3 this one was not.
	const adds = settings.some(({ key, added }) => added === true && key === "trainer.val_before_train");
	return adds ? { likely: "0.3.0.post1" } : {};
}

/** The version of verl on a day, for those who use its repository. */
export function verlOfDay(date: string): string {
	if (!/^20\d\d-\d\d/.test(date)) return date;
	if (date < "2025-01-23") return "0.1";
	if (date <= "2025-02-01") return subtracted;
	return date < "2025-04" ? "0.3.0.post1" : date;
}

/** A copy of verl in the project: its code says by itself what matters here. */
export function verlBeside(read: ReadBeside): string | null {
	const actor = read("verl/workers/actor/dp_actor.py");
	if (actor !== null && /policy_loss\s*=\s*policy_loss\s*-\s*kl_loss/.test(actor)) return subtracted;
	const trainer = read("verl/trainer/ppo/ray_trainer.py");
	if (trainer === null) return null;
	return trainer.includes("use_kl_in_reward") ? null : "0.3.0.post1";
}
