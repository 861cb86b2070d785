import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./settings.ts";

/** A model that Thalia's cache has. */
export interface CachedModel {
	/** What names it: `owner/name@commit`, a short name, or a GGUF file's name. */
	readonly id: string;
	/** Where it is from. */
	readonly source: string;
	readonly commit: string | null;
	readonly bytes: number;
	readonly path: string;
}

export function cachedModels(): CachedModel[] {
	const hub = foldersOf(join(cacheDir(), "hub"), "models--").flatMap((folder) => {
		const id = folder.name.slice("models--".length).replaceAll("--", "/");
		return foldersOf(join(folder.path, "snapshots")).map(({ name: commit, path }) => ({
			...{ id: `${id}@${commit}`, source: "Hugging Face", commit, path },
			bytes: bytesOf(path),
		}));
	});
	const converted = ["packages", "gguf"].flatMap((kind) =>
		foldersOf(join(cacheDir(), kind)).flatMap(({ name, path: folder }) => {
			const path = join(folder, "model");
			if (!existsSync(path)) return [];
			const { id = name, source = kind } = readSource(join(folder, "source.json"));
			return [{ id, source, commit: null, bytes: bytesOf(path), path }];
		}),
	);
	// A snapshot without weights is what `inspect` or an interrupted fetch has left.
	return [...hub, ...converted].filter(({ path }) =>
		readdirSync(path).some((name) => name.endsWith(".safetensors")),
	);
}

function foldersOf(dir: string, prefix = ""): { name: string; path: string }[] {
	if (!existsSync(dir)) return [];
	return readdirSync(dir, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
		.map(({ name }) => ({ name, path: join(dir, name) }))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function bytesOf(dir: string): number {
	return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

function readSource(path: string): { id?: string; source?: string } {
	try {
		return JSON.parse(readFileSync(path, "utf8")) as { id?: string; source?: string };
	} catch {
		return {};
	}
}
