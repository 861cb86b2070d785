// `npm test`: prepares the machine and runs every test. Arguments go to vitest (`npm test -- src/kl`).
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInteractive } from "./lib/command.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run, say } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

/** What is run a second time with the least instruction set: everything that computes, but for what tries all sets itself. */
const engineTests = ["src/engine/local", "--exclude=**/*kernels.test.ts", "--exclude=**/memory.test.ts"];

await run(async () => {
	await setup();
	const folder = mkdtempSync(join(tmpdir(), "thalia-test-"));
	try {
		const chosen = process.argv.slice(2);
		const runs = [await vitest(folder, chosen)];
		if (chosen.length === 0 && runs[0] !== undefined) {
			say("the engine's tests once more, with the kernels that any machine has (THALIA_ISA=portable)");
			runs.push(await vitest(folder, engineTests, { THALIA_ISA: "portable" }));
		}
		if (runs.includes(undefined)) return 1;
		const sum = (of) => runs.reduce((total, counts) => total + counts[of], 0);
		process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
		return runs.find(({ code }) => code !== 0)?.code ?? 0;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

/** Numbers of tests; undefined where there was none to run. */
async function vitest(folder, args, env = {}) {
	const report = join(folder, "report.json");
	const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
	const command = [inRoot("node_modules/vitest/vitest.mjs"), "run", ...reporters, ...args];
	const code = await runInteractive(process.execPath, command, env);
	const { numPassedTests, numFailedTests, numTotalTestSuites, testResults } = JSON.parse(
		readFileSync(report, "utf8"),
	);
	if (numTotalTestSuites === 0) return undefined;
	// A file that does not even load has no tests to fail: it counts as one failure.
	const broken = testResults.filter(
		({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
	).length;
	const unexplained = code !== 0 && numFailedTests + broken === 0 ? 1 : 0;
	return { code, passed: numPassedTests, failed: numFailedTests + broken + unexplained };
}
