import type { SyntaxNode } from "@lezer/common";
import { normalKey, type Setting } from "../../candidate.ts";
import type { Source } from "../../source.ts";
import { isUnknown } from "../../value.ts";
import { type Change, filteredOf } from "./changes.ts";
import type { Evaluator } from "./evaluate.ts";
import { assignments, type Names } from "./names.ts";
import { argumentsOf, childrenOf, entriesOf, lastName } from "./tree.ts";

/** Classes that hold settings, by their names. */
export const settingsClass = /(Config|Configs|Args|Arguments|Params|Parameters|Options)$/;

interface Settings {
	readonly settings: readonly Setting[];
	/** Why there may be others; null where there are none. */
	readonly open: string | null;
}

/** Settings that calls and dicts hold, and what is done to them on the way. */
export class SettingsReader {
	readonly #source: Source;
	readonly #text: string;
	readonly #names: Names;
	readonly #evaluator: Evaluator;

	constructor(source: Source, names: Names, evaluator: Evaluator) {
		this.#source = source;
		this.#text = source.text;
		this.#names = names;
		this.#evaluator = evaluator;
	}

	/** Keyword arguments as settings; what is unpacked and not known leaves them open. */
	arguments(call: SyntaxNode, path: string, depth: number): Settings {
		const settings: Setting[] = [];
		let open: string | null = null;
		for (const { name, at, value } of argumentsOf(call, this.#text)) {
			if (name === null || name === "*") continue;
			if (name === "**") {
				const unpacked = this.#unpacked(value, path, depth);
				settings.push(...unpacked.settings);
				open ??= unpacked.open;
			} else settings.push(...this.setting(path === "" ? name : `${path}.${name}`, value, at, depth));
		}
		return { settings, open };
	}

	#unpacked(node: SyntaxNode, path: string, depth: number): Settings {
		const made = this.#made(node, path, depth);
		const name = node.name === "VariableName" ? this.#slice(node) : null;
		const changes = this.#names.changes.filter(
			(one) =>
				name === this.#slice(one.target) &&
				made.from !== null &&
				one.node.from > made.from.to &&
				one.node.to <= node.from &&
				functionOf(one.node)?.from === functionOf(node)?.from,
		);
		return changes.reduce<Settings>((before, change) => this.#changed(before, change, node, path, depth), {
			settings: made.settings,
			open: made.open,
		});
	}

	/** A dict with what a statement does to it; what a condition does may be done or not. */
	#changed(
		{ settings, open }: Settings,
		{ node, kind, key, value }: Change,
		use: SyntaxNode,
		path: string,
		depth: number,
	): Settings {
		const reached = this.#evaluator.reached(node, use);
		if (reached === false) return { settings, open };
		if (kind === "more") {
			const more =
				value === node ? this.#updated(node, path, depth) : this.#unpacked(value!, path, depth + 1);
			const added = reached === true ? more.settings : more.settings.map((one) => maybe(one));
			return { settings: [...settings, ...added], open: open ?? more.open };
		}
		const name = key === null ? { unknown: "" } : this.#evaluator.value(key);
		if (isUnknown(name)) return { settings, open: open ?? "a key of it is computed" };
		const whole = normalKey(path === "" ? String(name) : `${path}.${name}`);
		const held = settings.some((one) => one.key === whole);
		if (kind === "take") {
			if (!held) return { settings, open };
			if (reached === true) return { settings: settings.filter((one) => one.key !== whole), open };
			return { settings: settings.map((one) => (one.key === whole ? maybe(one) : one)), open };
		}
		if (kind === "default" && held) return { settings, open };
		if (value === null) return { settings, open: open ?? "a value of it is not there" };
		const set = this.setting(whole, value, node.from, depth + 1);
		// `if "beta" in fields(GRPOConfig)`: a question whether the version has it.
		const isSure = reached === true || this.#asksFor(node, use, String(name));
		return { settings: [...settings, ...(isSure ? set : set.map((one) => maybe(one)))], open };
	}

	#asksFor(node: SyntaxNode, use: SyntaxNode, key: string): boolean {
		for (let at = node; at.parent !== null; at = at.parent) {
			const { parent } = at;
			if (parent.from <= use.from && use.to <= parent.to) return false;
			if (parent.name !== "IfStatement" || at.name !== "Body") continue;
			const test = childrenOf(parent).at(1);
			const isFirst = parent.getChild("Body")?.from === at.from;
			return (
				isFirst &&
				test !== undefined &&
				new RegExp(`["']${key}["']`).test(this.#slice(test)) &&
				/Config|Trainer|fields|signature|param|support|valid|allowed/.test(this.#slice(test))
			);
		}
		return false;
	}

	/** `update({...}, key=value)` */
	#updated(call: SyntaxNode, path: string, depth: number): Settings {
		const named = this.arguments(call, path, depth + 1);
		const given = argumentsOf(call, this.#text).find(({ name }) => name === null);
		if (given === undefined) return named;
		const first = this.#unpacked(given.value, path, depth + 1);
		return { settings: [...first.settings, ...named.settings], open: first.open ?? named.open };
	}

	/** A dict as it is made, and where. */
	#made(node: SyntaxNode, path: string, depth: number): Settings & { readonly from: SyntaxNode | null } {
		const target = node.name === "VariableName" ? this.#evaluator.resolve(node) : node;
		if (target !== null && !isUnknown(target) && depth < 20) {
			if (target.name === "DictionaryExpression")
				return { ...this.dict(target, path, depth + 1), from: target };
			if (
				target.name === "CallExpression" &&
				target.firstChild !== null &&
				this.#slice(target.firstChild) === "dict"
			) {
				const given = argumentsOf(target, this.#text).find(({ name }) => name === null);
				const first = given === undefined ? null : this.#unpacked(given.value, path, depth + 1);
				const named = this.arguments(target, path, depth + 1);
				const settings = [...(first?.settings ?? []), ...named.settings];
				return { settings, open: first?.open ?? named.open, from: target };
			}
			const filtered = filteredOf(target, this.#text);
			if (filtered !== null) {
				const whole = this.#unpacked(filtered.of, path, depth + 1);
				const settings = whole.settings
					.filter(({ value }) => !filtered.lessNone || value !== null)
					.map((setting) => (filtered.sifts ? { ...setting, added: true as const } : setting));
				return { settings, open: whole.open, from: target };
			}
		}
		return {
			settings: [],
			from: null,
			open: `${this.#slice(node).slice(0, 40)} is unpacked, and what it holds is not known`,
		};
	}

	dict(node: SyntaxNode, path: string, depth: number): Settings {
		const settings: Setting[] = [];
		let open: string | null = null;
		for (const { key, at, value } of entriesOf(node)) {
			if (key === null) {
				const unpacked = this.#unpacked(value, path, depth);
				settings.push(...unpacked.settings);
				open ??= unpacked.open;
				continue;
			}
			const name = this.#evaluator.value(key);
			if (isUnknown(name)) open ??= "a key of it is computed";
			else settings.push(...this.setting(path === "" ? String(name) : `${path}.${name}`, value, at, depth));
		}
		return { settings, open };
	}

	setting(key: string, value: SyntaxNode, at: number, depth = 0): readonly Setting[] {
		const place = this.#source.place(at);
		let node = value;
		if (value.name === "VariableName") {
			const found = this.#evaluator.resolve(value);
			if (found !== null && !isUnknown(found)) node = found;
		}
		if (depth < 20) {
			if (node.name === "DictionaryExpression") return this.dict(node, key, depth + 1).settings;
			if (node.name === "CallExpression" && node.firstChild !== null) {
				const callee = lastName(node.firstChild, this.#text);
				if (callee === "dict" || settingsClass.test(callee))
					return this.arguments(node, key, depth + 1).settings;
			}
		}
		const held = this.#evaluator.value(value);
		// An option without a value is asked for by what reads it.
		const isLeftOut = held === null && node.name === "MemberExpression";
		const known = isLeftOut ? { unknown: `${this.#slice(node).slice(0, 40)} has no default` } : held;
		return [{ key: normalKey(key), value: known, ...place }];
	}

	/** `config = GRPOConfig(...)`, then `config.beta = 0.1`. */
	assignedLater(call: SyntaxNode): Setting[] {
		const statement = call.parent;
		if (statement?.name !== "AssignStatement") return [];
		const name = assignments(statement).find(({ value }) => value?.from === call.from)?.target;
		if (name?.name !== "VariableName") return [];
		const prefix = `${this.#slice(name)}.`;
		return this.#names.attributes.flatMap(({ target, value }) => {
			const written = this.#slice(target);
			if (!written.startsWith(prefix) || target.from < call.to) return [];
			const reached = this.#evaluator.reached(target, call);
			if (reached === false) return [];
			const set = this.setting(written.slice(prefix.length), value, target.from);
			return reached === true ? set : set.map((one) => maybe(one));
		});
	}

	#slice({ from, to }: SyntaxNode): string {
		return this.#text.slice(from, to);
	}
}

/** A setting that a condition makes or leaves out. */
function maybe(setting: Setting): Setting {
	return { ...setting, value: { unknown: "it depends on a condition" } };
}

function functionOf(node: SyntaxNode): SyntaxNode | null {
	for (let at = node.parent; at !== null; at = at.parent) if (at.name === "FunctionDefinition") return at;
	return null;
}
