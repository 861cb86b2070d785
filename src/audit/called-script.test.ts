import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runsInFolder } from "../testing/audit/in-folder.ts";
import { calledScript } from "./called-script.ts";

const main = "python3 -m verl.trainer.main_ppo";
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const coef = "actor_rollout_ref.actor.kl_loss_coef";

/** A script that takes its coefficient from its caller, and passes on what else there is. */
const called = (value: string) => [`KL=${value}`, `${main} ${on} ${coef}=$KL "\${@:2}"`];

test.each([
	["bash", ["bash run.sh 0.3"]],
	["a path and flags of the shell", ["bash -x ./run.sh 0.3"]],
	["a program", ["chmod +x run.sh", "./run.sh 0.3"]],
	["behind wrappers", ["nohup env A=b bash run.sh 0.3 > log 2>&1 &"]],
	["a cluster's", ["sbatch --nodes=1 run.sh 0.3"]],
	["a job of Ray", ["ray job submit --no-wait -- bash run.sh 0.3"]],
	["beside it", ['DIR="$(cd "$(dirname "$0")" && pwd)"', 'bash "$DIR/run.sh" 0.3']],
	["of a variable", ["KL=0.3", "bash run.sh $KL"]],
	["a function's arguments", ['go() { bash run.sh "$@"; }; go 0.3']],
	["shifted and set", ["set -- a 0.3", "shift", 'bash run.sh "$@"']],
])("a script that is started: %s", async (_, lines) => {
	expect(await runsInFolder({ "launch.sh": lines, "run.sh": called("$1") })).toMatchObject([
		{ objective: "local-forward-kl", coefficient: 0.3, line: lines.length },
	]);
});

test("its further arguments are settings", async () => {
	expect(
		await runsInFolder({
			"launch.sh": ["bash run.sh 0.3 actor_rollout_ref.actor.kl_loss_type=kl"],
			"run.sh": called("$1"),
		}),
	).toMatchObject([{ objective: "zero-mean-noise", coefficient: 0.3 }]);
	expect(
		await runsInFolder({ "launch.sh": ["bash run.sh 0.3 $MORE"], "run.sh": called("$1") }),
	).toMatchObject([{ objective: "unknown" }]);
});

test("it has the variables that are exported or given, and no others", async () => {
	const coefficient = async (...lines: readonly string[]) =>
		(await runsInFolder({ "launch.sh": lines, "run.sh": called("${BETA:-0.1}") }))[0].coefficient;
	expect(await coefficient("BETA=0.3", "bash run.sh")).toBe(0.1);
	expect(await coefficient("export BETA=0.3", "bash run.sh")).toBe(0.3);
	expect(await coefficient("BETA=0.3", "export BETA", "bash run.sh")).toBe(0.3);
	expect(await coefficient("set -a", "BETA=0.3", "set +a", "bash run.sh")).toBe(0.3);
	expect(await coefficient("BETA=0.3 bash run.sh")).toBe(0.3);
	expect(await coefficient("env BETA=0.3 bash run.sh")).toBe(0.3);
	expect(await coefficient("sbatch --export=ALL,BETA=0.3 run.sh")).toBe(0.3);
	expect(await coefficient("BETA=0.3 bash other.sh", "bash run.sh")).toBe(0.1);
});

test("a loop over values is a run each, through two scripts", async () => {
	const runs = await runsInFolder({
		"sweep.sh": ["for b in 0.1 0.2; do bash scripts/middle.sh $b; done"],
		"scripts/middle.sh": ["export KL=$1", "bash scripts/run.sh"],
		"scripts/run.sh": [`${main} ${on} ${coef}=$KL`],
	});
	expect(runs).toMatchObject([{ coefficient: 0.1 }, { coefficient: 0.2 }]);
});

const options = [
	"KL=0.1",
	'while [[ $# -gt 0 ]]; do case "$1" in --beta) KL=$2; shift 2;; *) shift;; esac; done',
	`${main} ${on} ${coef}=$KL`,
];

test.each([
	["given", ["bash run.sh --beta 0.3"], 0.3],
	["given among others", ["bash run.sh --model m --beta 0.3 -x"], 0.3],
	["not given", ["bash run.sh --model m"], 0.1],
	["none at all", ["bash run.sh"], 0.1],
	["given, and what the caller has besides", ['bash run.sh --beta 0.3 "$@"'], 0.3],
	["given by a source", ["source run.sh --beta 0.3"], 0.3],
	["given by a dot", ["KL=2", ". ./run.sh --beta 0.3 --more"], 0.3],
])("options of a script that is started: %s", async (_, lines, coefficient) => {
	expect(await runsInFolder({ "launch.sh": lines, "run.sh": options })).toMatchObject([
		{ objective: "local-forward-kl", coefficient, certainty: "certain" },
	]);
});

