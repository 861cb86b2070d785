import type { Case } from "./case.ts";
import { notebook } from "./notebook.ts";

const path = "train.ipynb";
const main = "python3 -m verl.trainer.main_ppo";
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const coef = "actor_rollout_ref.actor.kl_loss_coef";
const verl = [{ framework: "verl", objective: "local-forward-kl", coefficient: 0.3 }] as const;
const recipe = ["num_generations: 8", "max_completion_length: 512", "use_vllm: true"];

/** Cells that write what later cells run, and what one cell sets for another. */
export const notebookCases: readonly Case[] = [
	{
		...{ name: "notebook: a script that is written and run", path },
		text: notebook(["%%writefile run.sh", "KL=$1", `${main} ${on} ${coef}=$KL`], ["!bash run.sh 0.3"]),
		runs: verl,
	},
	{
		...{ name: "notebook: a script by another path, behind a program's mode", path },
		text: notebook(
			["%%writefile /content/scripts/run.sh", `${main} ${on} ${coef}=$KL`],
			["%cd /content", "%env KL=0.3"],
			["!chmod +x scripts/run.sh && ./scripts/run.sh"],
		),
		runs: verl,
	},
	{
		...{ name: "notebook: a script in the folder of %cd", path },
		text: notebook(["%cd verl"], ["%%writefile run.sh", `${main} ${on} ${coef}=0.3`], ["! sh run.sh"]),
		runs: verl,
	},
	{
		...{ name: "notebook: what is written and not run is a file of its own", path },
		text: notebook(["%%writefile run.sh", `${main} ${on} ${coef}=0.3`], ["print(1)"]),
		runs: verl,
	},
	{
		...{ name: "notebook: of a script that is written twice each is run", path },
		text: notebook(
			["%%writefile run.sh", `${main} ${on} ${coef}=0.1`],
			["!bash run.sh"],
			["%%writefile run.sh", `${main} ${on} ${coef}=0.2`],
			["!bash run.sh"],
		),
		runs: [{ coefficient: 0.1 }, { coefficient: 0.2 }],
	},
	{
		...{ name: "notebook: what is appended", path },
		text: notebook(
			["%%writefile run.sh", "KL=0.3"],
			["%%writefile -a run.sh", `${main} ${on} ${coef}=$KL`],
			["!bash run.sh"],
		),
		runs: verl,
	},
	{
		...{ name: "notebook: settings that are written, and the command that takes them", path },
		text: notebook(
			["%%writefile recipe.yaml", ...recipe, "beta: 0.02"],
			[
				"!accelerate launch --num_processes 2 grpo.py --config recipe.yaml --num_generations 4 --use_vllm true",
			],
		),
		runs: [{ framework: "TRL", objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "notebook: the command's own setting holds", path },
		text: notebook(
			["%%writefile configs/recipe.yaml", ...recipe, "beta: 0.02"],
			["!trl grpo --config configs/recipe.yaml --beta 0"],
		),
		runs: [{ framework: "TRL", objective: "none" }],
	},
	{
		...{ name: "notebook: settings that are written and not taken", path },
		text: notebook(["%%file recipe.yaml", ...recipe, "beta: 0.02"]),
		runs: [{ framework: "TRL", coefficient: 0.02 }],
	},
	{
		...{ name: "notebook: Python that is written is read as such", path },
		text: notebook(
			["%%writefile train.py", "from trl import GRPOConfig", "args = GRPOConfig(beta=0.05)"],
			["!python train.py"],
		),
		runs: [{ framework: "TRL", objective: "local-forward-kl", coefficient: 0.05 }],
	},
	{
		...{ name: "notebook: the environment by a magic, of a cell of its own", path },
		text: notebook(["%env KL=0.3"], ["%%bash", `${main} ${on} \\`, `  ${coef}=$KL`]),
		runs: verl,
	},
	{
		...{ name: "notebook: the environment by Python", path },
		text: notebook(
			["import os", 'os.environ["KL"] = "0.3"', "os.environ['USE'] = str(True)"],
			[`!${main} actor_rollout_ref.actor.use_kl_loss=$USE \\`, `  ${coef}=\${KL}`],
		),
		runs: verl,
	},
	{
		...{ name: "notebook: an environment that Python computes is not known", path },
		text: notebook(
			['os.environ["USE"] = str(flag())'],
			[`!${main} actor_rollout_ref.actor.use_kl_loss=$USE`],
		),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "notebook: an environment under a condition is not known", path },
		text: notebook(
			['os.environ["USE"] = "True"', "if small:", '    os.environ["USE"] = "False"'],
			[`!${main} actor_rollout_ref.actor.use_kl_loss=$USE`],
		),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "notebook: names of Python in a command", path },
		text: notebook(
			["KL = 0.3", "use = True"],
			[`!${main} actor_rollout_ref.actor.use_kl_loss={use} ${coef}=$KL`],
		),
		runs: verl,
	},
	{
		...{ name: "notebook: a name of Python that is computed", path },
		text: notebook(["use = kl > 0"], [`!${main} actor_rollout_ref.actor.use_kl_loss={use}`]),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "notebook: a loop's name is not known", path },
		text: notebook([
			"use = True",
			"for use in (True, False):",
			`    !${main} actor_rollout_ref.actor.use_kl_loss={use}`,
		]),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "notebook: a shell's variable ends with its cell", path },
		text: notebook(
			["%%bash", "USE=True"],
			["%%bash", `${main} actor_rollout_ref.actor.use_kl_loss=\${USE:-False}`],
		),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "notebook: a shell's cell that is timed, with arguments", path },
		text: notebook(["%%time", "%%bash -s 0.3", `${main} ${on} ${coef}=$1`]),
		runs: verl,
	},
	{
		...{ name: "notebook: nothing in a shell's cell", path },
		text: notebook(["%%bash"], [`!${main} ${on} ${coef}=0.3`]),
		runs: verl,
	},
	{
		...{ name: "notebook: a file that a shell's cell writes", path },
		text: notebook([
			"%%bash",
			"cat > c.yaml <<'EOF'",
			"actor_rollout_ref: {actor: {use_kl_loss: true}}",
			"EOF",
		]),
		runs: [{ framework: "verl", objective: "local-forward-kl" }],
	},
	{
		...{ name: "notebook: cells of other languages are none", path },
		text: notebook(["%%javascript", "GRPOConfig(beta=0.5)"], ["%%markdown", "`!trl grpo --beta 0.1`"]),
		runs: [],
	},
	{
		...{ name: "notebook: a command whose output is kept", path },
		text: notebook([`log = !${main} ${on} ${coef}=0.3`, "%time !echo done"]),
		runs: verl,
	},
];
