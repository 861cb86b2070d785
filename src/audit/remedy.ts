import { type Candidate, type Form, normalKey } from "./candidate.ts";
import { showValue } from "./value.ts";

/** Changes of settings as a diff, in the form that the file writes them in. Only what changes is in it. */
export function changeText(
	candidate: Candidate,
	changes: readonly (readonly [key: string, value: string])[],
): string {
	return changes
		.flatMap(([key, value]) => {
			const held = candidate.settings.findLast((setting) => setting.key === normalKey(key));
			if (held === undefined) return [`+ ${written(candidate.form, key, value)}`];
			const before = showValue(held.value);
			if (before.toLowerCase() === value.toLowerCase()) return [];
			// A switch is off where it does not stand.
			if (candidate.form === "flags" && before === "true" && value.toLowerCase() === "false")
				return [`- ${written("flags", key, before)}`];
			return [`- ${written(candidate.form, key, before)}`, `+ ${written(candidate.form, key, value)}`];
		})
		.join("\n");
}

function written(form: Form, key: string, value: string): string {
	switch (form) {
		case "flags":
			return value === "true" ? `--${key}` : `--${key} ${value}`;
		case "yaml":
			return `${key}: ${value}`;
		case "json":
			return `"${key}": ${/^(true|false|null|-?[\d.e-]+)$/i.test(value) ? value.toLowerCase() : JSON.stringify(value)}`;
		case "toml":
			return `${key} = ${/^(true|false|-?[\d.e-]+)$/i.test(value) ? value.toLowerCase() : JSON.stringify(value)}`;
		case "python":
			return `${key}=${/^(true|false|none|-?[\d.e-]+)$/i.test(value) ? pythonWord(value) : JSON.stringify(value)}`;
		case "hydra":
			return `${key}=${value}`;
	}
}

function pythonWord(value: string): string {
	return /^[a-z]+$/i.test(value) ? value[0].toUpperCase() + value.slice(1).toLowerCase() : value;
}
