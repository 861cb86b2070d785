import { expect, test } from "vitest";
import { allCases } from "../testing/audit/all-cases.ts";
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

/** A script of one command with the change made: what goes is taken away, what comes stands at its end. */
function changedScript(text: string, change: string): string | null {
	let left = text.trimEnd();
	const added: string[] = [];
	for (const line of change.split("\n")) {
		const setting = line.slice(2);
		if (line.startsWith("+")) added.push(setting);
		else {
			const at = left.toLowerCase().lastIndexOf(setting.toLowerCase());
			if (at === -1) return null;
			left = left.slice(0, at) + left.slice(at + setting.length);
		}
	}
	return `${left} ${added.join(" ")}\n`;
}

test("the change that is offered, made, gives k1 in the reward", async () => {
	let changed = 0;
	for (const { name, path, text, version } of allCases) {
		// Those of the shell itself have comments, loops and quotes where a setting cannot just be added.
		if (!path.endsWith(".sh") || name.startsWith("shell: ")) continue;
		const options = version === undefined ? {} : { version };
		const { runs } = await auditText(path, text, options);
		if (runs.length !== 1 || runs[0].objective === "unknown" || !runs[0].fix.possible) continue;
		const script = changedScript(text, runs[0].fix.change);
		if (script === null) continue;
		const again = await auditText(path, script, options);
		expect(
			again.runs.map(({ objective }) => objective),
			`${name}, with ${runs[0].fix.change}`,
		).toEqual(["sequence-reverse-kl"]);
		changed++;
	}
	expect(changed).toBeGreaterThan(50);
}, 60_000);
