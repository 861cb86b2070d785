import { type Case, command } from "./case.ts";

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;

/** Frameworks that are met more rarely. */
export const moreFrameworkCases: readonly Case[] = [
	{
		...{
			name: "ART: its trainer of a pipeline",
			path: "pipeline.py",
			text: lines(
				"import art",
				"from art.pipeline_trainer import PipelineTrainer",
				'trainer = PipelineTrainer(model=model, backend=backend, learning_rate=1e-5, loss_fn="cispo")',
			),
		},
		runs: [{ framework: "ART", objective: "none" }],
	},
	{
		...{
			name: "Tunix: k1 in the loss by default, k3 before",
			path: "train.py",
			text: lines(
				"from tunix.rl.grpo.grpo_learner import GRPOConfig",
				"GRPOConfig(beta=0.08, num_generations=4)",
			),
		},
		runs: [
			{
				...{
					framework: "Tunix",
					objective: "zero-mean-noise",
					certainty: "assumes-version",
					coefficient: 0.08,
				},
				...{ also: ["local-forward-kl"], rules: ["tunix/k1-in-loss"] },
			},
		],
	},
	{
		...{
			name: "Tunix 0.1.5",
			path: "train.py",
			text: lines("from tunix.rl.grpo.grpo_learner import GrpoConfig", "GrpoConfig(num_generations=4)"),
			version: "0.1.5",
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04 }],
	},
	{
		...{
			name: "Tunix: PPO has k3 in the reward by default",
			path: "train.py",
			text: lines("from tunix.rl.ppo import ppo_learner", "config = ppo_learner.PPOConfig(beta=0.01)"),
		},
		runs: [{ framework: "Tunix", objective: "reverse-minus-forward", place: "reward" }],
	},
	{
		...{
			name: "a class of the name of TRL's that is another's",
			path: "model.py",
			text: lines(
				"from dataclasses import dataclass",
				"@dataclass",
				"class PPOConfig:",
				"    kl_coef: float = 0.1",
				"    clip: float = 0.2",
			),
		},
		runs: [],
	},
	{
		...{
			name: "torchtune: PPO",
			path: "ppo.yaml",
			text: lines(
				"loss:",
				"  _component_: torchtune.rlhf.loss.PPOLoss",
				"  epsilon: 0.2",
				"kl_coeff: 0.01",
				"gamma: 1",
				"lmbda: 0.95",
			),
		},
		runs: [{ framework: "torchtune", objective: "sequence-reverse-kl", place: "reward", coefficient: 0.01 }],
	},
	{
		...{
			name: "torchtune: GRPO, in development",
			path: "grpo.yaml",
			text: lines("loss:", "  _component_: torchtune.dev.grpo.loss.GRPOSimpleLoss", "  kl_coeff: 0.01"),
		},
		runs: [{ framework: "torchtune", objective: "unknown" }],
	},
	{
		...{
			name: "Open-Reasoner-Zero: both coefficients are 0",
			path: "orz.py",
			text: lines(
				"from orz.exps.examples.ppo.ppo_base_exp import BasePPOExp, BasePPOExpConfig",
				"class PPOExpConfig(BasePPOExpConfig):",
				"    init_kl_coef: float = 0",
				"    kl_loss_coef: float = 0.0",
				"    use_kl_loss: bool = True",
				"    use_kl_estimator_k3: bool = True",
			),
		},
		runs: [{ framework: "Open-Reasoner-Zero", objective: "none" }],
	},
	{
		...{
			name: "Open-Reasoner-Zero: a copy under another name",
			path: "train.py",
			text: lines(
				"from mine.base_exp import BasePPOExpConfig",
				"class PPOExpConfig(BasePPOExpConfig):",
				"    use_kl_loss: bool = True",
				"    kl_loss_coef: float = 0.05",
				"    use_kl_estimator_k3: bool = True",
			),
		},
		runs: [{ framework: "Open-Reasoner-Zero", objective: "local-forward-kl", coefficient: 0.05 }],
	},
	{
		...{
			name: "Open-Reasoner-Zero: its default, and k3 in the reward",
			path: "orz.py",
			text: lines(
				"from orz.exps.examples.ppo.ppo_base_exp import BasePPOExpConfig",
				"class FirstPPOExpConfig(BasePPOExpConfig):",
				"    seed: int = 1",
				"class SecondPPOExpConfig(BasePPOExpConfig):",
				"    use_kl_estimator_k3: bool = True",
				"exp = PPOExp().set_cfg(FirstPPOExpConfig())",
			),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.01 }, { objective: "reverse-minus-forward" }],
	},
	{
		...{
			name: "Open-Reasoner-Zero: what another file holds is not known",
			path: "orz.py",
			text: lines(
				"from orz.ppo import RayPPOTrainer",
				"from config import CommonPPOConfig",
				"class PPOExpConfig(CommonPPOConfig):",
				"    seed: int = 1",
			),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "trlX in Python",
			path: "ppo.py",
			text: lines(
				"from trlx.data.default_configs import TRLConfig, PPOConfig",
				"config = TRLConfig(method=PPOConfig(name='PPOConfig', init_kl_coef=0.05, target=6, gamma=1))",
			),
		},
		runs: [{ framework: "trlX", objective: "sequence-reverse-kl", coefficient: 0.05 }],
	},
	{
		...{
			name: "trlX in YAML",
			path: "ppo.yaml",
			text: lines("method:", "  name: ppoconfig", "  init_kl_coef: 0.2", "  target: 6", "  gamma: 1"),
		},
		runs: [{ framework: "trlX", objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{
			name: "DeepSpeed-Chat: a coefficient that is written into the trainer",
			path: "run.sh",
			text: command(
				"deepspeed main.py",
				"--actor_model_name_or_path facebook/opt-1.3b",
				"--critic_model_name_or_path ./rm",
				"--ppo_epochs 1",
			),
		},
		runs: [{ framework: "DeepSpeed-Chat", objective: "sequence-reverse-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "DeepSpeed-Chat: an option of a KL is a copy's own",
			path: "run.sh",
			text: command(
				"deepspeed main.py",
				"--actor_model_name_or_path my/actor",
				"--critic_model_name_or_path my/critic",
				"--kl_weight 0.2",
			),
		},
		runs: [{ framework: "DeepSpeed-Chat", objective: "unknown", certainty: "unknown" }],
	},
	{
		...{
			name: "molt: the reward, the loss, and estimators that read no KL",
			path: "run.sh",
			text: lines(
				"python -m molt.cli.train_rl_ray --algo.kl.init_coef 0.02",
				"python -m molt.cli.train_rl_ray --algo.kl.use_loss --algo.kl.estimator k3 --algo.advantage.estimator grpo",
				"python -m molt.cli.train_rl_ray --algo.kl.use_loss --algo.kl.init_coef 0.03",
				"python -m molt.cli.train_rl_ray --algo.kl.init_coef 0.04 --algo.advantage.estimator rloo",
				"python -m molt.cli.train_rl_ray --algo.kl.init_coef 0 --actor.dppo_kl_threshold 0.05",
				"python -m molt.cli.train_rl_ray --algo.advantage.estimator on_policy_distill",
			),
		},
		runs: [
			{ framework: "molt", objective: "sequence-reverse-kl", coefficient: 0.02 },
			{ objective: "local-forward-kl", coefficient: 0.01 },
			{ objective: "zero-mean-noise", coefficient: 0.03, rules: ["molt/k1-in-loss"] },
			{ objective: "silently-ignored", rules: ["molt/reward-kl-vanishes"] },
			{ objective: "none" },
			{ objective: "unknown" },
		],
	},
	{
		...{
			name: "LLaMA-Factory: PPO",
			path: "ppo.yaml",
			text: lines("stage: ppo", "reward_model: saves/reward", "finetuning_type: lora", "template: llama3"),
		},
		runs: [{ framework: "LLaMA-Factory", objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{
			name: "LLaMA-Factory: other stages are none",
			path: "dpo.yaml",
			text: lines(
				"stage: dpo",
				"pref_beta: 0.1",
				"finetuning_type: lora",
				"template: llama3",
				"dataset: grpo",
			),
		},
		runs: [],
	},
	{
		...{
			name: "NeMo-Aligner: PPO, k1",
			path: "run.sh",
			text: command(
				"python examples/nlp/gpt/train_gpt_ppo_actor.py",
				"trainer.ppo.initial_policy_kl_penalty=0.02",
				"trainer.ppo.use_absolute_kl=False",
			),
		},
		runs: [{ framework: "NeMo-Aligner", objective: "sequence-reverse-kl", coefficient: 0.02 }],
	},
	{
		...{
			name: "NeMo-Aligner: the absolute log-ratio in the reward",
			path: "reinforce.yaml",
			text: lines(
				"trainer:",
				"  reinforce:",
				"    initial_policy_kl_penalty: 0.01",
				"    use_absolute_kl: true",
			),
		},
		runs: [{ objective: "biased", estimator: "abs" }],
	},
	{
		...{
			name: "NeMo-Aligner: its files of defaults have the absolute log-ratio",
			path: "run.sh",
			text: command(
				"python examples/nlp/gpt/train_gpt_reinforce_actor.py",
				...["--config-path=conf", "--config-name=gpt_reinforce_actor"],
				"trainer.reinforce.initial_policy_kl_penalty=0.02",
			),
		},
		runs: [{ framework: "NeMo-Aligner", objective: "biased", estimator: "abs", coefficient: 0.02 }],
	},
	{
		...{
			name: "NeMo-Aligner: GRPO",
			path: "run.sh",
			text: command("python train_gpt_grpo.py", "trainer.grpo.initial_policy_kl_penalty=0.002"),
		},
		runs: [{ framework: "NeMo-Aligner", objective: "local-forward-kl", place: "loss", coefficient: 0.002 }],
	},
	{
		...{
			name: "Trinity-RFT: k2 in the loss by default",
			path: "train.yaml",
			text: lines("algorithm:", "  algorithm_type: grpo", "  repeat_times: 8"),
		},
		runs: [{ framework: "Trinity-RFT", objective: "local-reverse-kl", estimator: "k2", coefficient: 0.001 }],
	},
	{
		...{
			name: "Trinity-RFT: the settings of its first version",
			path: "c.yaml",
			text: [
				"algorithm:\n  algorithm_type: grpo",
				"trainer:\n  actor_use_kl_loss: true\n  actor_kl_loss_coef: 0.01\n",
			].join("\n"),
		},
		runs: [{ framework: "Trinity-RFT", objective: "unknown" }],
	},
	{
		...{
			name: "Trinity-RFT: a penalty in the reward",
			path: "train.yaml",
			text: lines(
				"algorithm:",
				"  algorithm_type: ppo",
				"  kl_penalty_fn: k1",
				"  kl_penalty_fn_args: {kl_coef: 0.05}",
				"  kl_loss_fn: none",
			),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.05 }],
	},
	{
		...{
			name: "Trinity-RFT: importance-corrected k3, and both places",
			path: "train.yaml",
			text: lines(
				"algorithm: {algorithm_type: gspo, kl_loss_fn: corrected_k3}",
				"---",
				"algorithm: {algorithm_type: rloo, kl_penalty_fn: k1}",
				"---",
				"algorithm: {algorithm_type: dapo}",
			),
		},
		runs: [
			{ objective: "local-reverse-kl", importance: "token" },
			{ objective: "double" },
			{ objective: "none" },
		],
	},
	{
		...{
			name: "Axolotl: TRL's trainer",
			path: "grpo.yaml",
			text: lines(
				"base_model: Qwen/Qwen2.5-0.5B",
				"rl: grpo",
				"trl:",
				"  beta: 0.001",
				"  num_generations: 4",
			),
		},
		runs: [{ framework: "Axolotl", objective: "local-forward-kl", coefficient: 0.001 }],
	},
	{
		...{
			name: "Axolotl: a beta that is left to TRL",
			path: "grpo.yaml",
			text: lines("base_model: Qwen/Qwen2.5-0.5B", "rl: grpo", "trl:", "  num_generations: 4"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "oat: k1 in the reward, k3 in the loss, none",
			path: "run.sh",
			text: lines(
				"python train.py --critic_type drgrpo --oracle_type reward --beta 0 --kl_penalty_coef 0.01",
				"python train.py --critic_type grpo --oracle_type reward --beta 0.001",
				"python train.py --critic_type drgrpo --oracle_type reward --beta 0",
			),
		},
		runs: [
			{ framework: "oat", objective: "sequence-reverse-kl", coefficient: 0.01 },
			{ objective: "local-forward-kl", coefficient: 0.001 },
			{ objective: "none" },
		],
	},
	{
		...{
			name: "RL2: one estimator of both places, and the first versions",
			path: "run.sh",
			text: lines(
				"torchrun -m RL2.trainer.ppo actor.kl.coef=2e-3 actor.kl.type=loss actor.kl.estimator=k3",
				"torchrun main.py actor.kl.coef=2e-3 actor.kl.type=loss actor.kl.level=token actor.kl.estimator=k2",
			),
		},
		runs: [{ framework: "RL2", objective: "local-forward-kl", coefficient: 0.002 }, { objective: "unknown" }],
	},
	{
		...{
			name: "RL2: what is said, and what is left to a default",
			path: "run.sh",
			text: lines(
				"torchrun -m RL2.trainer.ppo actor.kl.coef=1e-3 actor.kl.type=loss actor.kl.loss_estimator=k2",
				"torchrun -m RL2.trainer.ppo actor.kl.coef=1e-3 actor.kl.type=reward",
				"torchrun -m RL2.trainer.ppo actor.kl.coef=1e-3 actor.kl.type=advantage",
				"torchrun -m RL2.trainer.ppo actor.kl.coef=1e-3 actor.kl.reward_estimator=k2",
				"torchrun -m RL2.trainer.ppo actor.model_name=x adv.estimator=gae",
				"torchrun -m RL2.trainer.sft data.path=x",
			),
		},
		runs: [
			{ framework: "RL2", objective: "local-reverse-kl", coefficient: 0.001 },
			{ objective: "sequence-reverse-kl", coefficient: 0.001 },
			{ objective: "local-reverse-kl", estimator: "k1" },
			{ objective: "silently-ignored" },
			{ objective: "none" },
		],
	},
	{
		...{
			name: "ReaLHF: k1 in the reward",
			path: "run.sh",
			text: command(
				"python3 -m realhf.apps.quickstart ppo",
				"actor.path=/m",
				"ref.path=/m",
				"ppo.kl_ctl=0.1",
			),
		},
		runs: [{ framework: "AReaL", objective: "sequence-reverse-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "AReaL: other commands of its are none",
			path: "controller.py",
			text: lines('cmd = ["python3", "-m", "areal.infra.rpc.rpc_server", "--port", "kl"]'),
		},
		runs: [],
	},
	{
		...{
			name: "verifiers: before its own class, and after it",
			path: "train.py",
			text: lines(
				"import verifiers as vf",
				"old = vf.get_default_grpo_config(run_name='x', num_gpus=8)",
				"new = vf.grpo_defaults(run_name='x')",
				"new.rollouts_per_example = 16",
			),
		},
		runs: [{ framework: "verifiers", objective: "unknown" }, { objective: "none" }],
	},
	{
		...{
			name: "verifiers: what its newer versions make of its older call",
			path: "train.py",
			text: lines("import verifiers as vf", "args = vf.grpo_defaults(run_name='x')", "args.beta = 0.02"),
		},
		runs: [
			{
				...{ framework: "verifiers", objective: "local-forward-kl", coefficient: 0.02 },
				...{ certainty: "assumes-version", also: ["silently-ignored"] },
			},
		],
	},
	{
		...{
			name: "verifiers: the class without a KL",
			path: "train.py",
			text: lines("import verifiers as vf", "vf.RLTrainer(model=m, env=e, args=vf.RLConfig(run_name='x'))"),
		},
		runs: [{ framework: "verifiers", objective: "none", certainty: "certain" }],
	},
	{
		...{
			name: "Tunix: its command on its own file of defaults",
			path: "run.sh",
			text: command(
				"python3 -m tunix.cli.grpo_main tunix/cli/base_config.yaml",
				...["grpo_config.num_generations=4", "grpo_config.beta=0.06"],
			),
		},
		runs: [
			{
				...{ framework: "Tunix", objective: "zero-mean-noise", coefficient: 0.06 },
				...{ certainty: "assumes-version", also: ["local-forward-kl"] },
			},
		],
	},
	{
		...{
			name: "prime-rl: settings of after the default's change",
			path: "rl.toml",
			text: lines(
				"max_steps = 4",
				"[orchestrator.train.sampling]",
				"max_completion_tokens = 9",
				"[trainer]",
				"x = 1",
			),
		},
		runs: [{ framework: "prime-rl", objective: "to-sampler", coefficient: 0.001, certainty: "certain" }],
	},
	{
		...{
			name: "prime-rl: settings of before the default's change",
			path: "rl.toml",
			text: lines("max_steps = 4", "trainer_gpu_ids = [1]", "[orchestrator]", "batch_size = 4"),
		},
		runs: [{ framework: "prime-rl", objective: "none", certainty: "certain" }],
	},
	{
		...{
			name: "prime-rl: an algorithm that distils",
			path: "rl.toml",
			text: lines(
				"[trainer.optim]",
				"lr = 1e-6",
				"[orchestrator]",
				"batch_size = 4",
				"algo = { type = 'opd' }",
			),
		},
		runs: [{ framework: "prime-rl", objective: "unknown" }],
	},
	{
		...{
			name: "NeMo-RL: a recipe on its own defaults",
			path: "grpo.yaml",
			text: lines(
				"defaults: ../../grpo_math_1B.yaml",
				"grpo:",
				"  max_num_steps: 500",
				"policy:",
				"  model_name: x",
			),
			version: "0.7.0",
		},
		runs: [{ framework: "NeMo-RL", objective: "local-reverse-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "TRL 1.10: the correction is on by default",
			path: "train.py",
			text: lines("# pip install trl==1.12.0", "from trl import GRPOConfig", "GRPOConfig(beta=0.04)"),
			version: "1.12.0",
		},
		runs: [{ objective: "local-reverse-kl", importance: "token" }],
	},
	{
		...{
			name: "TRL: a field that was taken out before the correction",
			path: "train.py",
			text: lines("from trl import GRPOConfig", "GRPOConfig(beta=0.04, max_prompt_length=512)"),
		},
		runs: [{ objective: "local-forward-kl", certainty: "certain" }],
	},
	{
		...{
			name: "TRL: a field of the time in which beta was 0.04",
			path: "recipe.yaml",
			text: lines("use_vllm: true", "vllm_device: auto", "num_generations: 7", "max_completion_length: 1024"),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04, certainty: "certain" }],
	},
	{
		...{
			name: "TRL: a loss of the time in which beta is 0",
			path: "train.py",
			text: lines("from trl import GRPOConfig", "GRPOConfig(loss_type='dapo', num_generations=8)"),
		},
		runs: [{ objective: "none", certainty: "certain" }],
	},
	{
		...{
			name: "TRL: a script of one's own",
			path: "run.sh",
			text: command(
				"accelerate launch main.py train",
				"--max_completion_length 16384",
				"--num_generations 4",
				"--beta 0.0",
				"--loss_type grpo",
			),
		},
		runs: [{ framework: "TRL", objective: "none" }],
	},
	{
		...{
			name: "TRL before 0.12: its PPO",
			path: "ppo.py",
			text: lines(
				"from trl import PPOConfig, PPOTrainer",
				"PPOConfig(model_name='m', mini_batch_size=4, log_with='x')",
			),
			version: "0.11.4",
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{
			name: "Open-Reasoner-Zero: the loss leaves the reward without one",
			path: "orz.py",
			text: lines(
				"from orz.exps.examples.ppo.ppo_base_exp import BasePPOExpConfig",
				"class PPOExpConfig(BasePPOExpConfig):",
				"    init_kl_coef: float = 0.01",
				"    use_kl_loss: bool = True",
				"    use_kl_estimator_k3: bool = True",
				"    kl_loss_coef: float = 0.02",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.02, ignored: ["init_kl_coef"] }],
	},
	{
		...{
			name: "prime-rl: no term before 2026-03 unless it is set",
			path: "rl.toml",
			text: lines(
				"max_steps = 4",
				"[trainer.loss]",
				'ratio_type = "token"',
				"[orchestrator]",
				"batch_size = 4",
			),
		},
		runs: [{ framework: "prime-rl", objective: "none", certainty: "certain" }],
	},
	{
		...{
			name: "prime-rl: a default that is of some versions",
			path: "rl.toml",
			text: lines("max_steps = 4", "[trainer.optim]", "lr = 1e-6", "[orchestrator]", "batch_size = 4"),
		},
		runs: [{ framework: "prime-rl", objective: "to-sampler", certainty: "assumes-version", also: ["none"] }],
	},
	{
		...{
			name: "prime-rl: a teacher",
			path: "rl.toml",
			text: lines("max_steps = 4", "[trainer.loss]", "teacher_tau = 0.1", "[orchestrator]", "batch_size = 4"),
		},
		runs: [{ framework: "prime-rl", objective: "unknown" }],
	},
	{
		...{
			name: "SkyRL: advantages of one's own, and a KL in the reward",
			path: "run.sh",
			text: [
				"python -m skyrl.train.entrypoints.main_base trainer.algorithm.use_kl_loss=false \\",
				"  trainer.algorithm.use_kl_in_reward=true trainer.algorithm.advantage_estimator=mine",
				"",
			].join("\n"),
		},
		runs: [{ framework: "SkyRL", objective: "unknown" }],
	},
	{
		...{
			name: "SkyRL: k2 in the reward, whatever the advantages",
			path: "run.sh",
			text: lines(
				'python -m skyrl_train.entrypoints.main_base trainer.algorithm.advantage_estimator="$ADVANTAGES" \\',
				"  trainer.algorithm.use_kl_loss=false trainer.algorithm.use_kl_in_reward=true \\",
				"  trainer.algorithm.kl_estimator_type=k2",
			),
		},
		runs: [{ framework: "SkyRL", objective: "biased" }],
	},
];
