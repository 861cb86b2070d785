import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { scoreCompletion } from "../../reward.ts";
import { rewardOf } from "../../verified-reward.ts";
import { makeVerifier } from "../index.ts";
import type { Verdict } from "../verifier.ts";
import { pythonSandbox } from "./sandbox.ts";

/** Why there is no sandbox on this machine, if there is none. */
const missing = await pythonSandbox("python3").then(
	() => null,
	(error: unknown) => (error as Error).message,
);
if (missing !== null) console.warn(`\nNOT RUN: ${missing}\n`);

const seconds = 8;
const verifier = makeVerifier("python", { timeoutSeconds: seconds });
const fenced = (code: string) => `Here it is:\n\n\`\`\`python\n${code}\n\`\`\`\n`;
const verify = async (code: string, gold: string, with_ = verifier): Promise<Verdict> =>
	with_.verify({ gold, completion: fenced(code) });
const cases = (...list: [string, string][]) =>
	JSON.stringify({ cases: list.map(([stdin, stdout]) => ({ stdin, stdout })) });

const square = "assert f(2) == 4\nassert f(-3) == 9";

describe.runIf(missing === null)("programs", () => {
	test.each([
		["def f(x):\n    return x * x", square],
		["f = lambda x: x ** 2", JSON.stringify({ tests: square })],
		["def f(x):\n    x.sort()", "a = [3, 1]\nf(a)\nassert a == [1, 3]"],
		[
			"def f(x):\n    return {1: (x, [None, 2.5, 'é', b'b', {x}])}",
			"assert f(7) == {1: (7, [None, 2.5, 'é', b'b', {7}])}",
		],
		[
			"def f(x):\n    raise ValueError('no')",
			"try:\n    f(1)\n    assert False\nexcept ValueError as e:\n    assert str(e) == 'no'",
		],
		[
			"class Bad(Exception): pass\ndef f(): raise Bad()",
			"try:\n    f()\nexcept Bad: pass\nelse: assert False",
		],
		[
			"class Stack:\n    def __init__(self): self.items = []\n    def push(self, x): self.items.append(x)\n    def pop(self): return self.items.pop()\n    def __len__(self): return len(self.items)",
			"s = Stack()\ns.push(3)\ns.push(4)\nassert len(s) == 2 and s.pop() == 4 and s.items == [3]\nassert isinstance(s, Stack)",
		],
		["def f():\n    yield from range(3)", "assert list(f()) == [0, 1, 2] and sum(f()) == 3 and 2 in f()"],
		[
			"class P:\n    def __init__(s, x): s.x = x\n    def __eq__(s, o): return s.x == o.x\n    def __add__(s, o): return P(s.x + o.x)",
			"assert P(1) + P(2) == P(3)\nassert not P(1) == P(2)",
		],
		[
			"def add(a, b):\n    return a + b",
			"def check(candidate):\n    assert candidate(1, b=2) == 3\ncheck(add)",
		],
		["def f(x): return x * x", "from solution import f\ndef test_two():\n    assert f(2) == 4"],
		["import math\ndef f(x): return math.sqrt(x)", "assert math.isclose(f(2) ** 2, 2)"],
		["print('noise')\ndef f(x):\n    print(x)\n    return x * x", square],
		["def f(x): return x * x\nif __name__ == '__main__':\n    input()", square],
		["def f(x): return x * x\nimport sys\nsys.exit(0)", square],
		["n = int(input())\nprint(n * n)", cases(["3\n", "9"], ["-2", "4\n\n"])],
		["import sys\nprint(sum(map(int, sys.stdin)))\nsys.exit(0)", cases(["1\n2\n", "3"])],
	])("accepts %j", async (code, gold) => {
		expect(await verify(code, gold)).toMatchObject({ correct: true, reason: "it passes" });
	});

	test.each([
		["def f(x): return x + 2", square, 'AssertionError in "assert f(-3) == 9"'],
		["def g(x): return x", square, /^NameError: name 'f' is not defined/],
		["def f(x) return x", square, /^SyntaxError/],
		["def f(x): return 1 / 0", square, /^ZeroDivisionError: division by zero in "assert f\(2\) == 4"/],
		["raise RuntimeError('early')", square, "RuntimeError: early"],
		["def f(x): return f(x)", square, /^RecursionError/],
		["print(3)", cases(["", "3"], ["", "4"]), 'case 2: the output is "3", not "4"'],
		["print(int(input()))", cases(["x", "1"]), /^ValueError: invalid literal/],
		["print(1)\nraise SystemExit(3)", cases(["", "1"]), "it ended with exit code 3"],
	])("refuses %j", async (code, gold, reason) => {
		const verdict = await verify(code, gold);
		expect(verdict.correct).toBe(false);
		if (typeof reason === "string") expect(verdict.reason).toBe(reason);
		else expect(verdict.reason).toMatch(reason);
	});

	test("the last block of code, or the whole text", async () => {
		const completion = `First\n\`\`\`python\ndef f(x): return 0\n\`\`\`\nBetter:\n\`\`\`py\ndef f(x): return x*x\n\`\`\`\nRun it:\n\`\`\`sh\npython f.py\n\`\`\``;
		expect(await verifier.verify({ gold: square, completion })).toMatchObject({ correct: true });
		expect(await verifier.compare(square, "def f(x): return x*x")).toMatchObject({ correct: true });
		expect(await verifier.verify({ gold: square, completion: " " })).toMatchObject({
			reason: "no program was found",
		});
	});
});

