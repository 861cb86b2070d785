import { normalKey, type Setting } from "./candidate.ts";
import { scalarOf, type Value } from "./value.ts";

const deepest = 10;

/** `${a.b}`, `${oc.select:a.b,default}`, `${oc.env:NAME,default}`; what stands nowhere here is not known. */
export function interpolate(settings: readonly Setting[]): Setting[] {
	if (!settings.some(({ value, written }) => written !== undefined || isInterpolated(value)))
		return [...settings];
	const byKey = new Map(settings.map((setting) => [setting.key, setting.written ?? setting.value]));
	const resolve = (value: Value, key: string, depth: number): Value => {
		if (!isInterpolated(value)) return value;
		const match = /^\$\{([^${}]*)\}$/.exec(value.trim());
		if (match === null || depth > deepest) return { unknown: "it is interpolated" };
		const [, inner] = match;
		const env = /^(?:oc\.)?env:([^,]*)(?:,(.*))?$/.exec(inner);
		if (env !== null) {
			const fallback = env.at(2);
			return fallback === undefined ? { unknown: `${env[1]} is the environment's` } : scalarOf(fallback);
		}
		const shell = /^\w+:-(.*)$/.exec(inner);
		if (shell !== null) return scalarOf(shell[1]);
		const select = /^oc\.select:\s*([\w.]+)\s*(?:,(.*))?$/.exec(inner);
		const target = absolute(normalKey(select?.[1] ?? inner), key);
		const held = byKey.get(target);
		if (held !== undefined) return resolve(held, target, depth + 1);
		const fallback = select?.at(2);
		return fallback === undefined ? { unknown: `\${${inner}} is not in this file` } : scalarOf(fallback);
	};
	return settings.map((setting) => {
		const written = setting.written ?? (isInterpolated(setting.value) ? setting.value : undefined);
		if (written === undefined) return setting;
		return { ...setting, written, value: resolve(written, setting.key, 0) };
	});
}

function isInterpolated(value: Value): value is string {
	return typeof value === "string" && value.includes("${");
}

/** `.a` is beside the key, `..a` a level higher. */
function absolute(target: string, key: string): string {
	const dots = /^\.*/.exec(target)![0].length;
	if (dots === 0) return target;
	const parents = key.split(".").slice(0, -dots);
	return [...parents, target.slice(dots)].join(".");
}
