import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { colors } from "./colors.ts";
import { exitCode } from "./errors.ts";
import { instructionSets, type Machine } from "./instruction-sets.ts";
import { formatOption, printJson } from "./options.ts";

interface Check {
	readonly name: string;
	readonly ok: boolean;
	readonly says: string;
	readonly fix?: string;
}

export function doctorCommand(): Command {
	return new Command("doctor")
		.description("check this machine: Node, libtorch, the addon, instruction sets, memory, disk")
		.addOption(formatOption())
		.addHelpText("after", "\nExit code 1 where something is bad; every bad line says what to do.")
		.action(({ format }: { format: "text" | "json" }) => {
			const checks = [
				checkNode(),
				checkLibtorch(),
				...checkAddon(),
				checkCompiler(),
				checkMemory(),
				checkDisk(),
			];
			if (format === "json") printJson(checks);
			else for (const check of checks) print(check);
			if (checks.some(({ ok }) => !ok)) process.exitCode = exitCode.failed;
		});
}

function print({ name, ok, says, fix }: Check): void {
	process.stdout.write(`${ok ? colors.stdout.green("ok ") : colors.stdout.red("bad")} ${name}: ${says}\n`);
	if (fix !== undefined) process.stdout.write(`    fix: ${fix}\n`);
}

function checkNode(): Check {
	const [major, minor] = process.versions.node.split(".").map(Number);
	const ok = major > 20 || (major === 20 && minor >= 11);
	const fix = "install Node 20 or newer: https://nodejs.org, or `nvm install 20`";
	return { name: "Node", ok, says: process.versions.node, ...(ok ? {} : { fix }) };
}

function checkLibtorch(): Check {
	const path = fileURLToPath(new URL("../../native/build/libtorch.json", import.meta.url));
	const setup = { fix: "run `npm run setup`" };
	if (!existsSync(path)) return { name: "libtorch", ok: false, says: "no addon was built", ...setup };
	const { version, source, lib } = JSON.parse(readFileSync(path, "utf8")) as Record<
		"version" | "source" | "lib",
		string
	>;
	const ok = existsSync(lib);
	return {
		name: "libtorch",
		ok,
		says: `${version} of ${source}, ${lib}${ok ? "" : " (gone)"}`,
		...(ok ? {} : setup),
	};
}

/** In a process of its own: an instruction that the CPU does not have would end this one. */
function checkAddon(): Check[] {
	const probe = fileURLToPath(new URL("../engine/local/probe.js", import.meta.url));
	const { status, signal, stdout, stderr } = spawnSync(process.execPath, [probe], { encoding: "utf8" });
	if (status !== 0) {
		const message =
			/^ThaliaError: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split("\n").slice(-6).join("\n");
		const why = signal === null ? message : `a matrix product died of ${signal}`;
		const fix =
			signal === "SIGILL"
				? "set ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 (or AVX2), and report this CPU"
				: /^ {2}code: 'kernel-isa'/m.test(stderr)
					? "set THALIA_ISA to one of these, or unset it"
					: "run `npm run setup`";
		return [{ name: "addon", ok: false, says: why, fix }];
	}
	const machine = JSON.parse(stdout) as Machine;
	const rate = Object.entries(machine.gigaflops).map(
		([dtype, value]) => `${dtype} ${value.toFixed(0)} GFLOP/s`,
	);
	return [
		{ name: "addon", ok: true, says: `loads; ${machine.threads} threads; matrix product ${rate.join(", ")}` },
		{ name: "instruction sets", ok: true, says: instructionSets(machine) },
	];
}

function checkCompiler(): Check {
	const command =
		process.env["CXX"] ?? ["g++", "clang++", "c++"].find((name) => versionOf(name) !== undefined);
	const version = command === undefined ? undefined : versionOf(command);
	if (version !== undefined) return { name: "C++ compiler", ok: true, says: version };
	// An addon that is built already needs none.
	return { name: "C++ compiler", ok: true, says: "none (needed only to build the addon again)" };
}

function versionOf(command: string): string | undefined {
	const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
	return status === 0 ? stdout.split("\n")[0] : undefined;
}

function checkMemory(): Check {
	const gigabytes = totalmem() / 2 ** 30;
	return {
		name: "machine",
		ok: true,
		says: `${cpus().length} cores, ${gigabytes.toFixed(0)} GiB of memory, ${cpus().at(0)?.model ?? ""}`,
	};
}

function checkDisk(): Check {
	const { bavail, bsize } = statfsSync(".");
	const gigabytes = (bavail * bsize) / 1e9;
	const ok = gigabytes > 1;
	const says = `${gigabytes.toFixed(1)} GB free here`;
	return { name: "disk", ok, says, ...(ok ? {} : { fix: "make room: a run's checkpoints need it" }) };
}
