import { type ChildProcess, execFile, spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readlinkSync, realpathSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ThaliaError } from "../../../errors.ts";
import { unshareScript } from "./unshare-script.ts";

// An untrusted Python program gets namespaces of its own (no network, no other processes, a file system of the system's
// programs and libraries, read-only, and an empty /tmp that vanishes), limits of the kernel, no privileges, and a time.

export interface SandboxLimits {
	/** Wall clock and processor. */
	readonly seconds: number;
	/** Address space of each process, in bytes. */
	readonly memory: number;
	/** Of one file, and of all of /tmp, in bytes. */
	readonly files: number;
	readonly processes: number;
}

export interface PythonSandbox {
	/** Starts Python with a program on its command line; descriptors from 3 on are pipes in both directions. */
	start(program: string, limits: SandboxLimits, stdio: readonly ("pipe" | "ignore")[]): ChildProcess;
}

/** What every sandbox can see, read-only. */
const systemPaths = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache"];

const sandboxes = new Map<string, Promise<PythonSandbox>>();
const running = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of running) killGroup(child);
});

/**
 * A sandbox for a Python, tried before it is given; the same one for every call.
 * @param python its command
 * @throws ThaliaError `sandbox-unavailable`: programs never run without one
 */
export function pythonSandbox(python: string): Promise<PythonSandbox> {
	let sandbox = sandboxes.get(python);
	if (sandbox === undefined) {
		sandbox = openSandbox(python);
		sandboxes.set(python, sandbox);
	}
	return sandbox;
}

/** Ends a program and everything that it started. */
export function killGroup(child: ChildProcess): void {
	if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
	try {
		process.kill(-child.pid, "SIGKILL");
	} catch {
		child.kill("SIGKILL");
	}
}

type Wrap = (inside: readonly string[], limits: SandboxLimits) => readonly string[];

async function openSandbox(python: string): Promise<PythonSandbox> {
	const { executable, paths } = await locate(python);
	const wraps = process.getuid?.() === 0 ? [unshareAsRoot] : [bubblewrap, unshareAsUser];
	const failures: string[] = [];
	for (const makeWrap of process.platform === "linux" ? wraps : []) {
		const wrap = makeWrap(paths);
		const sandbox: PythonSandbox = {
			start(program, limits, stdio) {
				const [command, ...args] = wrap([...limitsOf(limits), executable, "-I", "-c", program], limits);
				return startGroup(command, args, stdio);
			},
		};
		const failure = await whyNot(sandbox);
		if (failure === null) return sandbox;
		failures.push(failure);
	}
	const why = process.platform === "linux" ? failures.join("; ") : `this is ${process.platform}`;
	throw new ThaliaError(
		"sandbox-unavailable",
		`Expected a sandbox for untrusted Python but there is none: ${why}`,
		{
			fix: "on Linux install bubblewrap, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1); in a container add the capability SYS_ADMIN or run it privileged",
		},
	);
}

function startGroup(
	command: string,
	args: readonly string[],
	stdio: readonly ("pipe" | "ignore")[],
): ChildProcess {
	const child = spawn(command, args, {
		cwd: "/",
		// Nothing of this process's environment, which may hold secrets.
		env: {
			PATH: "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
			HOME: "/tmp",
			LANG: "C.UTF-8",
			OPENBLAS_NUM_THREADS: "1",
			OMP_NUM_THREADS: "1",
		},
		stdio: [...stdio],
		detached: true,
	});
	running.add(child);
	child.once("close", () => running.delete(child));
	child.once("error", () => running.delete(child));
	return child;
}

/** Where a Python is, behind links and shims, and what it needs to see. @throws ThaliaError `sandbox-unavailable` */
async function locate(python: string): Promise<{ executable: string; paths: readonly string[] }> {
	const ask = "import sys; print(sys.executable); print(sys.prefix); print(sys.base_prefix)";
	let lines: string[];
	try {
		lines = (await promisify(execFile)(python, ["-I", "-c", ask])).stdout.trim().split("\n");
	} catch (cause) {
		const message = `Expected Python as ${python} but it does not run: ${(cause as Error).message.split("\n")[0]}`;
		throw new ThaliaError("sandbox-unavailable", message, {
			fix: "install python3, or set the verifier's option `python`",
			cause,
		});
	}
	const [executable, ...prefixes] = lines;
	const real = realpathSync(executable);
	const inSystem = (path: string) => path === "/usr" || path.startsWith("/usr/");
	const own = [...prefixes, dirname(dirname(real))].filter((path) => !inSystem(path) && path !== "/");
	return { executable: inSystem(real) ? real : executable, paths: [...systemPaths, ...new Set(own)] };
}

