import { spawn, spawnSync } from "node:child_process";
import { root } from "./paths.mjs";

/** Standard output of a command, or undefined where it is missing or fails. */
export function outputOf(command, args) {
	const { status, stdout, error } = spawnSync(command, args, { encoding: "utf8" });
	return error === undefined && status === 0 ? stdout.trim() : undefined;
}

/** Runs a command in the project's folder, all it prints going to stderr; resolves to its exit code and last output. */
export function runCommand(command, args, { quiet = false, env = process.env } = {}) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
		let tail = "";
		const take = (chunk) => {
			tail = (tail + chunk).slice(-6000);
			if (!quiet) process.stderr.write(chunk);
		};
		child.stdout.on("data", take);
		child.stderr.on("data", take);
		child.on("error", (error) => resolve({ code: 127, tail: error.message }));
		child.on("close", (code, signal) => resolve({ code: code ?? (signal === "SIGINT" ? 130 : 1), tail }));
	});
}

/** Runs a command that owns the terminal (status line, Ctrl-C) and resolves to its exit code. */
export function runInteractive(command, args, env = {}) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" });
		// The terminal sends Ctrl-C to both; the child saves and ends, and its code is ours.
		const ignore = () => {};
		process.on("SIGINT", ignore);
		const forward = () => child.kill("SIGTERM");
		process.on("SIGTERM", forward);
		child.on("error", () => resolve(127));
		child.on("close", (code) => {
			process.off("SIGINT", ignore);
			process.off("SIGTERM", forward);
			resolve(code ?? 1);
		});
	});
}
