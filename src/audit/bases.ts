import { dirname, join, resolve } from "node:path";
import { mostParents, type ReadPath, readSmall } from "./beside.ts";
import type { BaseName, Setting } from "./candidate.ts";
import { interpolate } from "./interpolate.ts";
import { kindOf, readSource } from "./readers/index.ts";
import { Source } from "./source.ts";

const mostBases = 100;
const deepest = 12;

/** Groups of settings that say nothing of a KL, by the names that they go by. */
const neutral =
	/(^|\/)((\w+_)?envs?(_\w+)?|data|datasets?|models?|hydra|logg(ing|er)|optim\w*|scheduler|cluster|tokenizer|paths?|deepspeed\w*|vllm|sglang)(\/|\.ya?ml$|$)/i;

interface Layer {
	readonly settings: readonly Setting[];
	readonly bases: readonly BaseName[];
}

export interface Composed {
	readonly settings: readonly Setting[];
	/** A file that may say something of a KL and is not there. */
	readonly missing: string | null;
}

/** Settings with those of the files that stand below them, as hydra composes them. @param owns files that are passed over */
export async function composed(
	layer: Layer,
	from: string,
	owns: (file: string) => boolean,
	read: ReadPath = readSmall,
): Promise<Composed> {
	const composer = new Composer(owns, read);
	await composer.choose(layer, from);
	const settings = await composer.settings(layer, from, "", 0);
	return { settings: interpolate(settings), missing: composer.missing };
}

class Composer {
	missing: string | null = null;
	readonly #owns: (file: string) => boolean;
	readonly #read: ReadPath;
	#count = 0;
	/** What `override group: option` chose, by the group. */
	readonly #chosen = new Map<string, string>();
	/** Groups that the defaults have. */
	readonly #met = new Set<string>();
	/** The command's own file of settings, or the command's script. */
	#main = "";
	/** Whether the command has a file of settings that is not the framework's. */
	#hasMain = false;
	/** A chosen file that is not there: it may stand above what other files say. */
	#hidden: string | null = null;

	constructor(owns: (file: string) => boolean, read: ReadPath) {
		this.#owns = owns;
		this.#read = read;
	}

	/** What a command line chooses, and what the files that it adds override: both come before the defaults. */
	async choose({ bases }: Layer, from: string): Promise<void> {
		if (!bases.some(({ isChosen }) => isChosen === true)) return;
		this.#override(bases);
		const main = bases.find(({ group }) => group === null);
		this.#hasMain = main !== undefined && !this.#owns(main.file);
		this.#main = (main === undefined ? null : await findBase(main.file, from, this.#read))?.path ?? from;
		for (const { file, overrides, isChosen } of bases) {
			if (isChosen !== true || overrides) continue;
			this.#override((await findBase(file, this.#main, this.#read))?.bases ?? []);
		}
	}

	#override(bases: readonly BaseName[]): void {
		for (const { group, package: at, file, overrides, isChosen } of bases) {
			if (!overrides || group === null) continue;
			const key = isChosen === true && at !== group.replaceAll("/", ".") ? `${group}@${at}` : group;
			if (!this.#chosen.has(key)) this.#chosen.set(key, file);
		}
	}

	/** @param at the package: where in the whole the layer's settings stand */
	async settings({ settings, bases }: Layer, from: string, at: string, depth: number): Promise<Setting[]> {
		const below: Setting[] = [];
		const above: Setting[] = [];
		this.#override(bases);
		for (const base of bases) {
			if (base.overrides) {
				this.#unused(base);
				continue;
			}
			const chosen =
				base.isChosen === true || base.group === null
					? undefined
					: (this.#chosen.get(`${base.group}@${base.package}`) ?? this.#chosen.get(base.group));
			const near = base.isChosen === true ? this.#main : from;
			const found = await this.#base(base, chosen ?? base.file, near, at, depth);
			if (base.group !== null) this.#met.add(base.group);
			(base.isAbove ? above : below).push(...found);
		}
		if (depth === 0 && this.#hidden !== null) {
			const value = { unknown: `${this.#hidden} may set it, and is not beside this file` };
			for (const found of [below, above])
				found.splice(0, found.length, ...found.map(({ written: _, ...setting }) => ({ ...setting, value })));
		}
		return [...below, ...settings.map((setting) => ({ ...setting, key: under(at, setting.key) })), ...above];
	}

	/** A choice of a group that no defaults have, where it can be nothing but that: the defaults are elsewhere. */
	#unused({ group, file, package: at, isChosen, isOptional }: BaseName): void {
		if (isChosen !== true || isOptional || group === null || this.#met.has(group)) return;
		// Without a file of one's own they are the framework's, which has groups within others alone.
		if (!this.#hasMain && (group.includes("/") || at !== group)) return;
		if (neutral.test(file) || this.#owns(file)) return;
		this.missing ??= file;
		this.#hidden ??= file;
	}

	async #base(
		base: BaseName,
		file: string,
		from: string,
		at: string,
		depth: number,
	): Promise<readonly Setting[]> {
		if (depth > deepest || this.#owns(file) || ++this.#count > mostBases) return [];
		const found = await findBase(file, from, this.#read);
		if (found === null) {
			if (!neutral.test(file) && !base.isOptional) {
				this.missing ??= file;
				if (base.isChosen === true || file !== base.file) this.#hidden ??= file;
			}
			return [];
		}
		const own = found.package ?? base.package;
		const place =
			own === "_global_" ? "" : own === "_here_" ? at : found.package === null ? under(at, own) : own;
		return this.settings(found, found.path, place, depth + 1);
	}
}

function under(at: string, key: string): string {
	return at === "" ? key : key === "" ? at : `${at}.${key}`;
}

interface Found extends Layer {
	readonly path: string;
	/** Of its line `# @package`; null where there is none. */
	readonly package: string | null;
}

/** A file of settings that another one names; null where there is none beside or above it. */
async function findBase(base: string, from: string, read: ReadPath): Promise<Found | null> {
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents; i++) {
		for (const path of [join(folder, base), join(folder, "config", base), join(folder, "configs", base)]) {
			const found = await readBase(path, read);
			if (found !== null) return found;
		}
		const parent = dirname(folder);
		if (parent === folder) break;
		folder = parent;
	}
	return null;
}

async function readBase(path: string, read: ReadPath): Promise<Found | null> {
	try {
		const text = read(path);
		if (text === null) return null;
		const kind = kindOf(path, text);
		if (kind !== "yaml" && kind !== "json" && kind !== "toml") return null;
		const first = (await readSource(kind, new Source(path, text), true)).at(0);
		const header = /^\s*(?:#.*\n\s*)*?#\s*@package\s+(\S+)/.exec(text)?.[1] ?? null;
		return { settings: first?.settings ?? [], bases: first?.bases ?? [], path, package: header };
	} catch {
		return null;
	}
}
