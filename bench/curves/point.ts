import { z } from "zod";
import type { Completion, SampleRequest, Sequence } from "../../src/engine/engine.ts";
import { LocalEngine } from "../../src/engine/local/local-engine.ts";
import { native } from "../../src/engine/local/native.ts";
import type { Workload } from "../../src/engine/local/operations.ts";
import type { WeightDtype } from "../../src/engine/local/weights.ts";
import { seededRandom } from "../../src/tasks/random.ts";
import { median } from "../measurement.ts";
import { oneMore, warmupOf } from "./plan.ts";

const seconds = z.number().min(0);

/** Seconds of the three parts of a step. */
const parts = z.strictObject({ sample: seconds, reference: seconds, learn: seconds });

export type PartTimes = z.output<typeof parts>;

/** What the process of one point prints. */
export const pointMeasurement = z.strictObject({
	/** The measured steps, in order. */
	steps: z.array(parts).min(1),
	memory: z.strictObject({ loaded: z.number(), peak: z.number() }),
	environment: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type PointMeasurement = z.output<typeof pointMeasurement>;

export interface PointOptions {
	/** A model folder: policy and reference. */
	readonly model: string;
	readonly dtype: WeightDtype;
	readonly threads: number;
	readonly workload: Workload;
	readonly onStep?: (times: PartTimes) => void;
}

/** Measures the parts of a step on the engine itself, without the trainer around it: no rewards, no objective. */
export async function measurePoint(options: PointOptions): Promise<PointMeasurement> {
	const { model, dtype, threads, workload } = options;
	const engine = new LocalEngine({ model, reference: model, dtype, threads });
	try {
		const loaded = process.memoryUsage().rss;
		await step(engine, warmupOf(workload), 0);
		const steps: PartTimes[] = [];
		let [elapsed, last] = [0, 0];
		while (oneMore(steps.length, elapsed, last)) {
			const times = await step(engine, workload, steps.length + 1);
			last = times.sample + times.reference + times.learn;
			elapsed += last;
			steps.push(times);
			options.onStep?.(times);
		}
		return {
			steps,
			memory: { loaded, peak: process.resourceUsage().maxRSS * 1024 },
			environment: { isa: native.isa(), ...engine.environment },
		};
	} finally {
		await engine.close();
	}
}

async function step(engine: LocalEngine, workload: Workload, seed: number): Promise<PartTimes> {
	const requests = requestsOf(workload, engine.vocabSize);
	const maxTokens = workload.completionTokens;
	const [sample, completions] = await timed(() =>
		engine.sample(requests, { maxTokens, stopTokens: [], seed }),
	);
	const sequences = sequencesOf(requests, completions);
	checkTokens(completions, workload);
	const [reference] = await timed(() => engine.evaluate(sequences, "reference"));
	const [learn, { applied }] = await timed(async () => {
		// Any cotangent is the same work, so long as it is not zero.
		await engine.accumulate(sequences, (outputs) =>
			outputs.map(({ logprobs }) => ({ logprobs: new Float32Array(logprobs.length).fill(-1 / maxTokens) })),
		);
		return engine.step({ learningRate: 1e-6, maxGradNorm: 1 });
	});
	await engine.publish();
	if (!applied) throw new Error("the gradient was not finite: what was timed is not a step");
	return { sample, reference, learn };
}

async function timed<T>(work: () => Promise<T>): Promise<[seconds: number, result: T]> {
	const started = performance.now();
	const result = await work();
	return [(performance.now() - started) / 1000, result];
}

/** The same random prompts at every step. */
export function requestsOf(
	{ prompts, groupSize, promptTokens }: Workload,
	vocabSize: number,
): SampleRequest[] {
	const random = seededRandom(1);
	return Array.from({ length: prompts }, (_, id) => ({
		prompt: Int32Array.from({ length: promptTokens }, () => random.int(0, vocabSize - 1)),
		count: groupSize,
		id,
	}));
}

function sequencesOf(requests: readonly SampleRequest[], completions: readonly Completion[]): Sequence[] {
	const prompts = requests.flatMap(({ prompt, count }) => Array.from({ length: count }, () => prompt));
	return completions.map(({ tokens }, i) => ({
		tokens: Int32Array.from([...prompts[i], ...tokens]),
		promptLength: prompts[i].length,
	}));
}

/** A completion that stopped early is less work than is claimed. */
function checkTokens(completions: readonly Completion[], workload: Workload): void {
	const tokens = completions.reduce((sum, completion) => sum + completion.tokens.length, 0);
	const wanted = workload.prompts * workload.groupSize * workload.completionTokens;
	if (tokens !== wanted) throw new Error(`${tokens} tokens were sampled instead of ${wanted}`);
}

/** Of each part by itself: they need not be of one step. */
export function medianTimes(steps: readonly PartTimes[]): PartTimes {
	const of = (part: keyof PartTimes) => median(steps.map((times) => times[part]));
	return { sample: of("sample"), reference: of("reference"), learn: of("learn") };
}
