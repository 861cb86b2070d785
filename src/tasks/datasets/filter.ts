import { isPresent } from "./row.ts";
import type { Filter } from "./schema.ts";

/** Whether a row stays. @param valueOf of a field or column */
export function passes(filter: Filter, valueOf: (name: string) => unknown): boolean {
	return Object.entries(filter).every(([name, wanted]) => {
		const value = valueOf(name);
		if (typeof wanted !== "object" || Array.isArray(wanted)) return isOneOf(value, wanted);
		if ("present" in wanted) return isPresent(value) === wanted.present;
		return !isOneOf(value, wanted.not);
	});
}

/** As text: a CSV file has no numbers, and `level: 1` means the same there. */
function isOneOf(value: unknown, wanted: unknown): boolean {
	const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
	return list.some((item) => String(item) === String(value));
}
