import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { built, script } from "../testing/child.ts";
import { finishFolder, removeFolder, removeUnfinished, temporaryName, writeFileAtomic } from "./atomic.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-atomic-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

test("a file is replaced as a whole, and nothing else stays in its folder", () => {
	const dir = folder();
	for (const text of ["first, the longer one", "second"]) {
		writeFileAtomic(join(dir, "note"), text);
		expect(readFileSync(join(dir, "note"), "utf8")).toBe(text);
	}
	expect(readdirSync(dir)).toEqual(["note"]);
});

test("a file that cannot be given its name leaves what was there", () => {
	const dir = folder();
	mkdirSync(join(dir, "note"));
	writeFileSync(join(dir, "note", "inside"), "kept");
	expect(() => writeFileAtomic(join(dir, "note"), "text")).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
	expect(readdirSync(dir)).toEqual(["note"]);
	expect(readdirSync(join(dir, "note"))).toEqual(["inside"]);
});

test("a disk that fills up in the middle of a write fails it, and the file is what it was", async () => {
	const path = join(folder(), "note");
	writeFileAtomic(path, "before");
	const { code, stderr } = await script(
		`const { writeFileAtomic } = await import(${JSON.stringify(built("runs/atomic.ts"))});
writeFileAtomic(${JSON.stringify(path)}, "x".repeat(3000));`,
		{ fileKiB: 1 },
	).ended;
	expect(code).not.toBe(0);
	expect(stderr).toContain(`${path}: EFBIG`);
	expect(readFileSync(path, "utf8")).toBe("before");
	expect(readdirSync(join(path, ".."))).toEqual(["note"]);
});

test("a folder appears under its name when it is finished, not before", () => {
	const dir = folder();
	const path = join(dir, "model");
	const temporary = temporaryName(path);
	mkdirSync(temporary);
	writeFileSync(join(temporary, "weights"), "1");
	expect(existsSync(path)).toBe(false);
	finishFolder(temporary, path);
	expect(readdirSync(dir)).toEqual(["model"]);
	expect(readFileSync(join(path, "weights"), "utf8")).toBe("1");
});

test("removing a folder takes it all, and what interrupted work left is recognised", () => {
	const dir = folder();
	for (const name of ["keep", "model", temporaryName("half"), temporaryName("model.2")]) {
		mkdirSync(join(dir, name));
		writeFileSync(join(dir, name, "file"), "");
	}
	removeFolder(join(dir, "model"));
	removeUnfinished(dir);
	expect(readdirSync(dir)).toEqual(["keep"]);
});
