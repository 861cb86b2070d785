import { expect, test } from "vitest";
import { allCases } from "../testing/audit/all-cases.ts";
import { withChange } from "../testing/audit/make-change.ts";
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

/** The text with the change, or why it cannot be made. */
function madeIn(...[path, text, run, change]: Parameters<typeof withChange>): string {
	try {
		return withChange(path, text, run, change);
	} catch (error) {
		return (error as Error).message;
	}
}

/** Fewest changes of each form that must be made: else the test says nothing. */
const least = { sh: 50, py: 30, yaml: 25, json: 4, toml: 4, ipynb: 4 } as const;

test("the change that is offered, made, gives k1 in the reward", async () => {
	const changed: Record<string, number> = {};
	const wrong: string[] = [];
	for (const { name, path, text, version } of allCases) {
		// These have comments, loops, quotes and files within files, where a setting cannot just be added.
		if (/^(shell|notebook): /.test(name)) continue;
		const options = version === undefined ? {} : { version };
		const { runs } = await auditText(path, text, options);
		if (path.endsWith(".sh") && runs.length !== 1) continue;
		for (const [i, run] of runs.entries()) {
			if (!run.fix.possible || run.fix.change === "") continue;
			const what = `${name}, with\n${run.fix.change}`;
			const made = madeIn(path, text, run, run.fix.change);
			const again = (await auditText(path, made, options)).runs;
			// A loop has a run for each of its turns at the same line.
			const same = again.length === runs.length ? [again[i]] : again.filter(({ line }) => line === run.line);
			if (same.length === 0 || same.some(({ objective }) => objective !== "sequence-reverse-kl"))
				wrong.push(`${what}\n${made}\n${same.map(({ reason }) => reason).join("\n")}`);
			const form = /[^.]*$/.exec(path)![0].replace("yml", "yaml");
			changed[form] = (changed[form] ?? 0) + 1;
		}
	}
	expect(wrong).toEqual([]);
	for (const [form, count] of Object.entries(least))
		expect(changed[form], form).toBeGreaterThanOrEqual(count);
}, 60_000);

const written = async (path: string, ...lines: readonly string[]) =>
	(await auditText(path, `${lines.join("\n")}\n`)).runs[0].fix.change;

test("a change has the form of its file", async () => {
	const verl = [
		"algorithm: {use_kl_in_reward: no}",
		"actor_rollout_ref:",
		"  actor:",
		'    use_kl_loss: "True"',
	];
	expect((await written("c.yaml", ...verl)).split("\n")).toEqual([
		"  algorithm:",
		"-   use_kl_in_reward: no",
		"+   use_kl_in_reward: true",
		"+   kl_penalty: kl",
		"+   kl_ctrl:",
		"+     kl_coef: 0.001",
		"  actor_rollout_ref:",
		"    actor:",
		'-     use_kl_loss: "True"',
		'+     use_kl_loss: "false"',
	]);
	expect((await written("c.json", '{"actor": {"kl_ctl": 0.1, "path": "base"}}')).split("\n")).toEqual([
		'  "actor": {',
		'+   "kl_estimator": "k1",',
		"  },",
		'+ "ref": {',
		'+   "path": "base",',
		"+ },",
	]);
	expect((await written("c.toml", "[actor]", "kl_ctl = 0.1", 'path = "base"')).split("\n")).toEqual([
		...["  [actor]", '+ kl_estimator = "k1"', "+ [ref]", '+ path = "base"'],
	]);
	const trl = ["from trl import PPOConfig", "class Mine(PPOConfig):", "    kl_estimator: str = 'k3'"];
	expect((await written("t.py", ...trl)).split("\n")).toEqual([
		...["- kl_estimator: str = 'k3'", '+ kl_estimator: str = "k1"'],
	]);
});
