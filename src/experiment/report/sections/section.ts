export interface Column {
	readonly head: string;
	/** Numbers stand at the right. */
	readonly right?: boolean;
}

export interface Table {
	/** What is counted, of how many, and how its intervals came about. */
	readonly caption: string;
	readonly columns: readonly Column[];
	/** A cell a column. */
	readonly rows: readonly (readonly string[])[];
	/** Rows that stand out: the baseline's. */
	readonly marked?: readonly boolean[];
}

/** A part of a report as text, Markdown and HTML alike show it. */
export interface Section {
	readonly id: string;
	readonly title: string;
	readonly paragraphs: readonly string[];
	readonly table?: Table;
}
