import { ThaliaError } from "../../errors.ts";
import type { Completion, SampleRequest, SamplingOptions } from "../engine.ts";
import { noGrad } from "./autograd.ts";
import { blockForward } from "./block.ts";
import { cacheBytes, tokensPerPrefill } from "./block-sizes.ts";
import type { Decoder } from "./decoder.ts";
import { KvCache, type LiveRows } from "./kv-cache.ts";
import { offsetTable, spansOf } from "./packed-attention.ts";
import { promptNetwork } from "./packed-batch.ts";
import { type PackedDecoder, packDecoder } from "./packed-decoder.ts";
import { drawTokens, resolveSampler, type Sampler, uniformStream } from "./sampling.ts";
import { Tensor, tidy } from "./tensor.ts";

/** One completion under way. */
interface Row {
	/** Position in the result. */
	readonly place: number;
	readonly promptLength: number;
	readonly tokens: number[];
	readonly samplerLogprobs: number[];
	readonly logprobs: number[];
	readonly uniform: () => number;
}

/** A prompt and its completions, their positions in the result consecutive. */
interface PromptRows {
	readonly prompt: Int32Array;
	readonly rows: readonly Row[];
}

/** A row's place in the cache, and its prompt's index in the batch. */
interface LiveRow extends Row {
	readonly slot: number;
	readonly owner: number;
}

/**
 * Completions of every request, in order. A prompt is read once for all its completions; finished rows leave the batch.
 * `onProgress` receives the number of tokens sampled so far.
 */
export function decode(
	decoder: Decoder,
	requests: readonly SampleRequest[],
	options: SamplingOptions,
	policyVersion: number,
	onProgress?: (tokens: number) => void,
): Completion[] {
	const sampler = resolveSampler(options, decoder.config.vocabSize);
	const stopTokens = new Set<number>(options.stopTokens ?? decoder.config.eosTokenIds);
	const results: Completion[] = [];
	let before = 0;
	const waves = planWaves(decoder, requests, options);
	const model = noGrad(() => packDecoder(decoder));
	try {
		for (const wave of waves) {
			let sampled = 0;
			const onTokens = (tokens: number) => {
				sampled = tokens;
				onProgress?.(before + tokens);
			};
			noGrad(() => {
				decodeWave(model, wave, sampler, options.maxTokens, stopTokens, onTokens, (row, finish) => {
					results[row.place] = {
						tokens: Int32Array.from(row.tokens),
						samplerLogprobs: Float32Array.from(row.samplerLogprobs),
						logprobs: Float32Array.from(row.logprobs),
						finish,
						policyVersion,
					};
				});
			});
			before += sampled;
		}
	} finally {
		model.dispose();
	}
	return results;
}

/** Splits the rows into batches whose caches fit, without parting a prompt from its rows where possible. */
function planWaves(
	decoder: Decoder,
	requests: readonly SampleRequest[],
	options: SamplingOptions,
): PromptRows[][] {
	const longest = requests.reduce((max, request) => Math.max(max, request.prompt.length), 0);
	checkLengths(decoder, requests, longest, options.maxTokens);
	const perColumn = KvCache.bytesPerColumn(decoder);
	const perRow = perColumn * options.maxTokens;
	const waves: PromptRows[][] = [];
	let room = 0;
	let place = 0;
	for (const request of requests) {
		const ofPrompt = perColumn * request.prompt.length;
		const waiting = Array.from(
			{ length: request.count },
			(_, index): Row => ({
				place: place++,
				promptLength: request.prompt.length,
				tokens: [],
				samplerLogprobs: [],
				logprobs: [],
				uniform: uniformStream(options.seed, request.id, index),
			}),
		);
		while (waiting.length > 0) {
			if (waves.length === 0 || room < ofPrompt + perRow * waiting.length) {
				waves.push([]);
				room = cacheBytes;
			}
			const fitting = Math.max(1, Math.floor((room - ofPrompt) / perRow));
			const rows = waiting.splice(0, fitting);
			waves.at(-1)!.push({ prompt: request.prompt, rows });
			room -= ofPrompt + perRow * rows.length;
		}
	}
	return waves;
}

function checkLengths(
	decoder: Decoder,
	requests: readonly SampleRequest[],
	longest: number,
	maxTokens: number,
): void {
	const { maxPositions, vocabSize } = decoder.config;
	if (longest + maxTokens > maxPositions) {
		throw new ThaliaError(
			"too-many-positions",
			`Expected prompt and completion to fit the model's ${maxPositions} positions but received ${longest} + ${maxTokens}`,
			{ fix: `allow at most ${maxPositions - longest} new tokens, or shorten the prompt` },
		);
	}
	requests.forEach(({ prompt, count }, i) => {
		if (prompt.length === 0)
			throw new ThaliaError("empty-prompt", `Expected at least one token for prompt ${i} but received none`);
		if (!Number.isInteger(count) || count < 1)
			throw new ThaliaError(
				"sampling-option",
				`Expected a count of 1 or more for prompt ${i} but received ${count}`,
			);
		const bad = prompt.find((token) => token < 0 || token >= vocabSize);
		if (bad !== undefined) {
			throw new ThaliaError(
				"token-range",
				`Expected tokens from 0 to ${vocabSize - 1} for prompt ${i} but received ${bad}`,
			);
		}
	});
}

