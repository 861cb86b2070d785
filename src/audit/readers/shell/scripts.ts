import type { CalledScript } from "../../called-script.ts";
import type { Pieces } from "./expand.ts";
import type { Heredoc } from "./words.ts";

/** A command with all that is known of its words. */
export interface Command {
	readonly words: readonly Pieces[];
	readonly heredocs: readonly Heredoc[];
	readonly target: Pieces | null;
	readonly at: number;
	/** Variables by which a caller's options would have changed what it is. */
	readonly assumed: readonly string[];
}

/** Scripts that a script stands among. */
export interface Scripts {
	/** The text of one that is sourced; null where it is not there. */
	sourced(path: string): string | null;
	/** One that is started. @param from the script that starts it; null of the first one */
	called(path: string, from: string | null, isBeside: boolean): CalledScript | null;
	/** One that is written by the script itself. */
	write(name: string, text: string, folder: string): void;
}

/** None but itself. */
export const alone: Scripts = { sourced: () => null, called: () => null, write: () => undefined };
