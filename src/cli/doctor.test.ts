import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Child, thalia } from "../testing/child.ts";
import { instructionSets, type Machine } from "./instruction-sets.ts";

interface Check {
	readonly name: string;
	readonly ok: boolean;
	readonly says: string;
	readonly fix?: string;
}

const root = mkdtempSync(join(tmpdir(), "thalia-doctor-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The built program without its native part. */
function programWithoutAddon(): string {
	const copy = mkdtempSync(join(root, "program-"));
	const project = fileURLToPath(new URL("../..", import.meta.url));
	for (const part of ["bin", "dist", "datasets", "package.json"])
		cpSync(join(project, part), join(copy, part), { recursive: true });
	symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
	return copy;
}

test("finds this machine well, in words and in JSON", async () => {
	const [words, json] = await Promise.all([
		thalia(["doctor"]).ended,
		thalia(["doctor", "--format", "json"]).ended,
	]);
	expect(words).toMatchObject({ code: 0, stderr: "" });
	expect(json).toMatchObject({ code: 0, stderr: "" });
	const checks = JSON.parse(json.stdout) as Check[];
	const names = ["Node", "libtorch", "addon", "instruction sets", "C++ compiler", "machine", "disk"];
	expect(checks.map(({ name }) => name)).toEqual(names);
	expect(checks.every(({ ok, fix }) => ok && fix === undefined)).toBe(true);
	const lines = words.stdout.trimEnd().split("\n");
	expect(lines.map((line) => line.split(":")[0])).toEqual(names.map((name) => `ok  ${name}`));
});

test("without an addon, and with a broken one, it says so and what to do; help works, score says the same", async () => {
	const program = programWithoutAddon();
	const run = (...args: string[]) =>
		new Child([join(program, "bin/thalia.mjs"), ...args], { input: "" }).ended;
	const [json, words, help, score] = await Promise.all([
		run("doctor", "--format", "json"),
		run("doctor"),
		run("--help"),
		run("score", "--model", program),
	]);
	expect(json.code).toBe(1);
	const bad = (JSON.parse(json.stdout) as Check[]).filter(({ ok }) => !ok);
	expect(bad.map(({ name }) => name)).toEqual(["libtorch", "addon"]);
	expect(bad.every(({ fix }) => fix === "run `npm run setup`")).toBe(true);
	expect(bad[1].says).toMatch(/^Expected the native addon at .*thalia\.node but it is not built$/);
	expect(words.stdout).toContain("bad libtorch: no addon was built\n    fix: run `npm run setup`\n");
	expect([help.code, help.stderr]).toEqual([0, ""]);
	expect([score.code, score.stdout]).toEqual([1, ""]);
	expect(score.stderr).toMatch(
		/^thalia: Expected the native addon at .*\nthalia: fix: run `npm run setup`\n$/,
	);

	mkdirSync(join(program, "native/build"), { recursive: true });
	writeFileSync(join(program, "native/build/thalia.node"), "no library");
	writeFileSync(
		join(program, "native/build/libtorch.json"),
		JSON.stringify({ version: "2.13.0", source: "the cache", lib: join(program, "gone") }),
	);
	const broken = JSON.parse((await run("doctor", "--format", "json")).stdout) as Check[];
	const [libtorch, addon] = broken.filter(({ ok }) => !ok);
	expect(libtorch).toMatchObject({ name: "libtorch", fix: "run `npm run setup`" });
	expect(libtorch.says).toBe(`2.13.0 of the cache, ${join(program, "gone")} (gone)`);
	expect(addon.says).toMatch(/^The native addon did not load: /);
});

test("a limit that is no instruction set is named, with what to do", async () => {
	vi.stubEnv("THALIA_ISA", "mmx");
	const { code, stdout } = await thalia(["doctor"]).ended;
	vi.unstubAllEnvs();
	expect(code).toBe(1);
	expect(stdout).toMatch(/^bad addon: Expected portable, [^]* THALIA_ISA but received "mmx"$/m);
	expect(stdout).toContain("    fix: set THALIA_ISA to one of these, or unset it\n");
});

test("without a build, the program says what to do", async () => {
	const program = programWithoutAddon();
	rmSync(join(program, "dist"), { recursive: true });
	const { code, stderr } = await new Child([join(program, "bin/thalia.mjs"), "doctor"]).ended;
	expect(code).toBe(1);
	expect(stderr).toBe(
		"thalia: Expected the built program in dist/ but it is not there\nthalia: fix: run `npm run setup`\n",
	);
});

describe("instruction sets", () => {
	const machine: Machine = {
		threads: 2,
		capability: "AVX512",
		features: [],
		isa: "portable",
		machineIsa: "portable",
		cap: "",
		userCap: null,
		gigaflops: {},
	};
	test.each<[string, Partial<Machine>, string]>([
		["the user's limit", { userCap: "AVX2" }, "oneDNN at most AVX2: ONEDNN_MAX_CPU_ISA says so"],
		[
			"AMX without its palette",
			{ cap: "AVX512_CORE_BF16", features: ["amx_bf16"] },
			"oneDNN would die of SIGILL",
		],
		["AMX", { features: ["avx2", "avx512", "avx512_bf16", "amx_bf16"] }, "free to use AMX"],
		[
			"AVX-512 with bf16",
			{ features: ["avx2", "avx512", "avx512_bf16"] },
			"AVX-512 with bf16; the CPU has no AMX",
		],
		["AVX-512", { features: ["avx2", "avx512"] }, "neither bf16 instructions nor AMX"],
		["AVX2", { features: ["avx2"] }, "the CPU has no AVX-512"],
		["none of them", {}, "free to use what the CPU has"],
		[
			"a set that was asked for",
			{ isa: "avx2", machineIsa: "amx" },
			"avx2: THALIA_ISA says so, this machine has amx",
		],
		[
			"AMX kernels",
			{ isa: "amx", machineIsa: "amx" },
			"kernels amx: the CPU has AMX and the system grants its tiles",
		],
		[
			"AMX that the system withholds",
			{ isa: "avx512_bf16", machineIsa: "avx512_bf16", features: ["amx_bf16"] },
			"kernels avx512_bf16: the CPU has AMX but the system does not grant its tiles (arch_prctl), slower",
		],
		["no AMX", { isa: "avx512_bf16", machineIsa: "avx512_bf16" }, "kernels avx512_bf16: the CPU has no AMX"],
		[
			"no bf16",
			{ isa: "avx512", machineIsa: "avx512" },
			"the CPU has no bf16 instructions, bf16 is multiplied as f32",
		],
		[
			"no AVX-512",
			{ isa: "avx2", machineIsa: "avx2" },
			"the CPU or the system has no AVX-512, bf16 is multiplied as f32",
		],
		["nothing", {}, "kernels portable: neither AVX-512 nor AVX2 here, products are libtorch's"],
	])("%s", (_, found, says) => {
		expect(instructionSets({ ...machine, ...found })).toContain(says);
	});
});
