/** Stands in a command for what Python computes: a variable that nothing sets. */
const computed = "$__python";

/** What a notebook has set by a line: the environment of its commands, and names of Python that are put into them. */
export class NotebookState {
	readonly #environment = new Map<string, string>();
	/** Names with their plain values; null of those whose value is computed. */
	readonly #names = new Map<string, string | null>();

	/** `%env NAME=value`, `%env NAME value`. */
	environment(words: string): void {
		const match = /^([A-Za-z_]\w*)(?:\s*=\s*|\s+)(\S.*)$/.exec(words.trim());
		if (match === null) return;
		const [, name, value] = match;
		this.#set(name, /[{$]/.test(value) ? null : value.trim().replace(/^(["'])(.*)\1$/, "$2"));
	}

	/** A line of Python: what it gives to a name or to the environment. */
	python(line: string): void {
		const set = /^(\s*)os\.environ\[\s*(["'])(\w+)\2\s*\]\s*=\s*(.+?)\s*$/.exec(line);
		// Under a condition, in a loop or a function it may be or not.
		if (set !== null) return this.#set(set[3], set[1] === "" ? this.#value(set[4]) : null);
		const assigned = /^(\s*)([A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)\s*(.+?)\s*$/.exec(line);
		if (assigned !== null) this.#names.set(assigned[2], assigned[1] === "" ? this.#value(assigned[3]) : null);
		const loop = /^\s*for\s+([\w\s,()]+?)\s+in\b/.exec(line)?.[1];
		for (const [name] of loop?.matchAll(/\w+/g) ?? []) this.#names.set(name, null);
	}

	/** A command's text with `{name}` and `$name` of Python in their places. */
	filled(command: string): string {
		return command
			.replaceAll(
				/(?<![\\${])\{([A-Za-z_][^{}"'\s]*)\}(?!\})/g,
				(_, name: string) => this.#names.get(name) ?? computed,
			)
			.replaceAll(/(?<!\\)\$(\w+)/g, (whole, name: string) =>
				this.#names.has(name) ? (this.#names.get(name) ?? computed) : whole,
			);
	}

	/** The environment as lines of a script. */
	exports(): string {
		return [...this.#environment]
			.map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}';`)
			.join(" ");
	}

	#set(name: string, value: string | null): void {
		if (value === null) this.#environment.delete(name);
		else this.#environment.set(name, value);
	}

	#value(written: string): string | null {
		const plain = written.replace(/\s+#.*$/, "");
		const text = /^(["'])([^"'\\]*)\1$/.exec(plain)?.[2];
		if (text !== undefined) return text;
		const inner = /^str\((.*)\)$/.exec(plain)?.[1].trim() ?? plain;
		if (/^(-?[\d.]+(e-?\d+)?|True|False)$/.test(inner)) return inner;
		return this.#names.get(inner) ?? null;
	}
}
