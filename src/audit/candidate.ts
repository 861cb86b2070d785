import type { Place } from "./source.ts";
import type { Value } from "./value.ts";
import type { WrittenFiles } from "./written-files.ts";

/** One setting that a file holds. */
export interface Setting extends Place {
	/** As frameworks look it up: dots between levels, no dashes in front, underscores within. */
	readonly key: string;
	readonly value: Value;
	/** An interpolation as the file has it: what it stands for may change with what is composed. */
	readonly written?: string;
	/** Whether it is one that the framework need not know: hydra's `+`. */
	readonly added?: true;
	/** Whether an option of the script would set it otherwise. */
	readonly settable?: true;
}

/** A file of settings that another names. */
export interface BaseName {
	/** As it is named, with its extension. */
	readonly file: string;
	/** hydra's group, without its package; null of a plain file. */
	readonly group: string | null;
	/** Where its settings stand, if its own first line does not say it: "" beside those that name it. */
	readonly package: string;
	/** Whether it stands above them: it is named after `_self_`. */
	readonly isAbove: boolean;
	readonly isOptional: boolean;
	/** Whether it says only which option of a group is taken. */
	readonly overrides: boolean;
	/** Whether a command line chose it: then it stands beside the command's own file of settings. */
	readonly isChosen?: true;
}

/** A file that is named as such. */
export function plainBase(file: string): BaseName {
	return { file, group: null, package: "", isAbove: false, isOptional: false, overrides: false };
}

/** How the settings of a candidate are written, which is how a change of them is shown. */
export type Form = "hydra" | "flags" | "yaml" | "json" | "toml" | "python";

/**
 * Where settings of Python stand, if not in a call: fields of a class, a dict, words of a list that is a command, options
 * of its own command line.
 */
export type Shape = "fields" | "dict" | "words" | "options";

/** Something in a file that may configure a training run; frameworks say whether it does. */
export interface Candidate extends Place {
	readonly form: Form;
	readonly shape?: Shape;
	/**
	 * Of a command the module or script that it runs, of Python the function called, "" of a file of settings.
	 */
	readonly program: string;
	/** Words that tell a framework by: imported modules, a class's bases. */
	readonly hints: readonly string[];
	/** In the order of the file: of two with one key the last counts. */
	readonly settings: readonly Setting[];
	/** Files of settings that stand below these, the first lowest. */
	readonly bases: readonly BaseName[];
	/** Files that stand beside it though the disk has none of them. */
	readonly written?: WrittenFiles;
	/** Variables by which the script's caller, or the environment, would have chosen other settings of a KL. */
	readonly assumed?: readonly string[];
	/** Why settings may be missing here that the run has; null where what is not set is at its default. */
	readonly open: string | null;
}

/** As frameworks look a key up. */
export function normalKey(key: string): string {
	return key.replace(/^--?/, "").replaceAll("-", "_");
}
