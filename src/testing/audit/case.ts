import type { AuditedRun } from "../../audit/report.ts";

/** What a run is expected to be: the objective, and more where the case is about it. */
export type Expected = Partial<
	Pick<
		AuditedRun,
		| "framework"
		| "objective"
		| "estimator"
		| "place"
		| "coefficient"
		| "importance"
		| "certainty"
		| "callerMayChoose"
		| "versionFrom"
	>
> & {
	/** Objectives that are possible besides. */
	readonly also?: readonly string[];
	/** Rules that must be among the findings. */
	readonly rules?: readonly string[];
	/** Keys that must be among those ignored. */
	readonly ignored?: readonly string[];
};

/** A text, and the runs that are in it. */
export interface Case {
	readonly name: string;
	readonly path: string;
	readonly text: string;
	readonly version?: string;
	readonly runs: readonly Expected[];
}

/** A launch script's lines as one command. */
export const command = (...lines: readonly string[]): string => `${lines.join(" \\\n  ")}\n`;
