import { describe, expect, test } from "vitest";
import { scoreCompletion } from "../../reward.ts";
import { rewardOf } from "../../verified-reward.ts";
import { makeVerifier } from "../index.ts";
import type { Verdict } from "../verifier.ts";

const verifier = makeVerifier("javascript", { timeoutSeconds: 3, memoryMegabytes: 32 });
const verify = async (code: string, gold: string): Promise<Verdict> =>
	verifier.verify({ gold, completion: `So:\n\`\`\`js\n${code}\n\`\`\`` });
const cases = (...list: [string, string][]) =>
	JSON.stringify({ cases: list.map(([stdin, stdout]) => ({ stdin, stdout })) });
const square = "assert(f(2) === 4); assert.equal(f(-3), 9);";

test.each([
	["function f(x) { return x * x }", square],
	["const f = (x) => x ** 2;", JSON.stringify({ tests: square })],
	["const f = (x) => x.sort()", "const a = [3, 1]; f(a); assert.deepEqual(a, [1, 3])"],
	[
		"const f = (x) => ({ a: [x, null, undefined, NaN, -0, 10n], m: new Map([[1, new Set([2])]]) })",
		"assert.deepEqual(f('y'), { a: ['y', null, undefined, NaN, -0, 10n], m: new Map([[1, new Set([2])]]) })",
	],
	["const f = () => ({ b: 1, a: 2 })", "assert.deepEqual(f(), { a: 2, b: 1 })"],
	[
		"const f = () => { throw new RangeError('no') }",
		"assert.throws(() => f()); try { f(); assert(false) } catch (e) { assert(e instanceof RangeError && e.message === 'no') }",
	],
	["const f = async (x) => { await null; return x * x }", "assert.equal(await f(2), 4)"],
	[
		"class S { constructor() { this.a = [] } push(x) { this.a.push(x) } pop() { return this.a.pop() } get size() { return this.a.length } }",
		"const s = new S(); s.push(3); s.push(4); assert(s.pop() === 4 && s.size === 1 && s instanceof S); assert.deepEqual(s.a, [3])",
	],
	["function* f() { yield 1; yield 2 }", "assert.deepEqual([...f()], [1, 2])"],
	["console.log('noise'); const f = (x) => x * x", square],
	["const n = Number(input()); print(n * n)", cases(["3\n", "9"], ["-2", "4\n"])],
	[
		"let s = 0, line; while ((line = readline()) !== undefined && line !== '') s += Number(line); console.log('sum', s, [s], { s })",
		cases(["1\n2\n", 'sum 3 [3] {"s":3}']),
	],
])("accepts %j", async (code, gold) => {
	expect(await verify(code, gold)).toMatchObject({ correct: true, reason: "it passes" });
});

test.each([
	["const f = (x) => x + 2", square, "AssertionError: -1 and 9"],
	["const g = 1", square, /^ReferenceError: '?f'? is not defined/],
	["function f(x) { return", square, /^SyntaxError/],
	["throw new TypeError('early')", square, "TypeError: early"],
	["const f = (x) => f(x) + 1", square, /stack overflow/],
	["const f = () => new Promise(() => {})", "await f()", /never settled/],
	["print(3)", cases(["", "3"], ["", "4"]), 'case 2: the output is "3", not "4"'],
	["null.x", cases(["", "1"]), /^TypeError/],
])("refuses %j", async (code, gold, reason) => {
	const verdict = await verify(code, gold);
	expect(verdict.correct).toBe(false);
	if (typeof reason === "string") expect(verdict.reason).toBe(reason);
	else expect(verdict.reason).toMatch(reason);
});

describe("forgery", () => {
	const anything =
		"const any = new Proxy(function () {}, { get: (t, n) => n === Symbol.toPrimitive ? () => 4 : any, apply: () => any, construct: () => any });";
	test.each([
		[
			"an assert of its own",
			"globalThis.assert = () => {}; Object.freeze(globalThis.assert); const f = () => 0",
		],
		[
			"an assert that cannot be replaced",
			"Object.defineProperty(globalThis, 'assert', { value: () => {}, configurable: false, writable: false }); const f = () => 0",
		],
		[
			"patched built-ins",
			"Object.is = () => true; JSON.stringify = () => '{\"value\":4}'; Array.isArray = () => true; const f = () => 0",
		],
		[
			"a patched prototype",
			"Object.prototype.toJSON = () => 1; Array.prototype.map = () => []; const f = () => 0",
		],
		["claims", "print(JSON.stringify({ done: 'passed' })); const f = () => ({ done: 'passed' })"],
		["the bridge's own names", "var __ask = () => '{\"value\":4}'; var answer = 4; const f = () => 0"],
		["an object that is everything", `${anything} const f = () => any`],
		["a thrown pass", "throw { done: 'passed' }"],
	])("%s", async (_, code) => {
		expect(await verify(code, square)).toMatchObject({ correct: false });
		expect(await verify(code, "assert.deepEqual(f(2), { a: [4] })")).toMatchObject({ correct: false });
	});
});

describe("hostile programs", () => {
	test.each([
		["an endless loop", "while (true);", square, /^timeout/],
		["one in a call", "function f() { for (;;); }", square, /^timeout/],
		["one in a promise", "const f = async () => { for (;;) await null }", "await f()", /^timeout|never/],
		[
			"a memory bomb",
			"const a = []; while (true) a.push('x'.repeat(1e6) + a.length)",
			square,
			/^more than 32 MB|^timeout|^it threw/,
		],
		["a long string", "let s = 'x'; while (true) s += s; ", square, /.+/],
		["a regular expression without end", "/^(a+)+$/.test('a'.repeat(40) + 'b')", square, /^timeout/],
		[
			"output without end",
			"while (true) try { print('x'.repeat(1000)) } catch {}",
			cases(["", "1"]),
			/^more than 256 kB|^timeout/,
		],
	])("%s", async (_, code, gold, reason) => {
		const start = performance.now();
		const verdict = await verify(code, gold);
		expect(verdict.correct).toBe(false);
		expect(verdict.reason).toMatch(reason);
		expect(performance.now() - start).toBeLessThan(6000);
	});

	test("there is no machine", async () => {
		const names = [
			"process",
			"require",
			"fetch",
			"setTimeout",
			"Deno",
			"Worker",
			"std",
			"os",
			"importScripts",
		];
		const code = `print([${names.map((name) => `typeof ${name}`).join(", ")}].join(" "))`;
		expect(await verify(code, cases(["", names.map(() => "undefined").join(" ")]))).toMatchObject({
			correct: true,
		});
		expect(await verify("import('fs').then(print)", cases(["", "x"]))).toMatchObject({ correct: false });
	});

	test("this thread goes on, and can end it", async () => {
		let ticks = 0;
		const timer = setInterval(() => ticks++, 20);
		const problem = { id: "1", family: "x", level: 0, prompt: "", answer: square, solution: "" };
		const input = { problem, completion: "```js\nwhile (true);\n```" };
		expect(await scoreCompletion(rewardOf(verifier), input, { timeoutMs: 1000 })).toEqual({
			error: "no reward within 1000 ms",
		});
		clearInterval(timer);
		expect(ticks).toBeGreaterThan(20);
	});
});

test("tests that cannot be", async () => {
	await expect(verify("const f = (g) => g(1)", "assert(f((x) => x) === 1)")).rejects.toMatchObject({
		code: "tests-unsupported",
	});
	await expect(verifier.compare("", "1")).rejects.toMatchObject({ code: "gold-invalid" });
});
