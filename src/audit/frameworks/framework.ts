import type { KlTo } from "../../kl/config.ts";
import type { Credit } from "../../kl/credit.ts";
import type { Estimator } from "../../kl/estimators.ts";
import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";

export type Severity = "error" | "warning" | "note";

/** Something that is worth saying of a configuration. */
export interface Rule {
	/** Stable: framework, slash, name. */
	readonly id: string;
	readonly severity: Severity;
	/** One sentence. */
	readonly message: string;
	/** More, for `--explain`. */
	readonly why: string;
	/** Framework, version and keys that the fact is of. */
	readonly source: string;
}

/** A KL that acts where its coefficient is not 0. */
export interface Term {
	readonly place: "reward" | "loss";
	readonly estimator: Estimator | "full";
	readonly beta: number;
	/** In the reward: default "sequence". */
	readonly credit?: Credit;
	readonly discount?: number;
	readonly importance?: "token";
	readonly differentiateImportance?: boolean;
	readonly to?: KlTo;
	/** Of the coefficient. */
	readonly key: string;
}

/** A setting that nothing reads; said where the file holds it. */
export interface Ignored {
	readonly key: string;
	readonly why: string;
	readonly rule?: string;
	/** Whether it is a KL's coefficient: one that is not 0 and goes unused is silently ignored. */
	readonly coefficient: boolean;
}

export interface Found {
	readonly rule: string;
	/** Of the setting that it is about. */
	readonly key?: string;
}

/** What would make it k1 in the reward. */
export type Remedy =
	| {
			readonly possible: true;
			readonly changes: readonly (readonly [key: string, value: string])[];
			readonly note?: string;
	  }
	| {
			readonly possible: false;
			readonly nearest: string;
			readonly changes: readonly (readonly [key: string, value: string])[];
	  };

/** What a configuration means to its framework. */
export interface Reading {
	readonly terms: readonly Term[];
	readonly ignored?: readonly Ignored[];
	readonly findings?: readonly Found[];
	/** Where something else than a KL acts. */
	readonly instead?: {
		readonly objective: "biased" | "silently-ignored" | "sign-flipped" | "unknown";
		readonly reason: string;
	};
	readonly remedy: Remedy;
}

/** Between which versions a run's is, as far as it can be told. */
export interface VersionSpan {
	readonly atLeast?: string;
	readonly atMost?: string;
	/** The one that is likely, where others are possible. */
	readonly likely?: string;
	/** Versions with other meanings, where those are others than the framework's. */
	readonly others?: readonly string[];
}

/** The text of a file of the project that an audited file belongs to; null where there is none. */
export type ReadBeside = (path: string) => string | null;

export interface Framework {
	readonly name: string;
	/** The version that is taken where none is known: the newest whose code was read, by its month, if not said otherwise. */
	readonly assumed: string;
	/** Names under which pins have it. */
	readonly packages: readonly string[];
	/** Versions with other meanings, one for each meaning. */
	readonly others: readonly string[];
	readonly rules: readonly Rule[];
	/** Whether a candidate configures a run of it. */
	recognises(candidate: Candidate): boolean;
	/** The versions that a candidate's settings leave possible: some settings exist only in a few. */
	spans?(candidate: Candidate): VersionSpan;
	/** The version that a date stands for, where the framework is used from its repository. */
	dated?(date: string): string;
	/** The version of a copy that stands in the user's own project; null where it cannot be told. */
	vendored?(read: ReadBeside): string | null;
	/** Whether a base of a candidate is the framework's own file of defaults. */
	ownsBase?(base: string): boolean;
	/** Called for each value that a setting which is not known might have, and for several versions: no state. */
	read(ask: Ask): Reading;
}
