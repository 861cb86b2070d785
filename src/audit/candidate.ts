import type { Place } from "./source.ts";
import type { Value } from "./value.ts";

/** One setting that a file holds. */
export interface Setting extends Place {
	/** As frameworks look it up: dots between levels, no dashes in front, underscores within. */
	readonly key: string;
	readonly value: Value;
	/** Whether it is one that the framework need not know: hydra's `+`. */
	readonly added?: true;
}

/** How the settings of a candidate are written, which is how a change of them is shown. */
export type Form = "hydra" | "flags" | "yaml" | "json" | "toml" | "python";

/** Something in a file that may configure a training run; frameworks say whether it does. */
export interface Candidate extends Place {
	readonly form: Form;
	/**
	 * Of a command the module or script that it runs, of Python the function called, "" of a file of settings.
	 */
	readonly program: string;
	/** Words that tell a framework by: imported modules, a class's bases. */
	readonly hints: readonly string[];
	/** In the order of the file: of two with one key the last counts. */
	readonly settings: readonly Setting[];
	/** Files of settings that stand below these, as the file names them. */
	readonly bases: readonly string[];
	/** Why settings may be missing here that the run has; null where what is not set is at its default. */
	readonly open: string | null;
}

/** As frameworks look a key up. */
export function normalKey(key: string): string {
	return key.replace(/^--?/, "").replaceAll("-", "_");
}
