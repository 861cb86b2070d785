import { formatTable } from "../src/cli/table.ts";
import type { Workload } from "../src/engine/local/operations.ts";
import { type Generation, type Measurement, median, medianTiming, type Timing } from "./measurement.ts";

/** One shape and dtype, as every side measured it. */
export interface Comparison {
	readonly shape: string;
	readonly dtype: string;
	readonly workload: Workload;
	/** The best rate of a matrix product in this run, GFLOP/s, and the step's products at that rate. */
	readonly matmul: { readonly gigaflops: number; readonly floor: Timing };
	readonly thalia: Measurement;
	/** Absent with `--no-peers`. */
	readonly peer?: Measurement;
	/** The peer that only samples; absent with `--no-peers`. */
	readonly generator?: Generation;
}

/** Thalia's figure over the peer's: below 1, Thalia is quicker or smaller. */
export interface Ratios {
	readonly step: number;
	readonly sample: number;
	/** Everything of a step but sampling, whichever way a side divides it. */
	readonly rest: number;
	readonly peak: number;
}

/** Of medians, except for memory, which is of the highest peaks. */
export function ratios(thalia: Measurement, peer: Measurement): Ratios {
	const a = medianTiming(thalia.steps);
	const b = medianTiming(peer.steps);
	const rest = ({ steps }: Measurement) => median(steps.map(({ step, sample }) => step - sample));
	return {
		step: a.step / b.step,
		sample: a.sample / b.sample,
		rest: rest(thalia) / rest(peer),
		peak: thalia.memory.peak / peer.memory.peak,
	};
}

/** Thalia's time of sampling over that of a peer that only samples. */
export function sampleRatio({ steps }: Measurement, { sample }: Generation): number {
	return medianTiming(steps).sample / median(sample);
}

/** The comparison as it is kept: medians beside every step they are of. */
export function kept({ shape, dtype, workload, matmul, thalia, peer, generator }: Comparison) {
	const withMedian = (m: Measurement) => ({ median: medianTiming(m.steps), ...m });
	return {
		shape,
		dtype,
		workload,
		matmul,
		overFloor: overFloor(thalia, matmul.floor),
		...(peer === undefined ? {} : { ratio: ratios(thalia, peer) }),
		thalia: withMedian(thalia),
		...(peer === undefined ? {} : { peer: withMedian(peer) }),
		...(generator === undefined
			? {}
			: {
					generator: {
						ratio: sampleRatio(thalia, generator),
						median: median(generator.sample),
						...generator,
					},
				}),
	};
}

/** How many times as long each part took as its matrix products must. */
function overFloor({ steps }: Measurement, floor: Timing): Timing {
	const timing = medianTiming(steps);
	return {
		sample: timing.sample / floor.sample,
		reference: timing.reference / floor.reference,
		learn: timing.learn / floor.learn,
		step: timing.step / floor.step,
	};
}

export function formatComparison({
	shape,
	dtype,
	workload,
	matmul,
	thalia,
	peer,
	generator,
}: Comparison): string {
	const { prompts, groupSize, promptTokens, completionTokens } = workload;
	const title = `${shape}, ${dtype}: ${prompts} prompts x ${groupSize} completions, ${promptTokens} + ${completionTokens} tokens`;
	const rows = [
		["", "sample", "reference", "rescore", "learn", "step", "sampled/s", "loaded", "peak RSS"],
		sideRow(thalia),
	];
	const sides = [thalia];
	if (peer !== undefined) {
		sides.push(peer);
		const { step, sample, peak } = ratios(thalia, peer);
		const names = `${thalia.side} / ${peer.side}`;
		rows.push(sideRow(peer), [names, times(sample), "", "", "", times(step), "", "", times(peak)]);
	}
	if (generator !== undefined) {
		const sampling = median(generator.sample);
		const rest = Array.from({ length: 4 }, () => "-");
		rows.push(
			[generator.side, duration(sampling), ...rest, (generator.tokens / sampling).toFixed(0), "-", "-"],
			[
				`${thalia.side} / ${generator.side}`,
				times(sampleRatio(thalia, generator)),
				...rest.map(() => ""),
				"",
				"",
				"",
			],
		);
	}
	const { sample, reference, learn, step } = overFloor(thalia, matmul.floor);
	rows.push(["thalia / floor", times(sample), times(reference), "", times(learn), times(step), "", "", ""]);
	const ranges = sides.map(({ side, steps }) => `${side} ${range(steps)}`).join(", ");
	const floor = `matmul floor: ${matmul.floor.step.toFixed(2)} s at ${matmul.gigaflops.toFixed(0)} GFLOP/s, the best rate of this run`;
	return `${title}\n${formatTable(rows)}\nsteps took: ${ranges}\n${floor}`;
}

function sideRow({ side, steps, tokens, memory }: Measurement): string[] {
	const timing = medianTiming(steps);
	return [
		side,
		...(["sample", "reference", "rescore", "learn", "step"] as const).map((part) => secondsOf(timing, part)),
		(tokens / timing.sample).toFixed(0),
		megabytes(memory.loaded),
		megabytes(memory.peak),
	];
}

function secondsOf(timing: Timing, part: keyof Timing): string {
	const value = timing[part];
	return value === undefined ? "-" : duration(value);
}

function duration(value: number): string {
	return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

function range(steps: readonly Timing[]): string {
	const all = steps.map(({ step }) => step);
	return `${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)} s`;
}

function megabytes(bytes: number): string {
	return `${(bytes / 1e6).toFixed(0)} MB`;
}

function times(ratio: number): string {
	return `${ratio.toFixed(2)}x`;
}
