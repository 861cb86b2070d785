import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expected, ThaliaError } from "../../errors.ts";

/** A tensor on the native side. Only `Tensor` holds one. */
export interface Handle {
	readonly nativeTensor: unique symbol;
}

export type Dtype = "f32" | "bf16" | "f16" | "f64" | "i64" | "i32" | "u8" | "bool";

/** Instruction sets of our kernels, from the least to the most. */
export const isas = ["portable", "avx2", "avx512", "avx512_bf16", "amx"] as const;
export type Isa = (typeof isas)[number];

type Ints = readonly number[];
type Maybe<T> = T | undefined;
type Unary = (t: Handle) => Handle;
type Binary = (a: Handle, b: Handle) => Handle;
type InPlace = (a: Handle, b: Handle) => void;
type Reduce = (t: Handle, dims: Ints, keepDims: boolean) => Handle;

/** The addon's exports: libtorch's operators, unchecked. Arguments are checked by `Tensor`. */
export interface Native {
	setErrorFactory(make: (operator: string, message: string) => Error): void;
	liveTensors(): number;
	dispose(t: Handle): void;

	shape(t: Handle): number[];
	dtype(t: Handle): Dtype;
	fromBytes(bytes: Uint8Array, shape: Ints, dtype: Dtype): Handle;
	copyOut(t: Handle, dtype: Dtype, out: ArrayBufferView): void;
	item(t: Handle): number;
	empty(shape: Ints, dtype: Dtype): Handle;
	zeros(shape: Ints, dtype: Dtype): Handle;
	full(shape: Ints, value: number, dtype: Dtype): Handle;
	arange(start: number, end: number, step: number, dtype: Dtype): Handle;
	zerosLike: Unary;
	to(t: Handle, dtype: Dtype): Handle;
	clone: Unary;
	contiguous: Unary;
	copy_: InPlace;
	fill_(t: Handle, value: number): void;
	view(t: Handle, shape: Ints): Handle;
	reshape(t: Handle, shape: Ints): Handle;
	expand(t: Handle, shape: Ints): Handle;
	transpose(t: Handle, a: number, b: number): Handle;
	permute(t: Handle, order: Ints): Handle;
	unsqueeze(t: Handle, dim: number): Handle;
	squeeze(t: Handle, dim: number): Handle;
	narrow(t: Handle, dim: number, start: number, length: number): Handle;
	select(t: Handle, dim: number, index: number): Handle;
	split(t: Handle, sizes: Ints, dim: number): Handle[];
	cat(ts: readonly Handle[], dim: number): Handle;
	stack(ts: readonly Handle[], dim: number): Handle;
	indexSelect(t: Handle, dim: number, index: Handle): Handle;
	indexCopy_(t: Handle, dim: number, index: Handle, source: Handle): void;
	gather(t: Handle, dim: number, index: Handle): Handle;
	indexAdd_(t: Handle, dim: number, index: Handle, source: Handle): void;
	scatterAdd_(t: Handle, dim: number, index: Handle, source: Handle): void;

	add: Binary;
	sub: Binary;
	mul: Binary;
	div: Binary;
	addScalar(t: Handle, value: number): Handle;
	mulScalar(t: Handle, value: number): Handle;
	add_: InPlace;
	sub_: InPlace;
	mul_: InPlace;
	mulScalar_(t: Handle, value: number): void;
	neg: Unary;
	exp: Unary;
	exp_(t: Handle): void;
	log: Unary;
	cos: Unary;
	sin: Unary;
	silu: Unary;
	lt: Binary;
	ge: Binary;
	maskedFill(t: Handle, mask: Handle, value: number): Handle;
	sum: Reduce;
	mean: Reduce;
	amax: Reduce;
	argmax(t: Handle, dim: number): Handle;
	logsumexp(t: Handle, dim: number, keepDims: boolean): Handle;
	softmax(t: Handle, dim: number): Handle;
	logSoftmax(t: Handle, dim: number): Handle;
	cumsum(t: Handle, dim: number): Handle;
	sort(t: Handle, dim: number, descending: boolean): [Handle, Handle];
	topk(t: Handle, k: number, dim: number): [Handle, Handle];
	searchsorted(sorted: Handle, values: Handle, right: boolean): Handle;
	isFinite(t: Handle): boolean;
	sumOfSquares(ts: readonly Handle[]): number;
	normal_(t: Handle, mean: number, deviation: number, seed: number): void;
	uniform_(t: Handle, low: number, high: number, seed: number): void;
	bernoulli_(t: Handle, probability: number, seed: number): void;
	matmul: Binary;
	addmm_(t: Handle, a: Handle, b: Handle): void;
	embedding(weight: Handle, ids: Handle): Handle;
	rmsNorm(x: Handle, weight: Handle, epsilon: number): Handle;
	rope(x: Handle, cos: Handle, sin: Handle): Handle;
	attention(q: Handle, k: Handle, v: Handle, mask: Maybe<Handle>, causal: boolean, grouped: boolean): Handle;
	/** [out, lse]; tables are i32: spans [n, 2] of (first row, length), and where each prompt's completions begin. */
	packedAttention(
		qkv: Handle,
		heads: number,
		kvHeads: number,
		prompts: Handle,
		completions: Handle,
		offsets: Handle,
	): [Handle, Handle];
	packedAttentionBackward(
		qkv: Handle,
		out: Handle,
		dOut: Handle,
		lse: Handle,
		heads: number,
		kvHeads: number,
		prompts: Handle,
		completions: Handle,
		offsets: Handle,
	): Handle;
	/** [keys, values] of one layer, with room for `columns` tokens in each slot. */
	decodeCache(slots: number, kvHeads: number, columns: number, size: number, dtype: Dtype): [Handle, Handle];
	/** Writes the new keys and values at `column` of each row's slot, then attends. promptKv: rows of keys, then values. */
	decodeAttention(
		qkv: Handle,
		heads: number,
		promptKv: Handle,
		prompts: Handle,
		offsets: Handle,
		slots: Handle,
		keys: Handle,
		values: Handle,
		column: number,
	): Handle;
	fusedAdamW_(
		params: readonly Handle[],
		grads: readonly Handle[],
		m: readonly Handle[],
		v: readonly Handle[],
		steps: readonly Handle[],
		learningRate: number,
		beta1: number,
		beta2: number,
		weightDecay: number,
		epsilon: number,
		gradientDivisor: number,
	): void;

