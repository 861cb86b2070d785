// The math verifier and Math-Verify on the same pairs, in the same run. See README.md beside it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { equivalent } from "../../dist/tasks/verifiers/math/equivalence.js";
import { cases } from "../../dist/tasks/verifiers/math/equivalence-cases.js";

const python = process.env.THALIA_MATH_VERIFY_PYTHON;
if (python === undefined) {
	console.error(
		"Expected a Python that has math-verify 0.9.0 for THALIA_MATH_VERIFY_PYTHON but it is not set",
	);
	process.exit(2);
}

const rows =
	process.argv[2] === undefined
		? cases.flatMap(({ equal, different }) => [
				...equal.map(([gold, answer]) => ({ gold, answer, want: true })),
				...different.map(([gold, answer]) => ({ gold, answer, want: false })),
			])
		: readFileSync(process.argv[2], "utf8")
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => JSON.parse(line));

for (const { gold, answer } of rows.slice(0, 20)) equivalent(gold, answer);
const started = performance.now();
const ours = {
	verdicts: rows.map(({ gold, answer }) => equivalent(gold, answer).equal),
	milliseconds: (performance.now() - started) / rows.length,
};

const peer = spawnSync(python, [new URL("math_verify_peer.py", import.meta.url).pathname], {
	input: rows.map((row) => JSON.stringify(row)).join("\n"),
	encoding: "utf8",
	maxBuffer: 2 ** 28,
});
if (peer.status !== 0) {
	console.error(peer.stderr);
	process.exit(1);
}
const theirs = JSON.parse(peer.stdout);

const report = (name, { verdicts, milliseconds }) => {
	const right = rows.filter(({ want }, i) => verdicts[i] === want).length;
	const falseAccepts = rows.filter(({ want }, i) => verdicts[i] && !want).length;
	const falseRefusals = rows.filter(({ want }, i) => !verdicts[i] && want).length;
	console.log(
		`${name.padEnd(14)}${right} of ${rows.length} right, ${falseAccepts} false accepts, ${falseRefusals} false refusals, ${milliseconds.toFixed(3)} ms each`,
	);
};
report("thalia", ours);
report("math-verify", theirs);
console.log(`math-verify takes ${(theirs.milliseconds / ours.milliseconds).toFixed(0)} times as long`);
