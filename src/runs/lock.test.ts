import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { script } from "../testing/child.ts";
import { RunLock } from "./lock.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-lock-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder whose lock says this. */
function locked(content: unknown): string {
	const dir = mkdtempSync(join(root, "case-"));
	writeFileSync(join(dir, "lock"), typeof content === "string" ? content : JSON.stringify(content));
	return dir;
}

function holder(dir: string): unknown {
	return JSON.parse(readFileSync(join(dir, "lock"), "utf8"));
}

const mine = { pid: process.pid, host: hostname() };

test("is there until it is released", () => {
	const dir = mkdtempSync(join(root, "case-"));
	const lock = new RunLock(dir);
	expect(holder(dir)).toEqual(mine);
	lock.release();
	expect(readdirSync(dir)).toEqual([]);
	new RunLock(dir).release();
});

test("a process that lives is not disturbed; when it is dead, its lock is taken over", async () => {
	const other = script("setInterval(() => undefined, 1000); console.error(process.pid);");
	let pid = 0;
	await other.until((stderr) => (pid = Number(stderr)) > 0);
	const dir = locked({ pid, host: hostname() });
	expect(() => new RunLock(dir)).toThrow(
		expect.objectContaining({
			code: "run-in-use",
			message: expect.stringContaining(`process ${pid} on ${hostname()}`) as string,
			fix: expect.stringContaining(join(dir, "lock")) as string,
		}),
	);
	expect(holder(dir)).toEqual({ pid, host: hostname() });
	other.kill("SIGKILL");
	await other.ended;
	const lock = new RunLock(dir);
	expect(holder(dir)).toEqual(mine);
	lock.release();
});

test("a process of another host counts as alive: nobody here can tell", () => {
	const dir = locked({ pid: 1, host: `${hostname()}-2` });
	expect(() => new RunLock(dir)).toThrow(expect.objectContaining({ code: "run-in-use" }));
	expect(holder(dir)).toEqual({ pid: 1, host: `${hostname()}-2` });
});

test("a second run of the same process is refused", () => {
	const dir = mkdtempSync(join(root, "case-"));
	const lock = new RunLock(dir);
	expect(() => new RunLock(dir)).toThrow(expect.objectContaining({ code: "run-in-use" }));
	lock.release();
	new RunLock(dir).release();
});

test("a dead process may have had this one's id, as in containers", () => {
	new RunLock(locked(mine)).release();
});

test.each(["", '{"pid":12', "\u0000\u0000"])(
	"a lock that was never written whole (%j) holds nobody back",
	(content) => {
		new RunLock(locked(content)).release();
	},
);