function decodeWave(
	model: PackedDecoder,
	wave: readonly PromptRows[],
	sampler: Sampler,
	maxTokens: number,
	stopTokens: ReadonlySet<number>,
	onTokens: (tokens: number) => void,
	onDone: (row: Row, finish: "stop" | "length") => void,
): void {
	const spans = spansOf(wave.map(({ prompt }) => prompt));
	let live: LiveRow[] = [];
	wave.forEach(({ rows }, owner) => {
		for (const row of rows) live.push({ ...row, slot: live.length, owner });
	});
	const cache = new KvCache(model.decoder, spans, live.length, maxTokens);
	let logits: Tensor | undefined;
	try {
		logits = prefill(model, wave, cache);
		let finished = 0;
		for (let column = 0; ; column++) {
			const drawn = drawTokens(
				logits,
				sampler,
				Float32Array.from(live, (row) => row.uniform()),
			);
			logits.dispose();
			live = live.filter((row, i) => {
				row.tokens.push(drawn.tokens[i]);
				row.samplerLogprobs.push(drawn.samplerLogprobs[i]);
				row.logprobs.push(drawn.logprobs[i]);
				const stopped = stopTokens.has(drawn.tokens[i]);
				if (!stopped && column + 1 < maxTokens) return true;
				finished += row.tokens.length;
				onDone(row, stopped ? "stop" : "length");
				return false;
			});
			onTokens(finished + (column + 1) * live.length);
			if (live.length === 0) return;
			logits = decodeStep(model, live, wave.length, cache, column);
		}
	} finally {
		logits?.dispose();
		cache.dispose();
	}
}

/** Reads every prompt once into the cache. Logits [rows, vocabulary] f32 of what follows, one row a completion. */
function prefill(model: PackedDecoder, wave: readonly PromptRows[], cache: KvCache): Tensor {
	return tidy(() => {
		const ends: Tensor[] = [];
		let first = 0;
		for (const prompts of partsOf(wave)) {
			const network = promptNetwork(prompts.map(({ prompt }) => prompt));
			const start = first;
			const hidden = model.decoder.forward(network, {
				packed: model.blocks,
				observe: (layer, { qkv }) => {
					cache.storePrompts(layer, qkv, start);
				},
			});
			first += hidden.shape[0];
			let end = -1;
			const last = prompts.map(({ prompt }) => (end += prompt.length));
			ends.push(hidden.indexSelect(0, indexOf(last)));
			network.dispose();
			hidden.dispose();
		}
		const owners = wave.flatMap(({ rows }, p) => rows.map(() => p));
		return model.logits(Tensor.cat(ends, 0)).indexSelect(0, indexOf(owners));
	});
}

/** Prompts in portions of at most `tokensPerPrefill`, or of one longer prompt. */
function partsOf(wave: readonly PromptRows[]): PromptRows[][] {
	const parts: PromptRows[][] = [];
	let room = 0;
	for (const rows of wave) {
		if (rows.prompt.length > room || parts.length === 0) {
			parts.push([]);
			room = tokensPerPrefill;
		}
		parts.at(-1)!.push(rows);
		room -= rows.prompt.length;
	}
	return parts;
}

/** One token further for every live row: logits [rows, vocabulary] f32. The tokens go to `column` of the cache. */
function decodeStep(
	{ decoder, blocks, logits }: PackedDecoder,
	live: readonly LiveRow[],
	prompts: number,
	cache: KvCache,
	column: number,
): Tensor {
	return tidy(() => {
		const rows = liveRows(live, prompts);
		const positions = live.map((row) => row.promptLength + column);
		const rotation = decoder.rotation(indexOf(positions), Math.max(...positions) + 1);
		let x = decoder.embed(indexOf(live.map((row) => row.tokens.at(-1)!)));
		decoder.blocks.forEach((block, layer) => {
			const attend = (qkv: Tensor) => ({ out: cache.attend(layer, qkv, rows, column) });
			x = tidy(
				() => blockForward(decoder.config, block, x, rotation, attend, { packed: blocks[layer] }).output,
			);
		});
		return logits(decoder.finalNorm(x));
	});
}

function liveRows(live: readonly LiveRow[], prompts: number): LiveRows {
	return {
		slots: Tensor.fromArray(
			live.map(({ slot }) => slot),
			[live.length],
			"i32",
		),
		offsets: offsetTable(
			live.map(({ owner }) => owner),
			prompts,
		),
	};
}

function indexOf(values: readonly number[]): Tensor {
	return Tensor.fromArray(values, [values.length], "i64");
}
