import { spawnSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { llamaBatchedBench } from "../bench/peers/llama-cpp.mjs";
import { child } from "./lib/bench-processes.mjs";
import { inRoot } from "./lib/paths.mjs";

/** What `npm run bench` prints before it sets anything up. */
function bench(...args) {
	const { status, stdout, stderr } = spawnSync(process.execPath, [inRoot("scripts/bench.mjs"), ...args], {
		encoding: "utf8",
	});
	return { status, stdout, stderr };
}

test("the help names the curves and what they write", () => {
	const { status, stdout } = bench("--help");
	expect(status).toBe(0);
	expect(stdout).toMatch(/--curves.*\n[^]*curves\.json, curves\.svg and roofline\.svg/);
});

test.each([
	[["--dtype", "all"], 'bf16 or f32 for --dtype beside --curves but received "all"', "name one"],
	[["--shape", "small"], "no --shape but toy beside --curves", "leave it out"],
	[["--steps", "3"], "no --steps beside --curves", "leave --steps out"],
	[["--shape", "toy"], "--out for the toys of --curves", "add --out DIR"],
	[["--threads", "0"], "a whole number of 1 or more for --threads", "see `npm run bench -- --help`"],
	[["--out", inRoot("package.json")], "a folder for --out", "name another place"],
])("--curves %j is refused before any work, with what to do", (args, sentence, fix) => {
	const { status, stdout, stderr } = bench("--curves", ...args);
	expect([status, stdout]).toEqual([1, ""]);
	expect(stderr).toContain(`thalia: Expected ${sentence}`);
	expect(stderr).toContain(`thalia: fix: ${fix}`);
});

test("a program of llama.cpp that is not there is refused, with what to do", async () => {
	vi.stubEnv("THALIA_LLAMA_BATCHED_BENCH", inRoot("no/such/llama-batched-bench"));
	await expect(llamaBatchedBench()).rejects.toMatchObject({
		message: expect.stringContaining("(THALIA_LLAMA_BATCHED_BENCH) but nothing is there"),
		fix: expect.stringContaining("or unset it"),
	});
	vi.unstubAllEnvs();
});

test("a process that fails says how it ended and what to do", async () => {
	await expect(
		child(process.execPath, ["-e", "process.exit(3)"], { fix: "try again" }),
	).rejects.toMatchObject({
		message: expect.stringContaining("ended with exit code 3"),
		fix: "try again",
	});
	expect(await child(process.execPath, ["-e", "process.stdout.write('1')"], { fix: "" })).toBe("1");
});
