import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

test("the library's pure part works without the addon, and what needs it is there", async () => {
	const index = fileURLToPath(new URL("../dist/index.js", import.meta.url));
	const script = `
		const thalia = await import(${JSON.stringify(index)});
		const loaded = process.report.getReport().sharedObjects.some((path) => path.includes("thalia.node"));
		console.log(JSON.stringify({ names: Object.keys(thalia), loaded, k3: thalia.klValues("k3", new Float64Array([-1]), new Float64Array([-2]))[0] }));`;
	const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
	const { names, loaded, k3 } = JSON.parse(stdout) as { names: string[]; loaded: boolean; k3: number };
	expect(loaded).toBe(false);
	expect(names).toEqual(expect.arrayContaining(["train", "openLocalEngine", "openScorer", "ThaliaError"]));
	// log pi = -1, log ref = -2: u = 1, k3 = e^-1 - 1 + 1.
	expect(k3).toBeCloseTo(Math.exp(-1), 12);
});
