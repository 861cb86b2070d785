import { type AsWritten, asWritten } from "./as-written.ts";
import { type Candidate, normalKey, type Setting } from "./candidate.ts";
import { type NestedChange, nestedDiff } from "./nested-change.ts";
import { isUnknown, numberOf, type Scalar, scalarOf, showValue } from "./value.ts";

export type Changes = readonly (readonly [key: string, value: string])[];

/**
 * Changes of settings as a diff, in the form that the file writes them in, so that it can be pasted. Only what changes is
 * in it, with the sections around it.
 */
export function changeText(candidate: Candidate, changes: Changes): string {
	const needed = changes.filter(([key, value]) => {
		const held = heldBy(candidate, key);
		return held === undefined || isUnknown(held.value) || !isSame(held.value, value);
	});
	const nests = /^(yaml|json|toml)$/.test(candidate.form) || candidate.shape === "dict";
	if (!nests)
		return needed
			.flatMap(([key, value]) => linesOf(candidate, key, value))
			.map(({ sign, text }) => `${sign} ${text}`)
			.join("\n");
	const nested = needed.map(([key, value]): NestedChange => {
		const path = key.split(".");
		return { section: path.slice(0, -1), lines: linesOf(candidate, key, value) };
	});
	return nestedDiff(nested, candidate.form, (section) => sectionIn(candidate, section)).join("\n");
}

/** The candidate as it is once the changes are made. */
export function withChanges(candidate: Candidate, changes: Changes): Candidate {
	const { file, line, column, evidence } = candidate;
	const keys = changes.map(([key]) => normalKey(key));
	const kept = candidate.settings.filter(({ key }) => !keys.includes(key));
	const made = changes.flatMap(([key, value]): Setting[] =>
		// A switch that is not there cannot be taken away.
		candidate.form === "flags" && isOff(value) && heldBy(candidate, key) === undefined
			? []
			: [{ key: normalKey(key), value: scalarOf(value), file, line, column, evidence }],
	);
	// A section that was nothing is one now.
	const parents = keys.map((key) => key.slice(0, Math.max(0, key.lastIndexOf("."))));
	return { ...candidate, settings: [...kept.filter(({ key }) => !parents.includes(key)), ...made] };
}

function heldBy({ settings }: Candidate, key: string): Setting | undefined {
	return settings.findLast((setting) => setting.key === normalKey(key));
}

function isSame(held: Scalar, value: string): boolean {
	return held === scalarOf(value) || showValue(held).toLowerCase() === value.toLowerCase();
}

function isOff(value: string): boolean {
	return value.toLowerCase() === "false";
}

function linesOf(candidate: Candidate, key: string, value: string): NestedChange["lines"] {
	const held = heldBy(candidate, key);
	// What another file holds stays there: what is nearer wins.
	if (held === undefined || held.file !== candidate.file)
		return [{ sign: "+", text: fresh(candidate, key, value) }];
	const old = asWritten(held.evidence, key, held.value, candidate.form, candidate.shape === "words");
	const isSwitch = candidate.form === "flags" && (old?.value ?? "") === "" && held.value === true;
	const before = old === null ? fresh(candidate, key, showValue(held.value)) : shown(old);
	if (isSwitch && isOff(value)) return [{ sign: "-", text: before }];
	const after = old === null || isSwitch ? fresh(candidate, key, value) : replaced(candidate, old, value);
	return [
		{ sign: "-", text: before },
		{ sign: "+", text: after },
	];
}

function shown({ before, value, after }: AsWritten): string {
	return `${before}${value}${after}`;
}

function replaced(candidate: Candidate, { before, value: old, after }: AsWritten, value: string): string {
	const isLower = /^(true|false)$/.test(old) || candidate.form === "yaml";
	const own = isLower && /^(true|false)$/i.test(value) ? value.toLowerCase() : value;
	const quote = /^(["']).*\1$/.test(old) ? old[0] : "";
	const literal = /^(hydra|flags|yaml)$/.test(candidate.form)
		? `${quote}${own}${quote}`
		: literalOf(candidate, value);
	return `${before}${literal}${after}`;
}

/** A setting that the file does not hold yet. */
function fresh(candidate: Candidate, key: string, value: string): string {
	const { form, shape } = candidate;
	const last = key.slice(key.lastIndexOf(".") + 1);
	const literal = literalOf(candidate, value);
	switch (form) {
		case "flags":
			if (shape === "words") return isOn(value) ? `"--${key}"` : `"--${key}", "${value}"`;
			return isOn(value) ? `--${key}` : `--${key} ${value}`;
		case "hydra":
			return shape === "words" ? `"${key}=${value}"` : `${key}=${value}`;
		case "yaml":
			return `${last}: ${/^(true|false)$/i.test(value) ? value.toLowerCase() : value}`;
		case "json":
			return `"${last}": ${literal}`;
		case "toml":
			return `${last} = ${literal}`;
		case "python":
			if (shape === "options") return `--${key} ${value}`;
			if (shape === "dict") return `"${last}": ${literal}`;
			if (shape === "fields") return `${last}: ${typeOf(value)} = ${literal}`;
			return key === last
				? `${last}=${literal}`
				: `${last}=${literal}  # in ${key.slice(0, -last.length - 1)}`;
	}
}

function isOn(value: string): boolean {
	return value.toLowerCase() === "true";
}

/** A value as a language has it that keeps text in quotes. */
function literalOf({ form }: Candidate, value: string): string {
	if (numberOf(value) !== undefined) return value;
	if (!/^(true|false)$/i.test(value)) return JSON.stringify(value);
	const lower = value.toLowerCase();
	return form === "python" ? lower[0].toUpperCase() + lower.slice(1) : lower;
}

/** A field without a type is none of a dataclass. */
function typeOf(value: string): string {
	if (/^(true|false)$/i.test(value)) return "bool";
	return numberOf(value) === undefined ? "str" : "float";
}

function sectionIn(candidate: Candidate, section: readonly string[]): "section" | { value: string } | null {
	const key = normalKey(section.join("."));
	const own = candidate.settings.filter(({ file }) => file === candidate.file);
	if (own.some((setting) => setting.key.startsWith(`${key}.`))) return "section";
	const held = own.findLast((setting) => setting.key === key);
	return held === undefined ? null : { value: showValue(held.value) };
}
