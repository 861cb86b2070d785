import { dirname, join, resolve } from "node:path";
import { mostParents, readSmall } from "./beside.ts";
import type { BaseName, Setting } from "./candidate.ts";
import { interpolate } from "./interpolate.ts";
import { kindOf, readSource } from "./readers/index.ts";
import { Source } from "./source.ts";

const mostBases = 100;
const deepest = 12;

/** Groups of settings that say nothing of a KL, by the names that they go by. */
const neutral =
	/(^|\/)(envs?|data|datasets?|models?|hydra|logg(ing|er)|optim\w*|scheduler|cluster|tokenizer|paths?|deepspeed\w*|vllm|sglang)(\/|\.ya?ml$|$)/i;

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
): Promise<Composed> {
	const composer = new Composer(owns);
	const settings = await composer.settings(layer, from, "", 0);
	return { settings: interpolate(settings), missing: composer.missing };
}

class Composer {
	missing: string | null = null;
	readonly #owns: (file: string) => boolean;
	#count = 0;
	/** What `override group: option` chose, by the group. */
	readonly #chosen = new Map<string, string>();

	constructor(owns: (file: string) => boolean) {
		this.#owns = owns;
	}

	/** @param at the package: where in the whole the layer's settings stand */
	async settings({ settings, bases }: Layer, from: string, at: string, depth: number): Promise<Setting[]> {
		const below: Setting[] = [];
		const above: Setting[] = [];
		for (const { group, file, overrides } of bases)
			if (overrides && group !== null && !this.#chosen.has(group)) this.#chosen.set(group, file);
		for (const base of bases) {
			if (base.overrides) continue;
			const chosen = base.group === null ? undefined : this.#chosen.get(base.group);
			const found = await this.#base(base, chosen ?? base.file, from, at, depth);
			(base.isAbove ? above : below).push(...found);
		}
		return [...below, ...settings.map((setting) => ({ ...setting, key: under(at, setting.key) })), ...above];
	}

	async #base(
		base: BaseName,
		file: string,
		from: string,
		at: string,
		depth: number,
	): Promise<readonly Setting[]> {
		if (depth > deepest || this.#owns(file) || ++this.#count > mostBases) return [];
		const found = await findBase(file, from);
		if (found === null) {
			if (!neutral.test(file) && !base.isOptional) this.missing ??= file;
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
async function findBase(base: string, from: string): Promise<Found | null> {
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents; i++) {
		for (const path of [join(folder, base), join(folder, "config", base), join(folder, "configs", base)]) {
			const found = await readBase(path);
			if (found !== null) return found;
		}
		const parent = dirname(folder);
		if (parent === folder) break;
		folder = parent;
	}
	return null;
}

async function readBase(path: string): Promise<Found | null> {
	try {
		const text = readSmall(path);
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
