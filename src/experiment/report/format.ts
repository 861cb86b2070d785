import type { CrossedInterval } from "../bootstrap-crossed.ts";
import type { Labels } from "../labels.ts";

/** What stands where something was asked for but there is nothing to make it of. */
export const missing = "-";

/** 0.5123 -> "51.2" */
export function percent(value: number | null): string {
	return value === null ? missing : (100 * value).toFixed(1);
}

/** 0.0123 -> "+1.2" */
export function signedPercent(value: number): string {
	const text = (100 * value).toFixed(1);
	if (Number(text) === 0) return "0.0";
	return text.startsWith("-") ? text : `+${text}`;
}

/** "51.2 [48.0, 54.3]" */
export function share(interval: CrossedInterval | null): string {
	if (interval === null) return missing;
	const { estimate, low, high } = interval;
	return `${percent(estimate)} [${percent(low)}, ${percent(high)}]`;
}

/** "+1.2 [-0.3, +2.7]" */
export function difference(interval: Pick<CrossedInterval, "estimate" | "low" | "high"> | null): string {
	if (interval === null) return missing;
	const { estimate, low, high } = interval;
	return `${signedPercent(estimate)} [${signedPercent(low)}, ${signedPercent(high)}]`;
}

export function pValue(p: number | null): string {
	if (p === null) return missing;
	return p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** Three digits. */
export function number(value: number | null): string {
	if (value === null) return missing;
	const text = value.toPrecision(3);
	return text.includes("e") ? text : String(Number(text));
}

/** 75 -> "1:15", 3700 -> "1:01:40" */
export function duration(seconds: number): string {
	const whole = Math.round(seconds);
	const two = (n: number) => String(n).padStart(2, "0");
	const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
	return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A configuration in a few words: "k1-reward, beta 0.1, lag 10". */
export function nameOf(labels: Labels): string {
	const words = Object.entries(labels).map(([axis, label]) =>
		// A number or a yes says nothing by itself.
		/^(true|false|null|[-+.\d].*)$/.test(label) ? `${shortAxis(axis)} ${label}` : label,
	);
	return words.join(", ") || "all runs";
}

/** `kl.beta` -> "beta" */
export function shortAxis(axis: string): string {
	return axis.split(".").at(-1)!;
}

export function count(n: number, what: string): string {
	return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** 1, 2, 3, 7 -> "1 to 3, 7" */
export function ranges(numbers: readonly number[]): string {
	const parts: [number, number][] = [];
	for (const n of numbers) {
		const last = parts.at(-1);
		if (last !== undefined && n === last[1] + 1) last[1] = n;
		else parts.push([n, n]);
	}
	return parts
		.map(([from, to]) => (from === to ? String(from) : `${from}${to === from + 1 ? ", " : " to "}${to}`))
		.join(", ");
}
