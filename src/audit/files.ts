import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

/** Folders that hold no configuration of one's own. */
const skipped = new Set([
	".git",
	".hg",
	".svn",
	"node_modules",
	"__pycache__",
	".venv",
	"venv",
	"site-packages",
	".tox",
	".mypy_cache",
	".cache",
	".ipynb_checkpoints",
	"wandb",
]);
const inputs = /\.(sh|bash|zsh|ksh|slurm|sbatch|pbs|job|py|ya?ml|json|toml|ipynb)$/i;
/** Most folders deep: a path that is longer is none of a project. */
const deepest = 60;

/** Files under a folder that may configure a run, in the order of their names. A folder is entered once, by whatever links. */
export function filesUnder(folder: string): string[] {
	const found: string[] = [];
	const entered = new Set<string>();
	const walk = (at: string, depth: number): void => {
		let entries: Dirent[];
		try {
			const real = realpathSync(at);
			if (entered.has(real) || depth > deepest) return;
			entered.add(real);
			entries = readdirSync(at, { withFileTypes: true });
		} catch {
			// A folder that may not be read holds nothing for us.
			return;
		}
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const path = join(at, entry.name);
			const kind = entry.isSymbolicLink()
				? kindOfLink(path)
				: entry.isDirectory()
					? "folder"
					: entry.isFile()
						? "file"
						: null;
			if (kind === "folder" && !skipped.has(entry.name)) walk(path, depth + 1);
			else if (kind === "file" && (inputs.test(entry.name) || !entry.name.includes("."))) found.push(path);
		}
	};
	walk(folder, 0);
	return found;
}

function kindOfLink(path: string): "folder" | "file" | null {
	try {
		const status = statSync(path);
		return status.isDirectory() ? "folder" : status.isFile() ? "file" : null;
	} catch {
		return null;
	}
}
