import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { thalia } from "../testing/child.ts";
import { collapseAt4, writeTinyRecipe } from "../testing/tiny-run.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-cli-collapse-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a run that collapsed is said to have, at the step and at the end, stopped or taken past it", async () => {
	const recipe = writeTinyRecipe(join(folder, "recipe"), collapseAt4.reward);
	const dir = join("runs", "tiny");
	const options = [...collapseAt4.overrides, "guard.stop=true"];
	const stopped = await thalia(["train", recipe, ...options], { cwd: folder }).ended;
	expect(stopped.code).toBe(3);
	const reason = /step 4: the run has collapsed \(kl\): (KL to the reference rose .*)/.exec(
		stopped.stderr,
	)?.[1];
	expect(reason).toMatch(/nats a token, over 1e-8 \(means of 2 steps\)$/);
	expect(stopped.stderr).toContain(`the run collapsed at step 4: ${reason}`);
	expect(stopped.stderr).toContain(`stopped at step 4: it collapsed: ${reason}`);
	expect(stopped.stdout).toContain(`model: ${join(dir, "checkpoints", "step-4")}`);

	const resumed = await thalia(["train", "--resume", dir, "--format", "json"], { cwd: folder }).ended;
	expect(resumed.code).toBe(0);
	expect(resumed.stderr).toContain("goes on after step 4 of 6");
	expect(resumed.stderr).not.toContain("has collapsed");
	expect(resumed.stderr).toMatch(/^step 6\/6 {2}collapsed: kl {2}reward/m);
	expect(JSON.parse(resumed.stdout)).toMatchObject({
		outcome: "finished",
		step: 6,
		collapse: { step: 4, kinds: ["kl"], reason },
	});
});
