import { dirname, join } from "node:path";
import { parser } from "@lezer/python";
import type { ReadPath } from "../../beside.ts";
import type { Value } from "../../value.ts";
import { Evaluator } from "./evaluate.ts";
import { type Names, namesOf } from "./names.ts";

/** Constants of Python files that stand in the folder of the one that imports them: settings kept as a module. */
export class ImportedConstants {
	readonly #folder: string;
	readonly #read: ReadPath;
	readonly #names: Names;
	readonly #modules = new Map<string, Map<string, Value>>();

	constructor(path: string, read: ReadPath, names: Names) {
		this.#folder = dirname(path);
		this.#read = read;
		this.#names = names;
	}

	/** `module.NAME` after `import module`; undefined of what is no such constant. */
	of(module: string, name: string): Value | undefined {
		const imported = this.#names.aliases.get(module);
		if (imported === undefined || !this.#names.imports.includes(imported)) return undefined;
		return this.#module(imported).get(name);
	}

	/** `NAME` after `from module import NAME`. */
	named(name: string): Value | undefined {
		const imported = this.#names.aliases.get(name);
		const from = this.#names.imports.find(
			(one) => one.split(".").length === 2 && one.endsWith(`.${imported}`),
		);
		return imported === undefined || from === undefined
			? undefined
			: this.#module(from.split(".")[0]).get(imported);
	}

	#module(name: string): Map<string, Value> {
		const held = this.#modules.get(name);
		if (held !== undefined) return held;
		const constants = new Map<string, Value>();
		this.#modules.set(name, constants);
		const text = /^[A-Za-z_]\w*$/.test(name) ? this.#read(join(this.#folder, `${name}.py`)) : null;
		if (text === null) return constants;
		const names = namesOf(parser.parse(text).topNode, text);
		const evaluator = new Evaluator(text, names, new Map());
		for (const [key, bindings] of names.module.names) {
			const [{ value }] = bindings;
			const isFixed = bindings.length === 1 && value?.parent?.parent?.name === "Script";
			if (isFixed) constants.set(key, evaluator.value(value));
		}
		return constants;
	}
}
