import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { script, thalia } from "../testing/child.ts";
import { refusalOf } from "../testing/command.ts";
import { writeTinyModel } from "../testing/tiny-model.ts";
import { version } from "../version.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-main-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.concurrent("help", () => {
	test.for<[string, string[]]>([
		["train", ["[recipe] [overrides...]", "--resume <dir>", "--next-name", "--format <format>"]],
		["pretrain", ["<recipe> [overrides...]", "--out <dir>", "(required)", "Ctrl-C"]],
		[
			"eval",
			[
				"--model <model>",
				"(required)",
				"--k <list>",
				"(default: 200)",
				"--temperature <t>",
				'"text", "markdown"',
			],
		],
		[
			"score",
			["--model <model>", "--reference <model>", "--lora <dir>", "--dtype <dtype>", "kl_reverse", "entropy"],
		],
		[
			"generate",
			[
				"--max-tokens <n>",
				"--temperature <t>",
				"--top-k <k>",
				"--top-p <p>",
				"--seed <n>",
				"--n <n>",
				"--ignore-eos",
			],
		],
		[
			"verify",
			["--list", "--option <key=value>", "--concurrency <n>", "--timeout <seconds>", "--skip-bad-rows"],
		],
		["doctor", ["--format <format>", "Exit code 1"]],
	])("%s", async ([command, contents], { expect }) => {
		const { code, stdout, stderr } = await thalia([command, "--help"]).ended;
		expect([code, stderr]).toEqual([0, ""]);
		expect(stdout).toMatch(new RegExp(`^Usage: thalia ${command} `));
		for (const content of contents) expect(stdout).toContain(content);
		expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
	});

	test("of all", async ({ expect }) => {
		const { code, stdout, stderr } = await thalia(["--help"]).ended;
		expect([code, stderr]).toEqual([0, ""]);
		for (const command of ["train", "pretrain", "eval", "score", "verify", "generate", "doctor"])
			expect(stdout).toMatch(new RegExp(`^  ${command} {2,}\\S`, "m"));
		for (const exit of [
			"0    done",
			"1    the work failed",
			"2    bad input",
			"3    a run stopped",
			"130  interrupted",
		])
			expect(stdout).toContain(`  ${exit}`);
	});

	test("the version", async ({ expect }) => {
		expect(await thalia(["--version"]).ended).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
	});

	test("no command at all: help on stderr", async ({ expect }) => {
		const { code, stdout, stderr } = await thalia([]).ended;
		expect([code, stdout]).toEqual([2, ""]);
		expect(stderr).toContain("Usage: thalia [options] [command]");
	});
});

describe.concurrent("a slip of the pen is answered with what was meant", () => {
	test.for<[string[], string[]]>([
		[["socre"], ["thalia: unknown command 'socre'", "(Did you mean score?)", "(thalia --help says more)"]],
		[
			["generate", "--model", "x", "--tempreature", "0"],
			["unknown option '--tempreature'", "(Did you mean --temperature?)"],
		],
		[
			["score", "--modle", "x"],
			["unknown option '--modle'", "(Did you mean --model?)", "(thalia score --help says more)"],
		],
		[
			["train", "--resum", "x"],
			["unknown option '--resum'", "(Did you mean --resume?)"],
		],
		[["eval"], ["thalia: option '--model <model>' is required"]],
		[["score", "--model"], ["thalia: option '--model <model>' argument missing"]],
		[["score", "x", "--model", "y"], ["thalia: too many arguments for 'score'"]],
		[
			["eval", "--model", "x", "--format", "yaml"],
			["argument 'yaml' is invalid. Allowed choices are text, markdown, json."],
		],
		[
			["score", "--model", "x", "--dtype", "fp8"],
			["argument 'fp8' is invalid. Allowed choices are f32, bf16."],
		],
	])("%s", async ([args, messages], { expect }) => {
		const said = await refusalOf(args);
		for (const message of messages) expect(said).toContain(message);
	});
});

test("a reader that has seen enough ends the command quietly", async () => {
	const model = writeTinyModel(join(root, "model"));
	const program = fileURLToPath(new URL("../../bin/thalia.mjs", import.meta.url));
	// The reader is gone before anything is written, and there is more to write than a pipe holds.
	const { code, stdout, stderr } = await script(`
		import { spawn } from "node:child_process";
		const child = spawn(process.execPath, ${JSON.stringify([program, "score", "--model", model])}, {
			stdio: ["pipe", "pipe", "inherit"],
		});
		child.stdout.destroy();
		child.stdin.end('{"tokens":[1,2,3,4,5,6,7,8]}\\n'.repeat(2000));
		child.on("close", (code) => console.log("ended", code));
	`).ended;
	expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "ended 0\n", stderr: "" });
});
