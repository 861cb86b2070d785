import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "thalia-audit-"));
	writeFileSync(
		join(folder, "train.sh"),
		"python3 -m verl.trainer.main_ppo actor_rollout_ref.actor.use_kl_loss=True actor_rollout_ref.actor.kl_loss_type=kl\n",
	);
	writeFileSync(
		join(folder, "none.sh"),
		"python3 -m verl.trainer.main_ppo algorithm.use_kl_in_reward=False\n",
	);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Action {
	readonly inputs: Readonly<Record<string, { readonly default: string }>>;
	readonly runs: {
		readonly steps: readonly {
			readonly name: string;
			readonly run: string;
			readonly env?: Record<string, string>;
		}[];
	};
}

/** Runs the action's audit as a workflow would, with its inputs put into its environment. */
function runAction(inputs: Record<string, string>): {
	status: number | null;
	summary: string;
	sarif: string;
} {
	const action = parse(readFileSync(join(root, "action.yml"), "utf8")) as Action;
	const step = action.runs.steps.find(({ name }) => name === "audit")!;
	const given = (name: string): string => inputs[name] ?? action.inputs[name].default;
	const env = Object.fromEntries(
		Object.entries(step.env ?? {}).map(([key, value]) => [
			key,
			value
				.replace(/\$\{\{ inputs\.([\w-]+) \}\}/, (_, name: string) => given(name))
				.replace("${{ github.action_path }}", root),
		]),
	);
	const summary = join(folder, "summary.md");
	const { status } = spawnSync("bash", ["-e", "-o", "pipefail", "-c", step.run], {
		cwd: folder,
		env: { ...process.env, ...env, GITHUB_STEP_SUMMARY: summary },
	});
	const read = (path: string) => readFileSync(path, "utf8");
	return { status, summary: read(summary), sarif: read(join(folder, given("sarif"))) };
}

test("the action fails where a KL is noise, and keeps the result for code scanning", () => {
	const { status, summary, sarif } = runAction({});
	expect(status).toBe(1);
	expect(summary).toContain("zero-mean-noise");
	const { runs } = JSON.parse(sarif) as { runs: { results: { ruleId: string }[] }[] };
	expect(runs[0].results.map(({ ruleId }) => ruleId)).toContain("verl/k1-in-loss");
});

test("the action's paths, level and version", () => {
	expect(runAction({ paths: "none.sh" }).status).toBe(0);
	expect(runAction({ "fail-on": "never" }).status).toBe(0);
	expect(runAction({ paths: "none.sh", "fail-on": "note", "framework-version": "0.9.1" }).status).toBe(1);
});

test("the hook of pre-commit, with the files that it would be given", () => {
	const hooks = parse(readFileSync(join(root, ".pre-commit-hooks.yaml"), "utf8")) as {
		id: string;
		entry: string;
		language: string;
	}[];
	expect(hooks.map(({ id, language }) => [id, language])).toEqual([["thalia-audit", "node"]]);
	symlinkSync(join(root, "bin/thalia.mjs"), join(folder, "thalia"));
	const run = (...files: readonly string[]) =>
		spawnSync("bash", ["-c", `${hooks[0].entry} "$@"`, "hook", ...files], {
			cwd: folder,
			env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
		}).status;
	expect(run("train.sh", "none.sh")).toBe(1);
	expect(run("none.sh")).toBe(0);
});
