import type { Candidate } from "../candidate.ts";

/** A file within a file: a heredoc, a cell. */
export interface Embedded {
	/** The extension that its name has. */
	readonly kind: string;
	readonly text: string;
	/** Where it stands in the file. */
	readonly at: number;
	/** Whether `$NAME` in it is the shell's. */
	readonly expands: boolean;
}

/** What a reader makes of a file. */
export interface ReadFile {
	readonly candidates: readonly Candidate[];
	readonly embedded: readonly Embedded[];
}
