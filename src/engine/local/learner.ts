import { expected } from "../../errors.ts";
import type { Sequence, TokenCotangents, TokenOutputs, Weigh } from "../engine.ts";
import { noGrad } from "./autograd.ts";
import { checkSequences, type PaddedBatch, padBatch, splitOutputs } from "./batch.ts";
import type { Decoder } from "./decoder.ts";
import { type HeadCotangents, headBackward, headForward } from "./head.ts";
import { microBatches } from "./micro-batches.ts";
import { record, type Tape } from "./tape.ts";
import { keep, Tensor, tidy } from "./tensor.ts";

export interface LearnerOptions {
	/** Tokens of one micro-batch, padding included: memory against speed. */
	readonly tokensPerMicroBatch: number;
	/** Compute each layer again in the backward pass instead of keeping its activations. */
	readonly recompute: boolean;
}

/** A Weigh that may be answered from elsewhere (another thread). */
export type AsyncWeigh = (...args: Parameters<Weigh>) => ReturnType<Weigh> | Promise<ReturnType<Weigh>>;

/** Sums of d(loss)/d(parameter) in f32, made when first needed. */
export class Gradients {
	readonly #sums = new Map<string, Tensor>();

	get(name: string): Tensor | undefined {
		return this.#sums.get(name);
	}

	/** The sum for a parameter, zeros at first. */
	sumFor(name: string, parameter: Tensor): Tensor {
		let sum = this.#sums.get(name);
		if (sum === undefined) {
			sum = keep(Tensor.zeros(parameter.shape));
			this.#sums.set(name, sum);
		}
		return sum;
	}

	add(name: string, gradient: Tensor): void {
		const sum = this.#sums.get(name);
		if (sum !== undefined) sum.add_(gradient);
		else
			this.#sums.set(
				name,
				keep(gradient.dtype === "f32" ? gradient.contiguous().clone() : gradient.to("f32")),
			);
	}

	get empty(): boolean {
		return this.#sums.size === 0;
	}

	clear(): void {
		for (const sum of this.#sums.values()) sum.dispose();
		this.#sums.clear();
	}
}

/** Outputs of the evaluated tokens, without gradient. */
export function evaluateSequences(
	decoder: Decoder,
	sequences: readonly Sequence[],
	tokenBudget: number,
): TokenOutputs[] {
	checkSequences(sequences, decoder.config.vocabSize, decoder.config.maxPositions);
	const results: TokenOutputs[] = [];
	for (const indices of microBatches(sequences, tokenBudget)) {
		noGrad(() =>
			tidy(() => {
				const batch = padBatch(indices.map((i) => sequences[i]));
				const hidden = evaluatedRows(decoder.forward(batch.tokens), batch);
				const outputs = splitOutputs(headForward(hidden, decoder.headWeight, batch.targets), batch.offsets);
				indices.forEach((i, b) => (results[i] = outputs[b]));
			}),
		);
	}
	return results;
}

/** One forward, `weigh` on the fresh outputs, one backward into `gradients`, micro-batch by micro-batch. */
export async function accumulateGradients(
	decoder: Decoder,
	sequences: readonly Sequence[],
	weigh: AsyncWeigh,
	gradients: Gradients,
	options: LearnerOptions,
): Promise<TokenOutputs[]> {
	checkSequences(sequences, decoder.config.vocabSize, decoder.config.maxPositions);
	const results: TokenOutputs[] = [];
	for (const indices of microBatches(sequences, options.tokensPerMicroBatch)) {
		const batch = padBatch(indices.map((i) => sequences[i]));
		const tape = record(decoder, batch.tokens, options.recompute);
		let hidden: Tensor | undefined;
		try {
			hidden = noGrad(() => tidy(() => evaluatedRows(tape.hidden, batch)));
			const flat = noGrad(() => headForward(hidden!, decoder.headWeight, batch.targets));
			const outputs = splitOutputs(flat, batch.offsets);
			const cotangents = flatten(await weigh(outputs, indices), batch.offsets);
			indices.forEach((i, b) => (results[i] = outputs[b]));
			pullBack(decoder, batch, tape, hidden, cotangents, gradients);
		} finally {
			hidden?.dispose();
			tape.dispose();
			for (const tensor of [batch.tokens, batch.rows, batch.targets]) tensor.dispose();
		}
	}
	return results;
}

function pullBack(
	decoder: Decoder,
	batch: PaddedBatch,
	tape: Tape,
	hidden: Tensor,
	cotangents: HeadCotangents,
	gradients: Gradients,
): void {
	tidy(() => {
		const headName = decoder.weights.has("head") ? "head" : "embed";
		const upstream = noGrad(() => {
			const rows = headBackward(
				hidden,
				decoder.headWeight,
				batch.targets,
				cotangents,
				gradients.sumFor(headName, decoder.headWeight),
			);
			const full = Tensor.zeros([tape.hidden.shape[0] * tape.hidden.shape[1], rows.shape[1]], rows.dtype);
			return full.indexCopy_(0, batch.rows, rows).view(...tape.hidden.shape);
		});
		tape.backward(upstream, (name, gradient) => {
			noGrad(() => {
				gradients.add(name, gradient);
			});
		});
	});
}

function evaluatedRows(hidden: Tensor, batch: PaddedBatch): Tensor {
	return hidden.view(-1, hidden.shape[2]).indexSelect(0, batch.rows);
}

function flatten(cotangents: readonly TokenCotangents[], offsets: readonly number[]): HeadCotangents {
	const count = offsets.length - 1;
	if (cotangents.length !== count) {
		throw expected("cotangents", `${count} cotangents, one a sequence`, "weigh's result", cotangents.length);
	}
	const total = offsets[count];
	const logprobs = new Float32Array(total);
	const entropy = cotangents.some((c) => c.entropy !== undefined) ? new Float32Array(total) : undefined;
	cotangents.forEach((cotangent, b) => {
		for (const [name, values, into] of [
			["logprobs", cotangent.logprobs, logprobs],
			["entropy", cotangent.entropy, entropy],
		] as const) {
			if (values === undefined || into === undefined) continue;
			if (values.length !== offsets[b + 1] - offsets[b]) {
				throw expected(
					"cotangents",
					`${offsets[b + 1] - offsets[b]} numbers`,
					`${name} of cotangent ${b}`,
					values.length,
				);
			}
			into.set(values, offsets[b]);
		}
	});
	return entropy === undefined ? { logprobs } : { logprobs, entropy };
}
