const words =
	/kl|beta|(?<!normalize[-_])adv|gamma|discount|opd|distill|teacher|(?<!actor_rollout_)ref|loss|conf|algo|scale|importance|corr|critic/i;
const otherFile = /\.(ya?ml|toml|json|sh|py)\b/i;

/** Whether a text of a command (an option, its value, a variable's name) speaks of what a run's KL may hang on. */
export function tellsOfKl(text: string): boolean {
	return words.test(text);
}

/** Whether it speaks of it, or names a file that may. */
export function mayTellOfKl(text: string): boolean {
	return tellsOfKl(text) || otherFile.test(text);
}
