import { type Candidate, normalKey, type Setting } from "../candidate.ts";
import { isUnknown, numberOf, type Scalar, scalarOf, showValue, type Value } from "../value.ts";
import { compareVersions } from "../versions.ts";

/** A coefficient that may be any but 0. */
export const someCoefficient = 2 ** -33;

/** Thrown where a setting is not known: the reading is made again for each of its possible values. */
export class Undecided extends Error {
	readonly key: string;
	readonly options: readonly Scalar[];
	readonly reason: string;

	constructor(key: string, options: readonly Scalar[], reason: string) {
		super(reason);
		this.key = key;
		this.options = options;
		this.reason = reason;
	}
}

/** Thrown where a setting has a value that the framework does not take, or the reading cannot be made. */
export class Unreadable extends Error {
	readonly reason: string;

	constructor(reason: string) {
		super(reason);
		this.reason = reason;
	}
}

/** What a framework asks of a candidate's settings. */
export class Ask {
	readonly candidate: Candidate;
	readonly version: string;
	readonly #settings = new Map<string, Setting>();
	readonly #decisions: ReadonlyMap<string, Scalar>;
	/** Keys of settings that were looked at. */
	readonly asked = new Set<string>();
	/** Numbers that were asked for, with what they are where nothing is set. */
	readonly numbers = new Map<string, number>();
	readonly discounts = new Set<string>();

	constructor(candidate: Candidate, version: string, decisions: ReadonlyMap<string, Scalar>) {
		this.candidate = candidate;
		this.version = version;
		this.#decisions = decisions;
		for (const setting of candidate.settings) this.#settings.set(setting.key, setting);
	}

	/** Whether the version is one or newer. */
	since(version: string): boolean {
		return compareVersions(this.version, version) >= 0;
	}

	/** The setting of the first key that the file holds. */
	at(...keys: readonly string[]): Setting | undefined {
		for (const key of keys) {
			const found = this.#settings.get(normalKey(key));
			if (found !== undefined) {
				this.asked.add(found.key);
				return found;
			}
		}
		return undefined;
	}

	has(...keys: readonly string[]): boolean {
		return this.at(...keys) !== undefined;
	}

	/** Whether any key begins so. */
	under(prefix: string): boolean {
		return [...this.#settings.keys()].some((key) => key.startsWith(prefix));
	}

	flag(keys: string | readonly string[], fallback: boolean): boolean {
		const value = this.#value(keys, fallback, [true, false]);
		if (typeof value === "boolean") return value;
		if (value === null || value === 0 || value === "") return false;
		if (value === 1) return true;
		throw new Unreadable(`${first(keys)} is ${showValue(value)}, which is neither true nor false`);
	}

	/** A coefficient. Text that is none, and nothing, are no numbers. */
	number(keys: string | readonly string[], fallback: number): number {
		this.numbers.set(this.#named(keys), fallback);
		return this.#numeric(keys, this.#value(keys, fallback, [0, someCoefficient]));
	}

	/** The key that the file holds, or would. */
	#named(keys: string | readonly string[]): string {
		const names = typeof keys === "string" ? [keys] : keys;
		return this.at(...names)?.key ?? names[0];
	}

	#numeric(keys: string | readonly string[], value: Scalar): number {
		if (typeof value === "number") return value;
		if (value === null) return 0;
		const number = typeof value === "string" ? numberOf(value) : undefined;
		if (number !== undefined) return number;
		throw new Unreadable(`${first(keys)} is ${JSON.stringify(value)}, which is no number`);
	}

	/** How much later rewards count: 1 unless it is set. */
	discount(keys: string | readonly string[]): number {
		this.discounts.add(this.#named(keys));
		return this.#numeric(keys, this.#value(keys, 1, [1, 0.5]));
	}

	/**
	 * One of several names, in lower case.
	 * @param kinds one name of each meaning: what it may be where it is not known
	 */
	choice<Name extends string>(
		keys: string | readonly string[],
		fallback: Name,
		names: readonly Name[],
		kinds: readonly Name[] = names,
	): Name {
		const value = this.#value(keys, fallback, kinds);
		const text = String(value).toLowerCase();
		const found = names.find((name) => name === text);
		if (found !== undefined) return found;
		throw new Unreadable(`${first(keys)} is ${showValue(value)}, which is none of ${names.join(", ")}`);
	}

	/** What the file holds under a key, as text; "" where it is not known or not there. */
	written(key: string): string {
		const value = this.at(key)?.value ?? null;
		return value === null || isUnknown(value) ? "" : String(value);
	}

	/** Any text; one that is not known is undefined. */
	text(keys: string | readonly string[], fallback: string): string | undefined {
		const setting = this.at(...(typeof keys === "string" ? [keys] : keys));
		if (setting === undefined) return this.candidate.open === null ? fallback : undefined;
		return isUnknown(setting.value) ? undefined : showValue(setting.value);
	}

	#value(keys: string | readonly string[], fallback: Scalar, options: readonly Scalar[]): Scalar {
		const names = typeof keys === "string" ? [keys] : keys;
		const setting = this.at(...names);
		const { open } = this.candidate;
		const value: Value =
			setting?.value ??
			(setting === undefined && open !== null ? { unknown: open } : setting === undefined ? fallback : null);
		if (!isUnknown(value)) return typeof value === "string" ? (scalarOf(value) ?? value) : value;
		const key = setting?.key ?? normalKey(names[0]);
		const decided = this.#decisions.get(key);
		if (decided !== undefined) return decided;
		throw new Undecided(key, options, `${key}: ${value.unknown}`);
	}
}

function first(keys: string | readonly string[]): string {
	return typeof keys === "string" ? keys : keys[0];
}
