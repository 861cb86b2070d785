import type { AuditReport } from "./report.ts";

/** A table of the runs, and their findings: for a pull request's comment. */
export function auditMarkdown({ files }: AuditReport): string {
	const rows = files.flatMap(({ path, runs }) =>
		runs.map((run) => {
			const { framework, estimator, place, coefficient, objective, certainty, line } = run;
			const term = estimator === null || place === null ? (place ?? "not known") : `${estimator} in ${place}`;
			return [`${path}:${line}`, framework, term, coefficient ?? "not known", objective, certainty];
		}),
	);
	if (rows.length === 0) return "No training run found.";
	const findings = files.flatMap(({ path, runs }) =>
		runs.flatMap((run) =>
			run.findings.map(
				({ rule, severity, message, line, path: other }) =>
					`- **${severity}** ${text(other ?? path)}:${line}: ${text(message)} (\`${rule}\`)`,
			),
		),
	);
	return [
		"| run | framework | KL | coefficient | follows | certainty |",
		"|---|---|---|---|---|---|",
		...rows.map((row) => `| ${row.map((cell) => text(String(cell))).join(" | ")} |`),
		"",
		...findings,
	].join("\n");
}

function text(value: string): string {
	return value.replaceAll(/[|\\`*_<>[\]]/g, "\\$&").replaceAll("\n", " ");
}
