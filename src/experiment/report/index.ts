import { ThaliaError } from "../../errors.ts";
import type { RunRecord } from "../run-record.ts";

export interface ReportOptions {
	readonly title: string;
	/** Labels of the configuration that every other one is compared with, at the same values of the other axes. */
	readonly baseline?: Readonly<Record<string, string>>;
	/** The axis that says how strong the KL is; default: `kl.beta`. */
	readonly strengthAxis?: string;
	/** Whether the figures of the paper stand beside. */
	readonly paper?: boolean;
	/** What made the runs. */
	readonly command?: string;
}

export interface Report {
	readonly title: string;
}

export function buildReport(_records: readonly RunRecord[], { title }: ReportOptions): Report {
	return { title };
}

/** Writes the report into a folder. @returns the files' paths */
export function writeReport(_report: Report, dir: string): string[] {
	throw new ThaliaError("report-unfinished", `Expected a report to write to ${dir} but there is none yet`);
}

/** The report for a terminal. */
export function reportText({ title }: Report): string {
	return `${title}\n`;
}
