import { createHash } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { convertGguf } from "../formats/gguf/convert.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import type { Progress } from "./fetch-repository.ts";
import { withLock } from "./lock.ts";
import { cacheDir } from "./settings.ts";

/** Part of what a conversion is found by: changed when the same file would be converted otherwise. */
const converter = 1;

/** The folder that a GGUF file is converted to in the cache: once, for as long as neither size nor time of it change. */
export async function ggufModel(
	path: string,
	onProgress?: (progress: Progress) => void,
	signal?: AbortSignal,
): Promise<string> {
	const file = realpathSync(path);
	const { size, mtimeMs } = statSync(file);
	const key = createHash("sha256")
		.update(JSON.stringify([file, size, mtimeMs, converter]))
		.digest("hex");
	const folder = join(cacheDir(), "gguf", `${basename(file, ".gguf")}-${key.slice(0, 12)}`);
	const dir = join(folder, "model");
	if (existsSync(dir)) return dir;
	return withLock(folder, signal, () => {
		if (!existsSync(dir)) {
			convertGguf(file, dir, {
				onProgress: (share) => onProgress?.({ file: "converting", done: share * size, total: size }),
			});
			writeFileAtomic(join(folder, "source.json"), JSON.stringify({ id: basename(file), source: file }));
		}
		return Promise.resolve(dir);
	});
}
