/** Shah et al., "A Comedy of Estimators: On KL Regularization in RL Training of LLMs". */
export const paperSource = "Shah et al., arXiv 2512.21852";

/** Qwen2.5-7B, accuracy of k3 in the loss and of k1 in the reward. */
export const paperAccuracies = [
	{ set: "MATH500", domain: "in-domain", k3InLoss: 0.613, k1InReward: 0.64 },
	{ set: "MATH", domain: "in-domain", k3InLoss: 0.337, k1InReward: 0.364 },
	{ set: "MMLU college physics", domain: "out-of-domain", k3InLoss: 0.429, k1InReward: 0.508 },
	{ set: "MMLU college chemistry", domain: "out-of-domain", k3InLoss: 0.373, k1InReward: 0.431 },
	{ set: "MMLU college biology", domain: "out-of-domain", k3InLoss: 0.525, k1InReward: 0.647 },
] as const;

export const paperFindings = [
	"k1 in the loss: unstable, pass@1 below 0.1 for beta 0.3 and above.",
	"k3 in the reward: collapses at every beta.",
	"k1 in the reward: best at beta 0.05 to 0.1; in both places about the same.",
	"Asynchronous at level 10: unstable without a KL; k1 in the reward makes it stable.",
] as const;