function limitsOf({ seconds, memory, files, processes }: SandboxLimits): string[] {
	return [
		...["prlimit", `--cpu=${Math.ceil(seconds) + 1}`, `--as=${memory}`, `--fsize=${files}`],
		...[`--nproc=${processes}`, "--nofile=64", "--core=0", "--"],
	];
}

/** A second longer than what watches from outside allows: for the case that this process ends first. */
function timeoutOf({ seconds }: SandboxLimits): string {
	return String(Math.ceil(seconds) + 1);
}

function bubblewrap(paths: readonly string[]): Wrap {
	const binds = paths.flatMap((path) => {
		const link = linkOf(path);
		return link === null ? ["--ro-bind-try", path, path] : ["--symlink", link, path];
	});
	return (inside, limits) => [
		...["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
		...[...binds, "--dev", "/dev", "--size", String(limits.files), "--tmpfs", "/tmp", "--chdir", "/tmp"],
		...["--", "timeout", "-s", "KILL", timeoutOf(limits), ...inside],
	];
}

function linkOf(path: string): string | null {
	try {
		return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
	} catch {
		return null;
	}
}

/** Of the real root: every program is another user of its own, whom no other program's processes count against. */
function unshareAsRoot(paths: readonly string[]): Wrap {
	let next = 0;
	return (inside, limits) => {
		const uid = 1_900_000_000 + ((process.pid * 4096 + next++) % 100_000_000);
		return unshared([], String(uid), paths, inside, limits);
	};
}

function unshareAsUser(paths: readonly string[]): Wrap {
	return (inside, limits) => unshared(["--user", "--map-root-user"], "-", paths, inside, limits);
}

function unshared(
	more: readonly string[],
	uid: string,
	paths: readonly string[],
	inside: readonly string[],
	limits: SandboxLimits,
): string[] {
	return [
		...["unshare", ...more, "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--"],
		...[
			"/bin/sh",
			"-c",
			unshareScript,
			"sandbox",
			mountPoint(),
			uid,
			timeoutOf(limits),
			String(limits.files),
		],
		...[...paths, "--", ...inside],
	];
}

let emptyFolder: string | undefined;

/** An empty folder that every sandbox mounts its own root on, where no other can see it. */
function mountPoint(): string {
	if (emptyFolder === undefined) {
		const made = mkdtempSync(join(tmpdir(), "thalia-sandbox-"));
		emptyFolder = made;
		process.on("exit", () => {
			try {
				rmdirSync(made);
			} catch {
				// Left to whoever clears the folder of temporary files.
			}
		});
	}
	return emptyFolder;
}

/** What goes wrong in a sandbox with a program of one line; null: nothing. */
async function whyNot(sandbox: PythonSandbox): Promise<string | null> {
	const limits = { seconds: 10, memory: 2 ** 30, files: 2 ** 20, processes: 16 };
	const child = sandbox.start("print('ok')", limits, ["ignore", "pipe", "pipe"]);
	const [out, errors] = [collect(child.stdout), collect(child.stderr)];
	const timer = setTimeout(() => killGroup(child), 15_000);
	const code = await new Promise<number | string | null>((resolve) => {
		child.once("error", (error) => resolve(error.message));
		child.once("close", resolve);
	});
	clearTimeout(timer);
	if (code === 0 && out().trim() === "ok") return null;
	return typeof code === "string"
		? code
		: errors().trim().split("\n").at(-1) || `exit code ${code ?? "none"}`;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
	let text = "";
	stream?.on("data", (chunk: Buffer) => {
		if (text.length < 10_000) text += chunk.toString();
	});
	return () => text;
}
