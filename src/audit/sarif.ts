import { allRules } from "./explain-rule.ts";
import type { AuditReport } from "./report.ts";

/** Findings as SARIF 2.1.0, which code hosts show beside the lines. */
export function auditSarif({ files }: AuditReport, version: string): string {
	const results = files.flatMap(({ path, runs }) =>
		runs.flatMap(({ findings, framework, objective }) =>
			findings.map((finding) => ({
				ruleId: finding.rule,
				level: finding.severity,
				message: { text: `${finding.message} (${framework}: ${objective})` },
				locations: [
					{
						physicalLocation: {
							artifactLocation: { uri: uriOf(finding.path ?? path) },
							region: { startLine: finding.line, startColumn: finding.column },
						},
					},
				],
			})),
		),
	);
	const used = new Set(results.map(({ ruleId }) => ruleId));
	const rules = allRules()
		.filter(({ id }) => used.has(id))
		.map(({ id, message, why, severity }) => ({
			...{ id, shortDescription: { text: message }, fullDescription: { text: why } },
			defaultConfiguration: { level: severity },
		}));
	return JSON.stringify({
		$schema: "https://json.schemastore.org/sarif-2.1.0.json",
		version: "2.1.0",
		runs: [
			{ tool: { driver: { name: "thalia audit", version, rules } }, columnKind: "utf16CodeUnits", results },
		],
	});
}

function uriOf(path: string): string {
	return encodeURI(path.replaceAll("\\", "/")).replaceAll("#", "%23").replaceAll("?", "%3F");
}