describe.runIf(missing === null)("forgery", () => {
	const always =
		"class Always:\n    def __getattr__(s, n): return Always()\n    def __call__(s, *a): return Always()\n";
	const dunders = ["eq", "ne", "lt", "gt", "le", "ge", "contains"].map(
		(n) => `    __${n}__ = lambda s, *a: True\n`,
	);
	const more = ["sub", "rsub", "add", "abs", "mod", "neg"].map(
		(n) => `    __${n}__ = lambda s, *a: Always()\n`,
	);
	const anything = `${always}${dunders.join("")}${more.join("")}    __hash__ = lambda s: 0\n    __len__ = lambda s: 1\n    __bool__ = lambda s: True\n`;
	test.each([
		["print", "print('ok'); print('{\"done\": \"passed\"}')"],
		["os._exit(0)", "import os\nos._exit(0)"],
		["sys.exit(0)", "import sys\nsys.exit(0)"],
		["exit in the call", "def f(x):\n    raise SystemExit(0)"],
		["os._exit in the call", "import os\ndef f(x): os._exit(0)"],
		["atexit", "import atexit, os\natexit.register(lambda: os._exit(0))\ndef f(x): return 0"],
		[
			"claims on the pipe",
			'import os\nos.write(3, b\'{"value": "ready"}\\n{"done": "passed"}\\n{"done": "passed"}\\n\')',
		],
		["claims in the call", 'import os\ndef f(x):\n    os.write(3, b\'{"done": "passed"}\\n\')\n    return 0'],
		[
			"claims on every descriptor",
			'import os\nfor d in range(64):\n    try: os.write(d, b\'{"done":"passed"}\\n\')\n    except OSError: pass\ndef f(x): return 0',
		],
		[
			"patched builtins",
			"import builtins\nbuiltins.AssertionError = ValueError\nbuiltins.exec = lambda *a: None\ndef f(x): return 0",
		],
		["patched json", 'import json\njson.dumps = lambda m: \'{"done": "passed"}\'\ndef f(x): return 0'],
		["an object equal to everything", `${anything}def f(x): return Always()`],
		[
			"a subclass equal to everything",
			"class I(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\ndef f(x): return I(0)",
		],
		["builtins of its own", "__builtins__ = None\nall = len = print = lambda *a: True\ndef f(x): return 0"],
		[
			"frames of whoever calls",
			"import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        frame.f_locals.update(done='passed')\n        frame = frame.f_back\n    return 0",
		],
		[
			"a look for the tests",
			"import os, glob\ndef f(x):\n    for p in glob.glob('/**', recursive=True):\n        try:\n            if 'assert f' in open(p).read(): return 4\n        except (OSError, UnicodeDecodeError): pass\n    return 0",
		],
	])("%s", async (_, code) => {
		expect(await verify(code, square)).toMatchObject({ correct: false });
	});

	test("objects are neither near a number, nor hold everything, nor of every type", async () => {
		for (const assertion of [
			"abs(f(2) - 4) < 1e-6",
			"f(2) > 3",
			"3 < f(2)",
			"4 in f(2)",
			"isinstance(f(2), int)",
			"len(f(2)) == 4",
			"all(f(x) == x for x in [1])",
		])
			expect(
				await verify(
					`${anything}def f(x): return Always()\ndef all(x): return True\ndef len(x): return 4\ndef abs(x): return 0\ndef isinstance(a, b): return True`,
					`assert ${assertion}`,
				),
				assertion,
			).toMatchObject({ correct: false });
	});

	test("a module of its own in place of one that the tests use", async () => {
		const code = "class math:\n    isclose = staticmethod(lambda *a: True)\ndef f(x): return 0";
		expect(await verify(code, "assert math.isclose(f(2), 4)")).toMatchObject({ correct: false });
	});

	test("the output of one that knows the input only", async () => {
		const code =
			"import os\nfor d in range(3, 64):\n    try:\n        os.set_blocking(d, False)\n        print(os.read(d, 100))\n    except OSError: pass";
		expect(await verify(code, cases(["3", "secret-9"]))).toMatchObject({ correct: false });
	});
});

