import { expect, test } from "vitest";
import { redact } from "./redact.ts";

const secret = "aB3dE5fG7hJ9kL1m";

test.each([
	`export WANDB_API_KEY=${secret}`,
	`hf_token: "${secret}"`,
	`huggingface-cli login --token ${secret}`,
	`curl -H 'Authorization: Bearer ${secret}'`,
	`https://user:${secret}@host/x`,
	`login(token='${secret}')`,
	`wandb login hf_${secret}`,
	`x ${secret}${secret.toUpperCase()}${secret}`,
])("%s", (text) => {
	expect(redact(text)).not.toContain(secret);
	expect(redact(text)).toContain("[redacted]");
});

test.each([
	"actor_rollout_ref.actor.loss_agg_mode=token-mean",
	"no token answers for the KL of those after it",
	"--max_tokens 2048 --importance_sampling_level token",
	"tokenizer_path=/models/Qwen2.5-7B-Instruct/tokenizer.json",
])("%s is no secret", (text) => {
	expect(redact(text)).toBe(text);
});
