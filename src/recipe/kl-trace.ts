import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expected, ThaliaError } from "../errors.ts";
import { readJsonLines, toNumber } from "../runs/json-lines.ts";

/** Steps that a value is the mean of: itself and as many before as after it, fewer at the ends. */
const smoothing = 5;

/**
 * The KL that another run achieved, as the target of `MatchedBeta`: smoothed, since a controller would chase the noise
 * of single batches, and never negative, as a KL is and its estimate from samples need not be.
 * @param path a run directory, or its metrics.jsonl
 * @returns nats per completion of step 1, 2, ..., up to the last that measured it
 * @throws ThaliaError `kl-trace`
 */
export function readKlTrace(path: string): number[] {
	const fix = "give the folder of a run that has done its steps, such as runs/quickstart";
	const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "metrics.jsonl") : path;
	if (!existsSync(file))
		throw expected("kl-trace", "a run directory or a metrics.jsonl", "a KL trace", path, fix);
	const measured = new Map(readJsonLines(file).flatMap(klOf));
	if (measured.size === 0) {
		throw new ThaliaError("kl-trace", `Expected steps with a kl in ${file} but there is none`, {
			fix,
		});
	}
	return smoothed(withoutGaps(measured)).map((kl) => Math.max(0, kl));
}

/** Nothing of a line that has no such number: that of a step that was skipped, or of another kind of file. */
function klOf(line: unknown): [step: number, kl: number][] {
	const { step, kl: measured } = (line ?? {}) as { step?: unknown; kl?: unknown };
	const kl = toNumber(measured);
	const counts = typeof step === "number" && Number.isSafeInteger(step) && step >= 1;
	return counts && kl !== undefined && Number.isFinite(kl) ? [[step, kl]] : [];
}

/** A step that measured nothing was skipped, and so left the policy, and its KL, as they were. */
function withoutGaps(measured: ReadonlyMap<number, number>): number[] {
	const steps = [...measured.keys()].sort((a, b) => a - b);
	let kl = measured.get(steps[0])!;
	return Array.from({ length: steps.at(-1)! }, (_, i) => (kl = measured.get(i + 1) ?? kl));
}

function smoothed(values: readonly number[]): number[] {
	const side = (smoothing - 1) / 2;
	return values.map((_, i) => {
		const around = values.slice(Math.max(0, i - side), i + side + 1);
		return around.reduce((sum, value) => sum + value, 0) / around.length;
	});
}
