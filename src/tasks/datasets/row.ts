/** One row of a file, by the names of its columns. */
export interface Row {
	/** Where it is: `rows.csv:3`, the line of the file or, where it has no lines, the row (from 1). */
	readonly at: string;
	readonly values: Readonly<Record<string, unknown>>;
}

/** Whether a row has something there: null, nothing, blank text and an empty list are nothing. */
export function isPresent(value: unknown): boolean {
	if (value === undefined || value === null) return false;
	if (typeof value === "string") return value.trim() !== "";
	return !(Array.isArray(value) && value.length === 0);
}
