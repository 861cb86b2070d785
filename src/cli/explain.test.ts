import { expect, test } from "vitest";
import { thalia } from "../testing/child.ts";

const explain = async (...args: string[]) => thalia(["explain", ...args]).ended;

test("a KL alone, as JSON", async () => {
	const { code, stdout, stderr } = await explain(
		"--kl",
		'{"estimator":"k1","place":"loss"}',
		"--format",
		"json",
	);
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const answer = JSON.parse(stdout) as Record<string, unknown>;
	expect(answer).toMatchObject({
		config: { place: "loss", estimator: "k1" },
		objective: "zero-mean-noise",
		exact: false,
		causes: [],
		weight: "c_t = 1",
		fix: "kl.place=reward",
		bias: { cosine: 0 },
	});
	expect((answer.bias as { relative: number }).relative).toBeCloseTo(1, 12);
	expect(answer.variance).toBeGreaterThan(0);
});

test("a recipe with overrides, in words and a picture, on- and off-policy", async () => {
	const on = await explain("recipes/quickstart.yaml");
	expect(on.stdout).toMatch(/^follows +sequence-reverse-kl, exactly$/m);
	expect(on.stdout).toMatch(/^ +sequence reverse KL +│█{20} 1\.000$/m);
	expect(on.stdout).toMatch(/^bias 0\.000 /m);
	const off = await explain("recipes/quickstart.yaml", "kl.logprobs=current", "--off-policy", "0.5");
	expect(off.stdout).toMatch(/^follows +biased$/m);
	expect(off.stdout).toMatch(/^exact by +kl\.importance=prefix$/m);
});

test("a recipe whose rollouts lag is explained as one, in its whole objective, with what makes it exact", async () => {
	const lagging = [
		"recipes/quickstart.yaml",
		"async.lag=4",
		"objective.surrogate=ppo-clip",
		"objective.advantage=grpo",
	];
	const { stdout } = await explain(...lagging);
	expect(stdout).toContain("sampled by a policy 0.5 away");
	expect(stdout).toMatch(/^because .*log-probs.*divided by their spread.*bounds hold/m);
	const fix = /^exact by +(.*)$/m.exec(stdout)![1].split(" ");
	const fixed = await explain(...lagging, ...fix);
	expect(fixed.stdout).toMatch(/^follows +sequence-reverse-kl, exactly$/m);
});

test("a preset is its axes, and what is given beside it wins", async () => {
	const of = async (kl: object) => {
		const { stdout } = await explain("--kl", JSON.stringify(kl), "--format", "json");
		return (JSON.parse(stdout) as { config: object }).config;
	};
	expect(await of({ preset: "deepseek-v3.2" })).toMatchObject({
		...{ place: "loss", estimator: "k3", importance: "token", differentiateImportance: true },
	});
	expect(await of({ preset: "k3-in-loss", estimator: "k2", beta: 0.5 })).toEqual({
		...{ place: "loss", estimator: "k2", beta: 0.5 },
	});
});

test("every named configuration in two tables, and as JSON", async () => {
	const { stdout } = await explain("--all");
	expect(stdout).toMatch(/^k3 in reward +k3-in-reward +reverse-minus-forward +no +1\.0/m);
	expect(stdout).toMatch(/^prefix importance +prefix-importance +sequence-reverse-kl +yes +0\.000 +1\.000/m);
	const rows = JSON.parse((await explain("--all", "--format", "json")).stdout) as {
		exact: boolean;
		bias: { relative: number };
	}[];
	expect(rows.length).toBeGreaterThan(20);
	for (const { exact, bias } of rows) expect(bias.relative < 1e-9).toBe(exact);
});

test.each([
	[["--kl", "{"], "Expected JSON for --kl"],
	[["--kl", '{"estimator":"k9"}'], "--kl: Expected one of k1, k2"],
	[["--kl", '{"beta":-1}'], "--kl: Expected a number of at least 0 for beta"],
	[["--kl", '{"betta":1}'], "did you mean beta?"],
	[["--kl", '{"estimator":"top-k","place":"reward"}'], "for kl.estimator but received"],
	[["--kl", '{"place":"loss","differentiateImportance":true}'], "Set kl.importance"],
	[["--kl", '{"place":"reward","differentiateImportance":true}'], "No gradient passes through a reward"],
	[["--kl", '{"preset":"grppo"}'], "for preset but received"],
	[["--kl", '{"estimator":"full","place":"loss","to":"sampler"}'], "use kl.estimator=k2"],
	[["--kl", '{"to":"sampler"}'], "set kl.logprobs=current"],
	[["--kl", '{"estimator":"top-k","place":"loss"}'], "Such as kl.topK=64"],
	[["--kl", '{"estimator":"full","place":"loss","clamp":{"value":1}}'], "leave kl.clamp out"],
	[["--kl", '{"credit":"token","normalisation":"before"}'], "Set kl.normalisation=after"],
	[["--kl", '{"importance":"prefix","clip":"outside"}'], "stands beside baseline and surrogate"],
	[["--kl", '{"beta":{"kind":"linear","from":0.1,"to":-1}}'], "Expected a number of at least 0 for beta.to"],
	[["--kl", '{"beta":{"kind":"adaptive","initial":0.1}}'], "for beta.target"],
	[["--kl", '{"truncation":{"high":2}}'], "Set kl.importance, or leave kl.truncation out"],
	[["--off-policy", "9", "--kl", "{}"], "from 0 to 3"],
	[[], "Expected a recipe, or --kl, or --all"],
])("refuses %j", async (args, message) => {
	const { code, stdout, stderr } = await explain(...args);
	expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
	expect(stderr).toContain(message);
});
