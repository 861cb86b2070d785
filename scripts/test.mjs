// `npm test`: prepares the machine and runs every test. Arguments go to vitest (`npm test -- src/kl`).
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInteractive } from "./lib/command.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

await run(async () => {
	await setup();
	const folder = mkdtempSync(join(tmpdir(), "thalia-test-"));
	const report = join(folder, "report.json");
	try {
		const vitest = inRoot("node_modules/vitest/vitest.mjs");
		const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
		const code = await runInteractive(process.execPath, [
			vitest,
			"run",
			...reporters,
			...process.argv.slice(2),
		]);
		const { numPassedTests, numFailedTests, numTotalTestSuites, testResults } = JSON.parse(
			readFileSync(report, "utf8"),
		);
		// A file that does not even load has no tests to fail: it counts as one failure.
		const broken = testResults.filter(
			({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
		).length;
		const unexplained = code !== 0 && numFailedTests + broken === 0 ? 1 : 0;
		if (numTotalTestSuites === 0) return 1;
		process.stdout.write(`${numPassedTests} passed, ${numFailedTests + broken + unexplained} failed\n`);
		return code;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});
