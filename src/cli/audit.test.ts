import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditReport } from "../audit/index.ts";
import { thalia } from "../testing/child.ts";
import { resultOf } from "../testing/command.ts";

let folder: string;
const secret = "0123456789abcdef0123456789abcdef01234567";

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "thalia-audit-"));
	const put = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text);
	mkdirSync(join(folder, "conf"));
	mkdirSync(join(folder, "node_modules"));
	put(
		"train.sh",
		[
			"#!/bin/bash",
			"set -x",
			"python3 -m verl.trainer.main_ppo \\",
			"    algorithm.adv_estimator=grpo \\",
			`    algorithm.kl_ctrl.kl_coef=0.001 trainer.api_key=${secret}\n`,
		].join("\n"),
	);
	put("conf/grpo.yaml", "num_generations: 8\nuse_vllm: true\nbeta: 0.04\n");
	put("node_modules/x.yaml", "num_generations: 8\nuse_vllm: true\nbeta: 0.04\n");
	put("model.json", Buffer.from([0, 1, 2, 3]));
	put("broken.yaml", "kl: [1\n");
	symlinkSync("..", join(folder, "conf", "up"));
	put("based.sh", "accelerate launch grpo.py --config conf/grpo.yaml --num_generations 4\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

test("a file as JSON, with the place of what is ignored, the change, and no secret", async () => {
	const report = await resultOf<AuditReport>(["audit", at("train.sh"), "--format", "json"]);
	const [{ path, runs, errors }] = report.files;
	expect({ path, errors }).toEqual({ path: at("train.sh"), errors: [] });
	expect(runs).toHaveLength(1);
	expect(runs[0]).toMatchObject({
		...{
			framework: "verl",
			versionFrom: "assumed",
			objective: "silently-ignored",
			certainty: "assumes-version",
		},
		...{ place: "none", estimator: null, alsoPossible: ["sequence-reverse-kl"] },
		ignored: [{ key: "algorithm.kl_ctrl.kl_coef", value: 0.001, line: 5, column: 5 }],
		fix: { possible: true, change: "+ algorithm.use_kl_in_reward=True\n+ algorithm.kl_penalty=kl" },
	});
	expect(runs[0].findings.find(({ rule }) => rule === "verl/kl-coef-without-switch")).toMatchObject({
		...{ severity: "error", line: 5, column: 5 },
	});
	expect(JSON.stringify(report)).not.toContain(secret);
});

test("a folder: what is in it, once, and what cannot be read", async () => {
	const { files } = await resultOf<AuditReport>(["audit", folder, "--format", "json"]);
	expect(files.map(({ path }) => path.slice(folder.length + 1))).toEqual([
		...["based.sh", "broken.yaml", "conf/grpo.yaml", "model.json", "train.sh"],
	]);
	expect(files.map(({ runs }) => runs.length)).toEqual([1, 0, 1, 0, 1]);
	expect(files[1].errors[0].message).toContain("can be parsed");
});

test("settings of a file that a command names stand below its own", async () => {
	const [{ runs }] = (await resultOf<AuditReport>(["audit", at("based.sh"), "--format", "json"])).files;
	expect(runs[0]).toMatchObject({ framework: "TRL", objective: "local-forward-kl", coefficient: 0.04 });
	expect(runs[0].findings[0]).toMatchObject({ path: at("conf/grpo.yaml"), line: 3 });
});

test("in words, without colour", async () => {
	const { code, stdout, stderr } = await thalia(["audit", at("train.sh")]).ended;
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	expect(stdout).toContain("silently-ignored");
	expect(stdout).toContain("train.sh:5:5");
	expect(stdout).not.toContain("\u001b[");
	expect(stdout).not.toContain(secret);
});

test.each([
	["never", 0],
	["error", 1],
	["note", 1],
])("--fail-on %s", async (level, code) => {
	expect((await thalia(["audit", at("train.sh"), "--fail-on", level]).ended).code).toBe(code);
});

test("--framework-version", async () => {
	const args = ["audit", at("train.sh"), "--format", "json", "--framework-version", "0.3.0"];
	const [{ runs }] = (await resultOf<AuditReport>(args)).files;
	expect(runs[0]).toMatchObject({
		frameworkVersion: "0.3.0",
		versionFrom: "flag",
		objective: "sequence-reverse-kl",
	});
});

test("SARIF and Markdown", async () => {
	const sarif = await resultOf<{
		runs: { results: unknown[]; tool: { driver: { rules: { id: string }[] } } }[];
	}>([...["audit", at("train.sh"), "--format", "sarif"]]);
	expect(sarif.runs[0].results).toHaveLength(3);
	expect(sarif.runs[0].tool.driver.rules.map(({ id }) => id)).toContain("verl/kl-coef-without-switch");
	const { stdout } = await thalia(["audit", folder, "--format", "markdown"]).ended;
	expect(stdout).toContain("| verl | none | 0 | silently-ignored | assumes-version |");
});

test("--explain", async () => {
	const { stdout } = await thalia(["audit", "--explain", "slime/k1-in-loss"]).ended;
	expect(stdout).toContain("Source: slime, 2026-08");
	const { code, stderr } = await thalia(["audit", "--explain", "slime/nothing"]).ended;
	expect(code).toBe(2);
	expect(stderr).toContain("verl/both-switches");
});

test("a file that is not there", async () => {
	const { code, stdout } = await thalia(["audit", at("nowhere.sh"), "--format", "json"]).ended;
	expect(code).toBe(2);
	expect((JSON.parse(stdout) as AuditReport).files[0].errors[0].code).toBe("audit-missing");
	expect((await thalia(["audit"]).ended).code).toBe(2);
});