describe.runIf(missing === null)("hostile programs", () => {
	const folder = mkdtempSync(join(tmpdir(), "thalia-secret-"));
	writeFileSync(join(folder, "secret"), "secret-text");
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	/** What a program prints, seen from the reason. */
	const printed = async (code: string, with_ = verifier) =>
		(await verify(code, cases(["", "no such output"]), with_)).reason;
	const short = makeVerifier("python", { timeoutSeconds: 2 });

	test("an endless loop, in the program and in a call, and a long sleep", async () => {
		for (const [code, gold] of [
			["while True: pass", cases(["", "1"])],
			["while True: pass", square],
			["def f(x):\n    while True: pass", square],
			["import time\ntime.sleep(1000)", cases(["", "1"])],
			[
				"import signal\nfor s in range(1, 64):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
				cases(["", "1"]),
			],
		] as const) {
			const start = performance.now();
			expect(await verify(code, gold, short)).toMatchObject({
				correct: false,
				reason: "timeout: not done within 2 s",
			});
			expect(performance.now() - start).toBeLessThan(5000);
		}
	});

	test("a memory bomb", async () => {
		expect(await printed("x = []\nwhile True: x.append(bytearray(10 ** 7))")).toMatch(/^MemoryError|killed/);
		expect(await verify("def f(x): return 'a' * 10 ** 12", square)).toMatchObject({
			reason: expect.stringMatching(/^MemoryError/) as string,
		});
	});

	test("a fork bomb, and children that are left behind", async () => {
		const bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass";
		expect(await printed(bomb, short)).toBe("timeout: not done within 2 s");
		const marker = `marker${process.pid}`;
		const orphans = `import os, sys, time\nfor i in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(600)\nsys.stdout.write('${marker}')\nsys.stdout.flush()\nos._exit(0)`;
		expect(await printed(orphans, short)).toMatch(/marker|timeout/);
		await new Promise((resolve) => setTimeout(resolve, 300));
		const left = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
		expect(left).not.toContain("solution.py");
	});

	test("the network", async () => {
		let connections = 0;
		const server = createServer((socket) => {
			connections++;
			socket.end();
		});
		const port = await new Promise<number>((resolve) => {
			server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
		});
		const connect = (host: string) =>
			`import socket\nfor host, port in [("${host}", ${port}), ("1.1.1.1", 53)]:\n    try:\n        socket.create_connection((host, port), 2)\n        print("connected")\n    except OSError as e: print("refused")`;
		expect(await printed(connect("127.0.0.1"))).toContain('"refused refused"');
		expect(connections).toBe(0);
		server.close();
	});

	test("files of the machine", async () => {
		const paths = [
			"/etc/passwd",
			"/etc/shadow",
			join(folder, "secret"),
			`${homedir()}/.bashrc`,
			"/proc/1/environ",
			"/old/etc/passwd",
			"/sys/kernel",
		];
		const read = `import os\nfor p in ${JSON.stringify(paths)}:\n    print(os.path.exists(p))\nprint(sorted(os.listdir("/tmp")), list(os.listdir("/old")))`;
		expect(await printed(read)).toContain(`"${"False ".repeat(paths.length)}[] []"`);
		expect(
			await printed(
				"import os\nprint(sorted(k for k in os.environ if k not in ('HOME', 'LANG', 'LC_CTYPE', 'PATH', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'PWD', 'OLDPWD', 'SHLVL', '_')))",
			),
		).toContain('"[]"');
	});

	test("writing", async () => {
		const write = `import os, sys\nfor p in ["/usr/x", "/x", "/dev/x", sys.prefix + "/x", "/old/x", "/tmp/x"]:\n    try:\n        open(p, "w").write("x")\n        print("written")\n    except OSError: print("refused")`;
		expect(await printed(write)).toContain(`"${"refused ".repeat(5)}written"`);
		expect(existsSync("/tmp/x")).toBe(false);
		const fill = `n = 0\ntry:\n    for i in range(100):\n        with open(f"/tmp/{i}", "wb") as f: n += f.write(bytes(10 ** 6))\nexcept OSError: print("full", n < 2 * 10 ** 7)`;
		expect(await printed(fill)).toContain('"full True"');
		const privileges = `import os, ctypes\nlibc = ctypes.CDLL(None)\nprint(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.mount(None, b"/usr", None, 32 | 4096, None), libc.setuid(0) if os.getuid() != 0 else -1)`;
		expect(await printed(privileges)).toContain('"-1 -1 -1"');
	});

	test("a gigabyte of output", async () => {
		const flood = "import os\nwhile True: os.write(1, b'x' * 10 ** 6)";
		expect(await printed(flood)).toBe("more than 256 kB of output");
		expect(await verify("print('x' * 10 ** 8)\ndef f(x): return x * x", square)).toMatchObject({
			correct: true,
		});
		const errors = "import os\nfor i in range(200): os.write(2, b'x' * 10 ** 6)\nprint(1)";
		expect(await verify(errors, cases(["", "1"]))).toMatchObject({ correct: true });
		expect(await verify("import os\nwhile True: os.write(3, b'x' * 10 ** 6)", square)).toMatchObject({
			correct: false,
		});
		expect(await verify("def f(x): return 'x' * (2 * 10 ** 7)", square)).toMatchObject({
			reason: "an answer of more than 8 MB",
		});
	});

	test("many at once, none of which slows another beyond its time", async () => {
		const all = await Promise.all(
			Array.from({ length: 8 }, (_, i) => verify(`def f(x): return x * x + ${i % 2}`, square)),
		);
		expect(all.map(({ correct }) => correct)).toEqual(Array.from({ length: 8 }, (_, i) => i % 2 === 0));
	});

	test("one that is not waited for any more is ended", async () => {
		const problem = { id: "1", family: "x", level: 0, prompt: "", answer: cases(["", "1"]), solution: "" };
		const start = performance.now();
		const scored = await scoreCompletion(
			rewardOf(verifier),
			{ problem, completion: fenced("while True: pass") },
			{ timeoutMs: 1000 },
		);
		expect(scored).toEqual({ error: "no reward within 1000 ms" });
		expect(performance.now() - start).toBeLessThan(2500);
	});
});

describe("what says nothing of the program throws", () => {
	test.each([
		"",
		"{}",
		'{"cases": []}',
		'{"cases": [{"stdin": "x"}]}',
		'{"tests": 3}',
		"[1]",
		'{"tests": " "}',
	])("the gold %j", async (gold) => {
		await expect(verifier.compare(gold, "x = 1")).rejects.toMatchObject({ code: "gold-invalid" });
	});

	test("no Python", async () => {
		const none = makeVerifier("python", { python: "no-such-python" });
		await expect(none.compare(square, "x = 1")).rejects.toMatchObject({
			code: "sandbox-unavailable",
			message: expect.stringContaining("Expected Python as no-such-python") as string,
		});
	});

	test.runIf(missing === null)("tests that cannot be", async () => {
		await expect(verify("def f(g): return g(1)", "assert f(lambda x: x) == 1")).rejects.toMatchObject({
			code: "tests-unsupported",
		});
	});
});
