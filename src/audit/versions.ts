import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Below 0 where a is the older. Numbers are compared part by part; `.postN` is newer, `rc` and `dev` older. */
export function compareVersions(a: string, b: string): number {
	const [left, right] = [a, b].map(parts);
	for (let i = 0; i < Math.max(left.length, right.length); i++) {
		const difference = (left.at(i) ?? 0) - (right.at(i) ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

function parts(version: string): number[] {
	const numbers = (/^v?(\d+(?:[.-]\d+)*)/.exec(version)?.[1] ?? "0").split(/[.-]/).map(Number);
	while (numbers.length < 4) numbers.push(0);
	const post = /post(\d+)/.exec(version)?.[1];
	const early = /(?:rc|a|b|\.?dev)\d*$/.test(version);
	return [...numbers, post === undefined ? (early ? -1 : 0) : Number(post) + 1];
}

/** What a file says of a package's version: the version itself, or the least. */
export interface Pin {
	readonly version: string;
	readonly exact: boolean;
	/** Whether only a comment has it: it was so once. */
	readonly isComment?: true;
	readonly file: string;
}

const pinFiles =
	/^(requirements[\w.-]*\.(txt|in)|pyproject\.toml|uv\.lock|poetry\.lock|Pipfile(\.lock)?|pdm\.lock|setup\.(py|cfg)|environment\.ya?ml|[\w.-]*Dockerfile[\w.-]*|constraints[\w.-]*\.txt)$/i;
/** Folders above a file that are looked into: a launch script stands a few below its project's root. */
const mostParents = 5;
const mostBytes = 4 * 2 ** 20;

/** Pins of packages in an audited file itself, and in the files of requirements beside and above it. */
export class Pins {
	readonly #folders = new Map<string, readonly { file: string; text: string }[]>();

	find(packages: readonly string[], path: string, text: string): Pin | null {
		// A notebook's lines stand in strings.
		const lines = path.endsWith(".ipynb") ? text.replaceAll("\\n", "\n").replaceAll(/^[\s"]+/gm, "") : text;
		const own = pinIn(packages, lines);
		if (own !== null) return { ...own, file: path };
		let folder = dirname(path);
		for (let i = 0; i <= mostParents; i++) {
			for (const { file, text: held } of this.#read(folder)) {
				const pin = pinIn(packages, held);
				if (pin !== null) return { ...pin, file };
			}
			const parent = dirname(folder);
			if (existsSync(join(folder, ".git")) || parent === folder) break;
			folder = parent;
		}
		const comment = pinIn(packages, commentsOf(lines));
		return comment?.exact === true ? { ...comment, isComment: true, file: path } : null;
	}

	#read(folder: string): readonly { file: string; text: string }[] {
		const held = this.#folders.get(folder);
		if (held !== undefined) return held;
		const found: { file: string; text: string }[] = [];
		try {
			for (const name of readdirSync(folder).sort()) {
				if (!pinFiles.test(name)) continue;
				const file = join(folder, name);
				const status = statSync(file);
				if (status.isFile() && status.size <= mostBytes)
					found.push({ file, text: readFileSync(file, "utf8") });
			}
		} catch {
			// A folder that cannot be read says nothing of versions.
		}
		this.#folders.set(folder, found);
		return found;
	}
}

function pinIn(packages: readonly string[], text: string): { version: string; exact: boolean } | null {
	for (const name of packages) {
		const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/[-_]/g, "[-_]");
		const pinned = new RegExp(
			`(?<![\\w-])${escaped}(?:\\[[^\\]\\n]*\\])?\\s*(==|~=|>=|@ ?git\\+https://[^\\s"']*@v?)\\s*v?(\\d[\\w.]*)`,
			"i",
		).exec(stripComments(text));
		if (pinned !== null) return { version: pinned[2], exact: pinned[1] !== ">=" };
		const tagged = new RegExp(`[-:/]${escaped}v?(\\d+\\.\\d[\\w.]*)`, "i").exec(stripComments(text));
		if (tagged !== null) return { version: tagged[1], exact: true };
		const cloned = new RegExp(
			`(?:-b|--branch)[ =]v(\\d[\\w.]*) (?:--?[\\w-]+(?:[ =]\\d+)? )*https://[^\\s"']*/${escaped}(?:\\.git)?(?=\\s|$)`,
			"im",
		).exec(text);
		if (cloned !== null) return { version: cloned[1], exact: true };
		const locked = new RegExp(`name = "${escaped}"\\s*\\nversion = "(\\d[\\w.]*)"`, "i").exec(text);
		if (locked !== null) return { version: locked[1], exact: true };
	}
	return null;
}

function commentsOf(text: string): string {
	return [...text.matchAll(/(?:^|\s)#(.*)$/gm)].map(([, comment]) => comment).join("\n");
}

function stripComments(text: string): string {
	return text.replaceAll(/(^|\s)#.*$/gm, "$1");
}