test("an option whose value is not known leaves the run so", async () => {
	const runs = await runsInFolder({ "launch.sh": ["bash run.sh --beta $BETA"], "run.sh": options });
	expect(runs).toMatchObject([{ objective: "unknown", alsoPossible: ["local-forward-kl", "none"] }]);
});

test("options that are not known leave all that they would set so", async () => {
	const runs = await runsInFolder({ "launch.sh": ["bash run.sh $OPTIONS"], "run.sh": options });
	expect(runs).toMatchObject([{ objective: "unknown", alsoPossible: ["local-forward-kl", "none"] }]);
});

test("what the caller of all may give is said", async () => {
	const runs = await runsInFolder({ "launch.sh": ['bash run.sh "$@"'], "run.sh": options });
	expect(runs).toMatchObject([
		{ coefficient: 0.1, callerMayChoose: ["actor_rollout_ref.actor.kl_loss_coef"] },
	]);
});

test("getopts of a script that is started", async () => {
	const script = [
		...["KL=0.1", "USE=False"],
		'while getopts "k:uv" opt; do case "$opt" in k) KL=$OPTARG;; u) USE=True;; esac; done',
		...["shift $((OPTIND - 1))", `${main} actor_rollout_ref.actor.use_kl_loss=$USE ${coef}=$KL "$@"`],
	];
	const started = async (line: string) => (await runsInFolder({ "launch.sh": [line], "run.sh": script }))[0];
	expect(await started("bash run.sh -k 0.3 -u")).toMatchObject({ coefficient: 0.3, certainty: "certain" });
	expect(await started("bash run.sh -vuk0.4")).toMatchObject({ coefficient: 0.4, place: "loss" });
	expect(await started("bash run.sh -v")).toMatchObject({ objective: "silently-ignored" });
	expect(await started("bash run.sh -u -- actor_rollout_ref.actor.kl_loss_type=kl")).toMatchObject({
		objective: "zero-mean-noise",
	});
	expect(await started("bash run.sh -k $KL -u")).toMatchObject({ objective: "unknown" });
});

test("arguments of a file that is sourced end with it", async () => {
	const runs = await runsInFolder({
		"launch.sh": ["set -- 0.2", "source common.sh 0.3", `${main} ${on} ${coef}=$1 x=$KL`],
		"common.sh": ["KL=$1", 'if [ "$KL" != 0.3 ]; then exit 1; fi', "return 0", "exit 1"],
	});
	expect(runs).toMatchObject([{ coefficient: 0.2 }]);
});

test("its settings are changed in the form that it has them in", async () => {
	const [run] = await runsInFolder({
		"launch.sh": ["bash run.sh 0.3"],
		"run.sh": ["python3 train.py --hf-checkpoint x --use-kl-loss --kl-loss-coef $1"],
	});
	expect(run.fix).toMatchObject({ change: expect.stringContaining("+ --kl-coef 0.001") as string });
});

test("a script of a job", async () => {
	const runs = await runsInFolder({
		"job.yaml": ["envs:", "  KL: 0.3", "run: |", "  cd scripts", "  bash run.sh"],
		"scripts/run.sh": [`${main} ${on} ${coef}=$KL`],
	});
	expect(runs).toMatchObject([{ objective: "local-forward-kl", coefficient: 0.3 }]);
});

test("scripts that start each other end", async () => {
	const runs = await runsInFolder({
		"a.sh": ["bash b.sh", `${main} ${on}`],
		"b.sh": ["bash a.sh", "bash b.sh"],
	});
	expect(runs).toHaveLength(2);
});

test("of two scripts that a path may mean it is none", async () => {
	const files = { "scripts/run.sh": called("0.1"), "run.sh": called("0.2") };
	expect(await runsInFolder({ "scripts/launch.sh": ["bash run.sh"], ...files })).toEqual([]);
	expect(
		await runsInFolder({ "scripts/launch.sh": ['bash "$(dirname "$0")/run.sh"'], ...files }),
	).toMatchObject([{ coefficient: 0.1 }]);
	expect(await runsInFolder({ "launch.sh": ["cd scripts && bash run.sh"], ...files })).toMatchObject([
		{ coefficient: 0.1 },
	]);
});

test("nothing outside the folder is read", () => {
	const folder = mkdtempSync(join(tmpdir(), "thalia-audit-"));
	try {
		mkdirSync(join(folder, "inner"));
		writeFileSync(join(folder, "outer.sh"), "echo");
		symlinkSync(join(folder, "outer.sh"), join(folder, "inner/link.sh"));
		const inner = join(folder, "inner");
		for (const name of ["../outer.sh", "link.sh", "outer.sh", join(folder, "outer.sh")])
			expect(calledScript(name, join(inner, "run.sh"), inner, false)).toBeNull();
		expect(calledScript("../outer.sh", join(inner, "run.sh"), folder, false)).not.toBeNull();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});
