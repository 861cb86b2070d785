import { isPresent, type Row } from "./row.ts";
import type { Field, Fields } from "./schema.ts";
import { transforms } from "./transforms.ts";

/** Where the fields are, of data that does not say. */
export const usualFields: Fields = {
	id: ["id", "unique_id"],
	question: ["question", "problem"],
	answer: "answer",
	solution: "solution",
	level: { from: "level", as: "number" },
	subject: "subject",
};

/** A field by its name or, where there is no such field, the column of that name. */
export function valueOf(row: Row, fields: Fields, name: string): unknown {
	const field = (fields as Record<string, Field | undefined>)[name];
	return field === undefined ? row.values[name] : extract(row.values, field);
}

/** The first of a field's columns that the row has, transformed; undefined where it has none. */
function extract(values: Row["values"], field: Field): unknown {
	if (typeof field === "object" && "columns" in field) {
		const list = field.columns.map((column) => values[column]);
		return list.every(isPresent) ? list : undefined;
	}
	for (const column of Array.isArray(field) ? field : [field]) {
		const { from, as } = typeof column === "string" ? { from: column, as: undefined } : column;
		for (const name of typeof from === "string" ? [from] : from) {
			const value = values[name];
			if (isPresent(value)) return as === undefined ? value : transforms[as](value);
		}
	}
	return undefined;
}

/** The columns that a field is looked for in, for an error. */
export function columnsOf(fields: Fields, name: string): string {
	const field = (fields as Record<string, Field | undefined>)[name];
	if (field === undefined) return name;
	if (typeof field === "object" && "columns" in field) return field.columns.join(", ");
	const columns = (Array.isArray(field) ? field : [field]).flatMap((column) =>
		typeof column === "string" ? [column] : column.from,
	);
	return columns.join(" or ");
}
