import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { audit } from "../../audit/audit.ts";
import type { AuditedRun } from "../../audit/report.ts";

/** The runs of the first of these files, with the others beside it; all are one folder that is audited. */
export async function runsInFolder(
	files: Readonly<Record<string, readonly string[]>>,
): Promise<readonly AuditedRun[]> {
	const folder = mkdtempSync(join(tmpdir(), "thalia-audit-"));
	try {
		for (const [name, lines] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, name)), { recursive: true });
			writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
		}
		const report = await audit([folder]);
		const first = join(folder, Object.keys(files)[0]);
		return report.files.find(({ path }) => path === first)?.runs ?? [];
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
