import type { FollowedObjective } from "../kl/classify.ts";
import type { Severity } from "./frameworks/framework.ts";

/** What a run's KL follows: a name of `classifyKl`, or what comes between a file and a KL. */
export type AuditObjective = FollowedObjective | "double" | "silently-ignored" | "sign-flipped" | "unknown";

export interface Finding {
	readonly rule: string;
	readonly severity: Severity;
	readonly message: string;
	/** Where it is not the audited file: one that stands below it. */
	readonly path?: string;
	readonly line: number;
	readonly column: number;
	readonly evidence: string;
	/** As a diff; null where there is none. */
	readonly fix: string | null;
}

export interface IgnoredSetting {
	readonly key: string;
	readonly value: string | number | boolean | null;
	readonly line: number;
	readonly column: number;
	readonly why: string;
}

/** One training run that a file configures. */
export interface AuditedRun {
	readonly framework: string;
	readonly frameworkVersion: string;
	readonly versionFrom: "flag" | "file" | "assumed";
	readonly estimator: string | null;
	readonly place: "reward" | "loss" | "both" | "none" | null;
	/** null where it is not known. */
	readonly coefficient: number | null;
	readonly importance: "none" | "token" | null;
	readonly objective: AuditObjective;
	/** Other objectives: of other versions, or of values that are not known. */
	readonly alsoPossible: readonly AuditObjective[];
	readonly certainty: "certain" | "assumes-version" | "unknown";
	/** Options, arguments and variables by which who starts the script could give it another KL; the verdict is without them. */
	readonly callerMayChoose: readonly string[];
	readonly reason: string;
	readonly ignored: readonly IgnoredSetting[];
	readonly findings: readonly Finding[];
	readonly fix: { readonly possible: boolean; readonly change: string; readonly nearest: string };
	/** Where it stands. */
	readonly line: number;
	readonly column: number;
}

export interface AuditError {
	readonly code: string;
	readonly message: string;
}

export interface AuditedFile {
	readonly path: string;
	readonly runs: readonly AuditedRun[];
	readonly errors: readonly AuditError[];
}

export interface AuditReport {
	readonly files: readonly AuditedFile[];
}
