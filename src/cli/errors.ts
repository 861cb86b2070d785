import { ThaliaError } from "../errors.ts";
import { colors } from "./colors.ts";

/** What the process's exit code says; `thalia --help` prints the same. */
export const exitCode = { ok: 0, failed: 1, badInput: 2, stopped: 3, interrupted: 130 } as const;

/** Failures of the machine or of the work, not of what the user gave. */
const notInput = new Set([
	"checkpoint-write",
	"safetensors-write",
	"libtorch",
	"memory",
	"engine",
	"engine-closed",
	"addon-missing",
	"addon-load-failed",
	"statistics-invalid",
	"policy-not-finite",
	"disk-full",
	"hub-busy",
	"hub-checksum",
	"hub-network",
	"hub-response",
	"hub-size",
	"hub-timeout",
	"package-checksum",
	"package-fetch",
]);

/** Says what went wrong on stderr, and returns the exit code for it. */
export function reportError(error: unknown): number {
	if (!(error instanceof ThaliaError)) {
		// One that ended the engine's thread has kept its fields, but not its class.
		const { code, message, stack, fix } = error as NodeJS.ErrnoException & { fix?: string };
		// An error of the system (no space, no permission) says enough by itself; others are defects, with their place.
		write(code === undefined ? (stack ?? message) : message);
		if (code === "ENOSPC")
			write("fix: make room on the disk; a run goes on with --resume", colors.stderr.dim);
		if (fix !== undefined) write(`fix: ${fix}`, colors.stderr.dim);
		return exitCode.failed;
	}
	for (const line of error.message.split("\n")) write(line);
	if (error.fix !== undefined) write(`fix: ${error.fix}`, colors.stderr.dim);
	return notInput.has(error.code) ? exitCode.failed : exitCode.badInput;
}

function write(text: string, style = (plain: string) => plain): void {
	process.stderr.write(`${colors.stderr.red("thalia:")} ${style(text)}\n`);
}
