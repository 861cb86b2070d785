import type {
	AccumulateOptions,
	EvaluateOptions,
	Sequence,
	TokenDivergences,
	TokenOutputs,
	Weigh,
} from "../engine.ts";
import { noGrad } from "./autograd.ts";
import { checkSequences, splitDivergences, splitOutputs } from "./batch.ts";
import type { PackedBlock } from "./block.ts";
import { flattenCotangents } from "./cotangents.ts";
import type { Decoder } from "./decoder.ts";
import { temperatureOf, topKOf } from "./evaluation-options.ts";
import type { Gradients } from "./gradients.ts";
import { type HeadCotangents, type HeadOptions, headBackward, headForward } from "./head.ts";
import { headDivergences, type OtherHead } from "./head-divergence.ts";
import { microBatches } from "./micro-batches.ts";
import { type PackedBatch, packSequences } from "./packed-batch.ts";
import { packBlocks } from "./packed-decoder.ts";
import { record, type Tape } from "./tape.ts";
import { Tensor, tidy } from "./tensor.ts";

export interface LearnerOptions {
	/** Tokens of one micro-batch, a prompt of several completions once: memory against speed. */
	readonly tokensPerMicroBatch: number;
	/** Compute each layer again in the backward pass instead of keeping its activations. */
	readonly recompute: boolean;
}

/** What else a gradient may need. */
export interface LearningContext {
	/** What the divergence is from; needed where the options ask for one. */
	readonly reference?: Decoder | undefined;
	/** Gives the seed of each pass's dropout; none: nothing is dropped. */
	readonly dropout?: () => number | undefined;
}

/** A Weigh that may be answered from elsewhere (another thread). */
export type AsyncWeigh = (...args: Parameters<Weigh>) => ReturnType<Weigh> | Promise<ReturnType<Weigh>>;

/** Outputs of the evaluated tokens, without gradient. @throws ThaliaError for options or sequences out of range */
export function evaluateSequences(
	decoder: Decoder,
	sequences: readonly Sequence[],
	tokenBudget: number,
	options: EvaluateOptions = {},
): TokenOutputs[] {
	const temperature = temperatureOf(options);
	return overMicroBatches([decoder], sequences, tokenBudget, (batch, [own]) => {
		const { hidden, weight } = own;
		return splitOutputs(headForward(hidden, weight, batch.targets, { temperature }), batch.offsets);
	});
}

/** Divergences of the policy from the reference at the evaluated tokens, without gradient. */
export function divergencesOfSequences(
	policy: Decoder,
	reference: Decoder,
	sequences: readonly Sequence[],
	tokenBudget: number,
	options: EvaluateOptions = {},
): TokenDivergences[] {
	const temperature = temperatureOf(options);
	return overMicroBatches([policy, reference], sequences, tokenBudget, (batch, [own, other]) => {
		const divergences = headDivergences(own.hidden, own.weight, other, temperature);
		return splitDivergences(divergences, batch.offsets);
	});
}

/** One forward, `weigh` on the fresh outputs, one backward into `gradients`, micro-batch by micro-batch. */
export async function accumulateGradients(
	decoder: Decoder,
	sequences: readonly Sequence[],
	weigh: AsyncWeigh,
	gradients: Gradients,
	learner: LearnerOptions,
	options: AccumulateOptions = {},
	{ reference, dropout }: LearningContext = {},
): Promise<TokenOutputs[]> {
	const temperature = temperatureOf(options);
	const topK = topKOf(options, decoder.config.vocabSize);
	const compared = options.divergence === undefined ? undefined : reference;
	checkAll(compared === undefined ? [decoder] : [decoder, compared], sequences);
	const results: TokenOutputs[] = [];
	for (const indices of microBatches(sequences, learner.tokensPerMicroBatch)) {
		const batch = packSequences(indices.map((i) => sequences[i]));
		let other: OtherHead | undefined;
		let tape: Tape | undefined;
		let hidden: Tensor | undefined;
		try {
			other = compared && noGrad(() => headOf(compared, batch));
			tape = noGrad(() => record(decoder, batch, learner.recompute, dropout?.()));
			hidden = noGrad(() => tidy(() => evaluatedRows(tape!.hidden, batch)));
			const head: HeadOptions = { temperature, other, topK };
			const flat = noGrad(() => headForward(hidden!, decoder.headWeight, batch.targets, head));
			const outputs = splitOutputs(flat, batch.offsets);
			const answer = await weigh(outputs, indices);
			const cotangents = flattenCotangents(answer, batch.offsets, other !== undefined);
			indices.forEach((i, b) => (results[i] = outputs[b]));
			pullBack(decoder, batch, tape, hidden, cotangents, gradients, head);
		} finally {
			other?.hidden.dispose();
			hidden?.dispose();
			tape?.dispose();
			batch.dispose();
		}
	}
	return results;
}

function pullBack(
	decoder: Decoder,
	batch: PackedBatch,
	tape: Tape,
	hidden: Tensor,
	cotangents: HeadCotangents,
	gradients: Gradients,
	head: HeadOptions,
): void {
	noGrad(() =>
		tidy(() => {
			const headName = decoder.weights.has("head") ? "head" : "embed";
			const rows = headBackward(
				hidden,
				decoder.headWeight,
				batch.targets,
				cotangents,
				decoder.trainable.has(headName) ? gradients.sumFor(headName, decoder.headWeight) : undefined,
				head,
			);
			const upstream = Tensor.zeros(tape.hidden.shape, rows.dtype).indexAdd_(0, batch.rows, rows);
			tape.backward(upstream, gradients);
		}),
	);
}

/** What `evaluate` makes per sequence of a micro-batch of the decoders' heads, in the order of the sequences; no gradient. */
function overMicroBatches<T>(
	decoders: readonly Decoder[],
	sequences: readonly Sequence[],
	tokenBudget: number,
	evaluate: (batch: PackedBatch, heads: readonly OtherHead[]) => readonly T[],
): T[] {
	checkAll(decoders, sequences);
	const results: T[] = [];
	const batches = microBatches(sequences, tokenBudget);
	// Weights that are used once are laid out as they are used, and so are two decoders', whose copies would take more memory
	// than learning does.
	const once = batches.length > 1 && decoders.length === 1;
	const packed = once ? decoders.map((decoder) => noGrad(() => packBlocks(decoder))) : [];
	try {
		for (const indices of batches) {
			noGrad(() =>
				tidy(() => {
					const batch = packSequences(indices.map((i) => sequences[i]));
					const heads = decoders.map((decoder, d) => headOf(decoder, batch, packed.at(d)?.blocks));
					evaluate(batch, heads).forEach((output, b) => (results[indices[b]] = output));
				}),
			);
		}
	} finally {
		for (const blocks of packed) blocks.dispose();
	}
	return results;
}

function checkAll(decoders: readonly Decoder[], sequences: readonly Sequence[]): void {
	for (const { config } of decoders) checkSequences(sequences, config.vocabSize, config.maxPositions);
}

/** Hidden states of the evaluated rows [N, hidden], and the head that reads them. */
function headOf(decoder: Decoder, batch: PackedBatch, packed?: readonly PackedBlock[]): OtherHead {
	const hidden = tidy(() => evaluatedRows(decoder.forward(batch, { packed }), batch));
	return { hidden, weight: decoder.headWeight };
}

function evaluatedRows(hidden: Tensor, batch: PackedBatch): Tensor {
	return hidden.indexSelect(0, batch.rows);
}
