import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { audit } from "./audit.ts";
import { compareVersions } from "./versions.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "thalia-audit-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
	["0.18.2", "0.19.0", -1],
	["0.3.0", "0.3.0.post1", -1],
	["0.3.0.post1", "0.3.1", -1],
	["0.4.0rc1", "0.4.0", -1],
	["v1.0", "1.0.0", 0],
	["2026-08", "1.9", 1],
])("%s and %s", (a, b, sign) => {
	expect(Math.sign(compareVersions(a, b))).toBe(sign);
	expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
});

test.each([
	["requirements.txt", "torch\ntrl[vllm]==0.17.0 # pinned\n"],
	["pyproject.toml", '[project]\ndependencies = ["trl ~= 0.17.0"]\n'],
	["uv.lock", '[[package]]\nname = "trl"\nversion = "0.17.0"\n'],
	["Dockerfile", "FROM x\nRUN pip install trl==0.17.0\n"],
])("a pin in %s above the file", async (name, text) => {
	writeFileSync(join(folder, name), text);
	mkdirSync(join(folder, "src"));
	writeFileSync(join(folder, "src", "train.py"), "from trl import GRPOConfig\nGRPOConfig()\n");
	const [{ runs }] = (await audit([join(folder, "src", "train.py")])).files;
	expect(runs[0]).toMatchObject({
		...{ frameworkVersion: "0.17.0", versionFrom: "file" },
		...{ objective: "local-forward-kl", coefficient: 0.04, certainty: "certain" },
	});
});

test("a least version leaves out what older ones mean", async () => {
	writeFileSync(join(folder, "requirements.txt"), "trl>=0.20\n");
	writeFileSync(join(folder, "train.py"), "from trl import GRPOConfig\nGRPOConfig()\n");
	const [, { runs }] = (await audit([join(folder, "requirements.txt"), join(folder, "train.py")])).files;
	expect(runs[0]).toMatchObject({ objective: "none", certainty: "certain" });
});
