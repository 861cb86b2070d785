import { expect, test } from "vitest";
import { auditText } from "./audit.ts";

const launched = (settings: string) =>
	`python3 -m openrlhf.cli.train_ppo_ray --advantage_estimator reinforce --init_kl_coef 1e-3 ${settings}\n`;

test("a switch of the command line is turned off by taking it away", async () => {
	const { runs } = await auditText("train.sh", launched("--use_kl_loss --kl_estimator k3"));
	const { change } = runs[0].fix as { change: string };
	expect(change.split("\n").sort()).toEqual([
		"+ --kl_estimator k1",
		"- --kl_estimator k3",
		"- --use_kl_loss",
	]);
	// As changed, it is what was promised.
	const changed = await auditText("train.sh", launched("--kl_estimator k1"));
	expect(changed.runs[0].objective).toBe("sequence-reverse-kl");
});
