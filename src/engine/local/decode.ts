import { ThaliaError } from "../../errors.ts";
import type { Completion, SampleRequest, SamplingOptions } from "../engine.ts";
import { noGrad } from "./autograd.ts";
import type { Decoder } from "./decoder.ts";
import { HeadProduct } from "./head-blocks.ts";
import { KvCache } from "./kv-cache.ts";
import { attention } from "./ops.ts";
import { drawTokens, resolveSampler, type Sampler, uniformStream } from "./sampling.ts";
import { Tensor, tidy } from "./tensor.ts";

/** Bytes the key-value cache of one batch may take; more rows than fit are decoded in turns. */
const cacheBytes = 2 ** 30;

/** One completion under way. */
interface Row {
	/** Position in the result. */
	readonly slot: number;
	readonly promptLength: number;
	readonly tokens: number[];
	readonly samplerLogprobs: number[];
	readonly logprobs: number[];
	readonly uniform: () => number;
}

/** `count` rows of one prompt, the first of them at result position `slot`. */
interface PromptRows {
	readonly prompt: Int32Array;
	readonly rows: readonly Row[];
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
	for (const wave of planWaves(decoder, requests, options)) {
		let sampled = 0;
		const onTokens = (tokens: number) => {
			sampled = tokens;
			onProgress?.(before + tokens);
		};
		noGrad(() => {
			decodeWave(decoder, wave, sampler, options.maxTokens, stopTokens, onTokens, (row, finish) => {
				results[row.slot] = {
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
	return results;
}

/** Splits the rows into batches whose caches fit, without parting a prompt from its rows where possible. */
function planWaves(
	decoder: Decoder,
	requests: readonly SampleRequest[],
	options: SamplingOptions,
): PromptRows[][] {
	const { numLayers, numKvHeads, headDim } = decoder.config;
	const longest = requests.reduce((max, request) => Math.max(max, request.prompt.length), 0);
	checkLengths(decoder, requests, longest, options.maxTokens);
	const bytesPerRow =
		numLayers * 2 * numKvHeads * (longest + options.maxTokens) * headDim * (decoder.dtype === "f32" ? 4 : 2);
	const capacity = Math.max(1, Math.floor(cacheBytes / bytesPerRow));
	const waves: PromptRows[][] = [];
	let room = 0;
	let slot = 0;
	for (const request of requests) {
		const rows = Array.from(
			{ length: request.count },
			(_, index): Row => ({
				slot: slot++,
				promptLength: request.prompt.length,
				tokens: [],
				samplerLogprobs: [],
				logprobs: [],
				uniform: uniformStream(options.seed, request.id, index),
			}),
		);
		for (let start = 0; start < rows.length; start += capacity) {
			const part = rows.slice(start, start + capacity);
			if (part.length > room) {
				waves.push([]);
				room = capacity;
			}
			waves.at(-1)!.push({ prompt: request.prompt, rows: part });
			room -= part.length;
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
	decoder: Decoder,
	wave: readonly PromptRows[],
	sampler: Sampler,
	maxTokens: number,
	stopTokens: ReadonlySet<number>,
	onTokens: (tokens: number) => void,
	onDone: (row: Row, finish: "stop" | "length") => void,
): void {
	const promptColumns = Math.max(...wave.map(({ prompt }) => prompt.length));
	let live = wave.flatMap(({ rows }) => rows);
	const cache = new KvCache(decoder, live.length, promptColumns + maxTokens, promptColumns);
	const head = new HeadProduct(decoder.headWeight);
	let logits: Tensor | undefined;
	try {
		logits = prefill(decoder, head, wave, cache, promptColumns);
		let finished = 0;
		for (let step = 0; ; step++) {
			const drawn = drawTokens(
				logits,
				sampler,
				Float32Array.from(live, (row) => row.uniform()),
			);
			logits.dispose();
			const going: number[] = [];
			live.forEach((row, i) => {
				row.tokens.push(drawn.tokens[i]);
				row.samplerLogprobs.push(drawn.samplerLogprobs[i]);
				row.logprobs.push(drawn.logprobs[i]);
				const finish = stopTokens.has(drawn.tokens[i])
					? "stop"
					: step + 1 === maxTokens
						? "length"
						: undefined;
				if (finish === undefined) {
					going.push(i);
				} else {
					finished += row.tokens.length;
					onDone(row, finish);
				}
			});
			onTokens(finished + (step + 1) * going.length);
			if (going.length === 0) return;
			const column = promptColumns + step;
			live = compact(live, going, cache, column);
			logits = decodeStep(decoder, head, live, cache, column);
		}
	} finally {
		logits?.dispose();
		head.dispose();
		cache.dispose();
	}
}

/** Fills the places that finished rows leave with rows from the end, so that the live ones are the first. */
function compact(live: readonly Row[], going: readonly number[], cache: KvCache, column: number): Row[] {
	const kept = new Set(going);
	const next = live.slice(0, going.length);
	const holes = next.flatMap((_, i) => (kept.has(i) ? [] : [i]));
	const movers = going.filter((i) => i >= going.length);
	holes.forEach((hole, i) => (next[hole] = live[movers[i]]));
	if (holes.length > 0) cache.moveRows(movers, holes, column);
	return next;
}

/** Reads every prompt once and gives its keys and values to each of its rows. Logits [rows, vocabulary] f32. */
function prefill(
	decoder: Decoder,
	head: HeadProduct,
	wave: readonly PromptRows[],
	cache: KvCache,
	columns: number,
): Tensor {
	return tidy(() => {
		const ids = new Int32Array(wave.length * columns);
		wave.forEach(({ prompt }, p) => ids.set(prompt, p * columns));
		const firstRows: number[] = [];
		wave.reduce((row, { rows }) => (firstRows.push(row), row + rows.length), 0);
		const hidden = decoder.forward(Tensor.fromArray(ids, [wave.length, columns], "i64"), (layer, k, v) => {
			wave.forEach(({ prompt, rows }, p) => {
				const own = (t: Tensor) => t.select(0, p).narrow(0, 0, prompt.length);
				cache.storePrompt(layer, own(k), own(v), firstRows[p], rows.length, columns);
			});
		});
		const last = wave.map(({ prompt }, p) => p * columns + prompt.length - 1);
		const ends = hidden
			.reshape(-1, decoder.config.hiddenSize)
			.indexSelect(0, Tensor.fromArray(last, [last.length], "i64"));
		const owners = wave.flatMap(({ rows }, p) => rows.map(() => p));
		return head.logits(ends).indexSelect(0, Tensor.fromArray(owners, [owners.length], "i64"));
	});
}

/** One token further for every live row: logits [rows, vocabulary] f32. The tokens go to `column` of the cache. */
function decodeStep(
	decoder: Decoder,
	head: HeadProduct,
	live: readonly Row[],
	cache: KvCache,
	column: number,
): Tensor {
	return tidy(() => {
		const rows = live.length;
		const { numHeads, numKvHeads, headDim } = decoder.config;
		// Heads that share keys and values attend as so many queries of one head: libtorch's own grouping would copy the
		// cache for each of them.
		const group = numHeads / numKvHeads;
		const tokens = Tensor.fromArray(
			live.map((row) => row.tokens.at(-1)!),
			[rows, 1],
			"i64",
		);
		const table = decoder.rope(column + 1);
		const at = Tensor.fromArray(
			live.map((row) => row.promptLength + row.tokens.length - 1),
			[rows],
			"i64",
		);
		const positions = {
			cos: table.cos.indexSelect(0, at).view(rows, 1, 1, headDim),
			sin: table.sin.indexSelect(0, at).view(rows, 1, 1, headDim),
		};
		const mask = leftPaddingMask(decoder, live, column);
		let x = decoder.embed(tokens);
		for (let layer = 0; layer < decoder.blocks.length; layer++) {
			x = tidy(() =>
				decoder.layer(layer, x, positions, (q, k, v) => {
					const { keys, values } = cache.append(layer, k, v, column);
					const queries = q.view(rows, numKvHeads, group, headDim);
					const attended = attention(queries, keys, values, mask === undefined ? {} : { mask });
					return attended.reshape(rows, 1, numHeads * headDim);
				}),
			);
		}
		return head.logits(decoder.finalNorm(x).view(rows, -1));
	});
}

/** [rows, 1, 1, column + 1]: minus infinity left of a row's prompt; undefined where no row has such columns. */
function leftPaddingMask(decoder: Decoder, live: readonly Row[], column: number): Tensor | undefined {
	const starts = live.map((row) => column + 1 - row.promptLength - row.tokens.length);
	if (starts.every((start) => start === 0)) return undefined;
	const columns = Tensor.arange(0, column + 1, 1, "i64").unsqueeze(0);
	const padding = columns.lt(Tensor.fromArray(starts, [live.length, 1], "i64"));
	return Tensor.zeros([live.length, column + 1], decoder.dtype)
		.maskedFill(padding, -Infinity)
		.view(live.length, 1, 1, column + 1);
}
