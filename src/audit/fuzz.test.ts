import { expect, test } from "vitest";
import { fuzz } from "../testing/audit/fuzz.ts";
import { auditText } from "./audit.ts";

test("whatever the text, an answer or a complaint", async () => {
	const { runs, errors } = await fuzz(Number(process.env.THALIA_FUZZ ?? 3000), 1);
	expect(runs).toBeGreaterThan(0);
	expect(errors).toBeGreaterThan(0);
}, 3_600_000);

const hostile: readonly (readonly [string, string, string])[] = [
	["brackets without end", "a.sh", `echo kl ${"(".repeat(100_000)}`],
	["expansions without end", "a.sh", `A=kl ${"${A:-".repeat(20_000)}`],
	["a value that doubles", "a.sh", `A=beta\n${"A=$A$A\n".repeat(200)}python grpo.py --num_generations $A\n`],
	[
		"loops in loops",
		"a.sh",
		`${"for a in 1 2 3 4 5 6 7 8 9; do ".repeat(30)} python grpo.py --beta $a --num_generations 1\n`,
	],
	["a function that calls itself", "a.sh", "f() { f; f; python x.py --beta 1; }\nf\n"],
	["heredocs without end", "a.sh", "cat <<A\n".repeat(20_000)],
	["many dashes", "a.sh", `python kl.py ${"-- ".repeat(100_000)}`],
	[
		"aliases of aliases",
		"a.yaml",
		`a: &a {kl: 1}\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? "a" : `b${i - 1}`}, *${i === 0 ? "a" : `b${i - 1}`}]`).join("\n")}\n`,
	],
	["brackets in Python", "a.py", `kl = ${"(".repeat(50_000)}`],
	["brackets in JSON", "a.json", `{"kl": ${"[".repeat(50_000)}`],
	["brackets in YAML", "a.yaml", `kl: ${"[".repeat(20_000)}`],
	["interpolation in a circle", "a.yaml", "kl: ${beta}\nbeta: ${kl}\nnum_generations: 1\nuse_vllm: true\n"],
	["names in a circle", "a.py", "from trl import GRPOConfig\na = b\nb = a\nGRPOConfig(beta=a)\n"],
	["a long line", "a.sh", `python grpo.py --num_generations 1 --x ${"y".repeat(1_000_000)} --beta 0.1`],
];

test.each(hostile)(
	"%s",
	async (_, path, text) => {
		// Of the processor, which others on the machine do not slow down.
		const start = process.cpuUsage();
		const { errors } = await auditText(path, text);
		expect(errors.every(({ code }) => code === "audit-parse")).toBe(true);
		expect(process.cpuUsage(start).user / 1e6).toBeLessThan(20);
	},
	120_000,
);