	packWeight(weight: Handle): Maybe<Handle>;
	linearForward(
		x: Handle,
		weight: Handle,
		packed: Maybe<Handle>,
		bias: Maybe<Handle>,
		residual: Maybe<Handle>,
	): Handle;
	linearInputGradient(dy: Handle, weight: Handle, packed: Maybe<Handle>): Handle;
	linearWeightGradient_(gradient: Handle, dy: Handle, x: Handle): void;
	columnSums_: InPlace;
	rmsNormForward(x: Handle, weight: Handle, epsilon: number): Handle;
	rmsNormBackward(
		x: Handle,
		weight: Handle,
		dy: Handle,
		add: Maybe<Handle>,
		weightGradient: Maybe<Handle>,
		epsilon: number,
	): Handle;
	rope_(x: Handle, heads: number, positions: Handle, cos: Handle, sin: Handle, back: boolean): void;
	swigluForward: Unary;
	swigluBackward(gateUp: Handle, dy: Handle): [dGateUp: Handle, y: Handle];
	packWeightBackward(weight: Handle): Maybe<Handle>;
	linearF32_(out: Handle, x: Handle, weight: Handle, packed: Maybe<Handle>): void;
	logitStatistics(
		logits: Handle,
		targets: Handle,
		temperature: number,
	): [logprobs: Handle, entropies: Handle];
	logitDivergences(
		logits: Handle,
		other: Handle,
		temperature: number,
	): [divergences: Handle, reverse: Handle];
	logitGradient_(
		gradient: Handle,
		logits: Handle,
		targets: Handle,
		temperature: number,
		dLogprob: Handle,
		dEntropy: Maybe<Handle>,
		dDivergence: Maybe<Handle>,
		other: Maybe<Handle>,
		head: Maybe<Handle>,
	): void;
	drawFromLogits(
		logits: Handle,
		uniforms: Maybe<Handle>,
		temperature: number,
	): [tokens: Handle, drawnLogprobs: Handle, logprobs: Handle];

	requiresGrad_(t: Handle, on: boolean): void;
	requiresGrad(t: Handle): boolean;
	detach: Unary;
	setGradEnabled(on: boolean): boolean;
	vjp(
		outputs: readonly Handle[],
		inputs: readonly Handle[],
		cotangents: readonly Handle[],
		retain: boolean,
	): Maybe<Handle>[];

	setThreads(count: number): void;
	threads(): number;
	cpuCapability(): string;
	cpuFeatures(): string[];
	isaCap(): string;
	isa(): Isa;
	machineIsa(): Isa;
	/** For tests and comparisons: at most `machineIsa`. */
	useIsa(isa: Isa): void;
	/** For tests: until the next `useIsa`, products run AMX's loops with its tiles in software. */
	emulateTiles(): void;
	torchVersion(): string;
	trimMemory(): void;
	/** Large tensors' memory that none uses goes back to the system. */
	emptyArena(): void;
}

const addonPath = fileURLToPath(new URL("../../../native/build/thalia.node", import.meta.url));

function load(): Native {
	if (!existsSync(addonPath)) {
		throw new ThaliaError("addon-missing", `Expected the native addon at ${addonPath} but it is not built`, {
			fix: "run `npm run setup`",
		});
	}
	try {
		const addon = createRequire(import.meta.url)(addonPath) as Native;
		addon.setErrorFactory((operator, message) => new ThaliaError("libtorch", `${operator}: ${message}`));
		checkIsaLimit();
		return addon;
	} catch (cause) {
		if (cause instanceof ThaliaError) throw cause;
		throw new ThaliaError("addon-load-failed", `The native addon did not load: ${(cause as Error).message}`, {
			fix: "run `npm run setup` again: libtorch may have moved since it was built",
			cause,
		});
	}
}

/** THALIA_ISA limits the kernels to an instruction set; more than the machine has is no limit. */
function checkIsaLimit(): void {
	const limit = process.env["THALIA_ISA"];
	if (limit === undefined || (isas as readonly string[]).includes(limit)) return;
	throw expected("kernel-isa", isas.join(", "), "the environment variable THALIA_ISA", limit, "unset it");
}

export const native: Native = load();
