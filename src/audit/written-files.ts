import { dirname, join, posix, resolve } from "node:path";
import { type ReadPath, readSmall } from "./beside.ts";

/** Folders in which notebooks are run, and which their relative paths are of. */
const roots = /^\/(content|kaggle\/working|workspace|root|tmp)\//;

/** Files that a script or a notebook writes before it uses them: they are found where files on the disk are. */
export class WrittenFiles {
	readonly #from: string;
	readonly #texts = new Map<string, string>();
	/** Those that something else in the file has used, by the name under which they were written. */
	readonly used = new Set<string>();
	readonly #names = new Map<string, string>();

	/** @param from the file that writes them */
	constructor(from: string) {
		this.#from = from;
	}

	/** @param folder where the writer stands, from where it began */
	write(name: string, text: string, folder = "", appends = false): void {
		const held = appends ? (this.#texts.get(this.#keys(name, folder)[0]) ?? "") : "";
		for (const key of this.#keys(name, folder)) {
			this.#texts.set(key, held + text);
			this.#names.set(key, name);
		}
	}

	/** As it stands at a path, written or on the disk. */
	readonly read: ReadPath = (path) => {
		const held = this.#texts.get(path);
		if (held === undefined) return readSmall(path);
		this.used.add(this.#names.get(path)!);
		return held;
	};

	/** One that is written, by the name that a command has for it. */
	find(name: string, folder = ""): { readonly path: string; readonly text: string } | null {
		for (const path of this.#keys(name, folder)) {
			const text = this.#texts.get(path);
			if (text === undefined) continue;
			this.used.add(this.#names.get(path)!);
			return { path, text };
		}
		return null;
	}

	copy(): WrittenFiles {
		const made = new WrittenFiles(this.#from);
		for (const [key, text] of this.#texts) made.#texts.set(key, text);
		for (const [key, name] of this.#names) made.#names.set(key, name);
		return made;
	}

	#keys(name: string, folder: string): string[] {
		const base = dirname(resolve(this.#from));
		const plain = name.replace(roots, "");
		const keys = name.startsWith("/") ? [] : [join(base, posix.join(folder, name))];
		return [...new Set([...keys, join(base, name), join(base, plain)])];
	}
}
