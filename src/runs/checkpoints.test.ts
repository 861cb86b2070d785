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
import { Checkpoints } from "./checkpoints.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (folder = join(mkdtempSync(join(root, "case-")), "checkpoints")) => ({
	folder,
	checkpoints: new Checkpoints(folder),
});

/** Writes a file that tells the step. */
const weights = (step: number) => (dir: string) => {
	writeFileSync(join(dir, "weights"), `of step ${step}`);
	return Promise.resolve();
};

test("a checkpoint has what was written into it, and the trainer's state", async () => {
	const { folder, checkpoints } = open();
	expect(checkpoints.steps()).toEqual([]);
	await checkpoints.write(7, { policyVersion: 6 }, 2, weights(7));
	expect(readdirSync(folder)).toEqual(["step-7"]);
	expect(readFileSync(join(checkpoints.path(7), "weights"), "utf8")).toBe("of step 7");
	expect(checkpoints.state(7)).toEqual({ policyVersion: 6 });
});

test("has no name while it is being written", async () => {
	const { folder, checkpoints } = open();
	await checkpoints.write(2, {}, 1, (dir) => {
		expect(existsSync(checkpoints.path(2))).toBe(false);
		expect(checkpoints.steps()).toEqual([]);
		expect(readdirSync(dir)).toEqual([]);
		return Promise.resolve();
	});
	expect(readdirSync(folder)).toEqual(["step-2"]);
});

test("keeps the newest ones by number, not by name", async () => {
	const { folder, checkpoints } = open();
	for (const step of [8, 9, 10, 11, 100]) await checkpoints.write(step, {}, 3, weights(step));
	expect(checkpoints.steps()).toEqual([10, 11, 100]);
	expect(readdirSync(folder).sort()).toEqual(["step-10", "step-100", "step-11"]);
	await checkpoints.write(101, {}, 1, weights(101));
	expect(readdirSync(folder)).toEqual(["step-101"]);
});

test("a write that fails leaves the older ones, nothing of its own, and says how to go on", async () => {
	const { folder, checkpoints } = open();
	const failing = (dir: string) => {
		writeFileSync(join(dir, "weights"), "half");
		return Promise.reject(new Error("ENOSPC: no space left on device"));
	};
	await expect(checkpoints.write(2, {}, 1, failing)).rejects.toMatchObject({
		code: "checkpoint-write",
		fix: expect.stringContaining("from its beginning") as string,
	});
	expect(readdirSync(folder)).toEqual([]);
	await checkpoints.write(2, { kept: true }, 1, weights(2));
	await expect(checkpoints.write(4, {}, 1, failing)).rejects.toMatchObject({
		code: "checkpoint-write",
		message: expect.stringMatching(/step 4 .*step-4.*: ENOSPC: no space left on device$/) as string,
		fix: expect.stringContaining("from step 2") as string,
	});
	expect(readdirSync(folder)).toEqual(["step-2"]);
	expect(checkpoints.state(2)).toEqual({ kept: true });
	await checkpoints.write(4, {}, 1, weights(4));
	expect(readdirSync(folder)).toEqual(["step-4"]);
});

test("one that is there is not written again", async () => {
	const { checkpoints } = open();
	await checkpoints.write(2, { first: true }, 2, weights(2));
	await checkpoints.write(2, { first: false }, 2, () => Promise.reject(new Error("not called")));
	expect(checkpoints.state(2)).toEqual({ first: true });
});

test("opening removes what interrupted writes left, and nothing else", async () => {
	const { folder, checkpoints } = open();
	await checkpoints.write(2, {}, 2, weights(2));
	// What a kill leaves: seen from inside a write that never comes back.
	void checkpoints.write(4, {}, 2, (dir) => {
		writeFileSync(join(dir, "weights"), "half");
		return new Promise<void>(() => undefined);
	});
	mkdirSync(join(folder, "step-of-mine"));
	expect(readdirSync(folder)).toHaveLength(3);
	const again = open(folder).checkpoints;
	expect(again.steps()).toEqual([2]);
	expect(readdirSync(folder).sort()).toEqual(["step-2", "step-of-mine"]);
});

test.each([
	["is missing", undefined],
	["is no JSON", "{"],
])("says which checkpoint to remove where its state %s", async (_, text) => {
	const { checkpoints } = open();
	await checkpoints.write(2, {}, 2, weights(2));
	const path = join(checkpoints.path(2), "trainer.json");
	rmSync(path);
	if (text !== undefined) writeFileSync(path, text);
	expect(() => checkpoints.state(2)).toThrow(
		expect.objectContaining({
			code: "checkpoint-state",
			fix: expect.stringContaining(checkpoints.path(2)) as string,
		}),
	);
});
