import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { afterAll, expect, test } from "vitest";
import { failingRows } from "../testing/kl-rows.ts";

// The table must be able to fail: each formula is changed once, in a copy, and some row has to notice.

const source = fileURLToPath(new URL("..", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "thalia-mutation-"));
symlinkSync(join(source, "../node_modules"), join(root, "node_modules"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** File, what stands there exactly once, and what is put in its place. */
const mutations: readonly (readonly [file: string, from: string, to: string])[] = [
	["estimators.ts", "return (u * u) / 2;", "return u * u;"],
	["estimators.ts", "return Math.expm1(-u) + u;", "return Math.expm1(-u) - u;"],
	["estimators.ts", "return -Math.expm1(-u);", "return Math.expm1(-u);"],
	["estimators.ts", "k1: () => 1,", "k1: identity,"],
	["estimators.ts", "k2: identity,", "k2: k3Derivative,"],
	["estimators.ts", "abs: Math.sign,", "abs: identity,"],
	["estimators.ts", '"k1+": identity,', '"k1+": () => 1,'],
	["estimators.ts", '"k3+": identity,', '"k3+": k3Derivative,'],
	["estimators.ts", "Math.sign(x) * bound", "x"],
	["estimators.ts", "Math.abs(u) > logRatio ||", ""],
	["estimators.ts", "|| Math.abs(value[estimator](u)) > most", ""],
	["weights.ts", "reference: tokens.sampler }", "reference: tokens.reference }"],
	["credit.ts", ".fill(total(values))", ".fill(values[0])"],
	["credit.ts", "values[t] + discount * sum", "values[t] + sum"],
	["credit.ts", "return values.slice();", "return values.slice().fill(total(values));"],
	["importance.ts", "l - sampler[n]", "sampler[n] - l"],
	["importance.ts", "return ratios.fill(0)", "return ratios"],
	["importance.ts", "(sum += r)", "r"],
	["importance.ts", "prefix.fill(sum)", "prefix"],
	["weights.ts", "loss.logprobs.map((c, t) => c + reward[t])", "loss.logprobs"],
	["weights.ts", 'logprobs === "sampler" ? tokens.sampler : tokens.logp', "tokens.logp"],
	["weights.ts", "weights[t] * value + future[t]", "value + future[t]"],
	["weights.ts", "(value - divergence[t])", "-divergence[t]"],
	["weights.ts", "credited(values).map((c, t) => weights[t] * c)", "credited(values)"],
	["weights.ts", "values.map((k, n) => weights[n] * k)", "values.slice()"],
	["weights.ts", "c + weights[t] * before", "c + before"],
	["weights.ts", "prefix ? weights[t] * values[t + 1] : values[t + 1]", "values[t + 1]"],
	["weights.ts", "values.length - 2, sum = 0", "values.length - 3, sum = 0"],
	["weights.ts", "(t === 0 ? 1 : weights[t - 1])", "1"],
	["weights.ts", "inHead[t] ? 0 : weights[t] * (x + 1)", "inHead[t] ? 0 : weights[t] * x"],
	["weights.ts", ".map((k, t) => weights[t] * k);", ".map((k) => k);"],
	["weights.ts", "free[n] ? weights[n] * k : 0", "free[n] ? k : 0"],
	["weights.ts", 'if (importance === "token") return weighted;', ""],
	["weights.ts", 'importance === "prefix" ? "reward-to-go" : "sequence"', '"token"'],
	["weights.ts", 'return beforeToken("prefix", "reward-to-go", divergence, moving);', "return moving;"],
];

/** A row that fails in a copy of the sources with one change. */
async function failingAfter(n: number, file: string, from: string, to: string): Promise<string | undefined> {
	const copy = join(root, String(n));
	mkdirSync(join(copy, "testing"), { recursive: true });
	cpSync(join(source, "kl"), join(copy, "kl"), { recursive: true });
	for (const shared of ["errors.ts", "testing/kl-rows.ts"]) cpSync(join(source, shared), join(copy, shared));
	const path = join(copy, "kl", file);
	const text = readFileSync(path, "utf8");
	expect(text.split(from), `${from} in ${file}`).toHaveLength(2);
	writeFileSync(path, text.replace(from, to));
	const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false });
	const rows = await jiti.import<{ failingRows: typeof failingRows }>(join(copy, "testing/kl-rows.ts"));
	return rows.failingRows().next().value;
}

test("as they are, no row fails", () => {
	expect([...failingRows()]).toEqual([]);
});

test.each(mutations.map((mutation, n) => [n, ...mutation] as const))(
	"%i: %s: %s -> %s",
	async (n, ...mutation) => {
		expect(await failingAfter(n, ...mutation)).toBeDefined();
	},
);
