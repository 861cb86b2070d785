import { expected, ThaliaError } from "../../errors.ts";
import { type Dtype, type Handle, native } from "./native.ts";

/** Tensors made inside the running `tidy` calls, innermost last. Empty outside of `tidy`. */
const scopes: Tensor[][] = [];

/**
 * A libtorch tensor. Method names and semantics are torch's; a trailing underscore means in place. Memory is given
 * back by `tidy`, by `dispose`, or at last by the garbage collector.
 */
export class Tensor {
	#handle: Handle | undefined;

	constructor(handle: Handle) {
		this.#handle = handle;
		scopes.at(-1)?.push(this);
	}

	/** @throws ThaliaError `tensor-disposed` */
	get handle(): Handle {
		if (this.#handle === undefined) {
			throw new ThaliaError("tensor-disposed", "Expected a live tensor but received one that was disposed", {
				fix: "return it from tidy(), or dispose it later",
			});
		}
		return this.#handle;
	}

	get disposed(): boolean {
		return this.#handle === undefined;
	}

	dispose(): void {
		if (this.#handle === undefined) return;
		native.dispose(this.#handle);
		this.#handle = undefined;
	}

	get shape(): number[] {
		return native.shape(this.handle);
	}

	get dtype(): Dtype {
		return native.dtype(this.handle);
	}

	/** Number of elements. */
	get size(): number {
		return this.shape.reduce((product, n) => product * n, 1);
	}

	static fromArray(data: ArrayLike<number>, shape: readonly number[], dtype: Dtype = "f32"): Tensor {
		const size = checkShape(shape, "Tensor.fromArray").reduce((product, n) => product * n, 1);
		if (data.length !== size) {
			throw expected(
				"tensor-size",
				`${size} numbers for shape [${shape.join(", ")}]`,
				"Tensor.fromArray",
				data.length,
			);
		}
		if (dtype === "i64")
			return Tensor.fromBytes(bytesOf(BigInt64Array.from(data as number[], BigInt)), shape, "i64");
		const wide = Tensor.fromBytes(bytesOf(Float64Array.from(data)), shape, "f64");
		if (dtype === "f64") return wide;
		const narrow = wide.to(dtype);
		wide.dispose();
		return narrow;
	}

	/** Raw little-endian bytes as a tensor (copied). */
	static fromBytes(bytes: Uint8Array, shape: readonly number[], dtype: Dtype): Tensor {
		return new Tensor(native.fromBytes(bytes, checkShape(shape, "Tensor.fromBytes"), dtype));
	}

	static empty(shape: readonly number[], dtype: Dtype = "f32"): Tensor {
		return new Tensor(native.empty(checkShape(shape, "Tensor.empty"), dtype));
	}

	static zeros(shape: readonly number[], dtype: Dtype = "f32"): Tensor {
		return new Tensor(native.zeros(checkShape(shape, "Tensor.zeros"), dtype));
	}

	static full(shape: readonly number[], value: number, dtype: Dtype = "f32"): Tensor {
		return new Tensor(native.full(checkShape(shape, "Tensor.full"), value, dtype));
	}

	static arange(start: number, end: number, step = 1, dtype: Dtype = "f32"): Tensor {
		return new Tensor(native.arange(start, end, step, dtype));
	}

	static cat(tensors: readonly Tensor[], dim: number): Tensor {
		return new Tensor(native.cat(handlesOf(tensors, "cat"), checkInt(dim, "cat")));
	}

	static stack(tensors: readonly Tensor[], dim: number): Tensor {
		return new Tensor(native.stack(handlesOf(tensors, "stack"), checkInt(dim, "stack")));
	}

	item(): number {
		return native.item(this.handle);
	}

	toFloat32Array(): Float32Array<ArrayBuffer> {
		const out = new Float32Array(this.size);
		native.copyOut(this.handle, "f32", out);
		return out;
	}

	toFloat64Array(): Float64Array<ArrayBuffer> {
		const out = new Float64Array(this.size);
		native.copyOut(this.handle, "f64", out);
		return out;
	}

	toInt32Array(): Int32Array<ArrayBuffer> {
		const out = new Int32Array(this.size);
		native.copyOut(this.handle, "i32", out);
		return out;
	}

	/** The elements as little-endian bytes of `dtype` (default: the tensor's own). */
	toBytes(dtype: Dtype = this.dtype): Uint8Array<ArrayBuffer> {
		const out = new Uint8Array(this.size * bytesPerElement[dtype]);
		native.copyOut(this.handle, dtype, out);
		return out;
	}

	to(dtype: Dtype): Tensor {
		return new Tensor(native.to(this.handle, dtype));
	}
	clone(): Tensor {
		return new Tensor(native.clone(this.handle));
	}
	contiguous(): Tensor {
		return new Tensor(native.contiguous(this.handle));
	}
	zerosLike(): Tensor {
		return new Tensor(native.zerosLike(this.handle));
	}
	copy_(source: Tensor): this {
		native.copy_(this.handle, handleOf(source, "copy_"));
		return this;
	}
	fill_(value: number): this {
		native.fill_(this.handle, value);
		return this;
	}

	/** Gaussian numbers from a generator seeded for this call alone. */
	normal_(mean: number, deviation: number, seed: number): this {
		native.normal_(this.handle, mean, deviation, checkInt(seed, "normal_"));
		return this;
	}
	/** Numbers from low to below high, likewise. */
	uniform_(low: number, high: number, seed: number): this {
		native.uniform_(this.handle, low, high, checkInt(seed, "uniform_"));
		return this;
	}
	/** Ones with this probability, else zeros, likewise. */
	bernoulli_(probability: number, seed: number): this {
		native.bernoulli_(this.handle, probability, checkInt(seed, "bernoulli_"));
		return this;
	}

	view(...shape: number[]): Tensor {
		return new Tensor(native.view(this.handle, shape));
	}
	reshape(...shape: number[]): Tensor {
		return new Tensor(native.reshape(this.handle, shape));
	}
	expand(...shape: number[]): Tensor {
		return new Tensor(native.expand(this.handle, shape));
	}
	transpose(a: number, b: number): Tensor {
		return new Tensor(native.transpose(this.handle, checkInt(a, "transpose"), checkInt(b, "transpose")));
	}
	permute(...order: number[]): Tensor {
		return new Tensor(native.permute(this.handle, order));
	}
	unsqueeze(dim: number): Tensor {
		return new Tensor(native.unsqueeze(this.handle, checkInt(dim, "unsqueeze")));
	}
	squeeze(dim: number): Tensor {
		return new Tensor(native.squeeze(this.handle, checkInt(dim, "squeeze")));
	}
	narrow(dim: number, start: number, length: number): Tensor {
		return new Tensor(
			native.narrow(
				this.handle,
				checkInt(dim, "narrow"),
				checkInt(start, "narrow"),
				checkInt(length, "narrow"),
			),
		);
	}
	select(dim: number, index: number): Tensor {
		return new Tensor(native.select(this.handle, checkInt(dim, "select"), checkInt(index, "select")));
	}
	split(sizes: readonly number[], dim: number): Tensor[] {
		return native.split(this.handle, sizes, checkInt(dim, "split")).map((h) => new Tensor(h));
	}
	indexSelect(dim: number, index: Tensor): Tensor {
		return new Tensor(
			native.indexSelect(this.handle, checkInt(dim, "indexSelect"), handleOf(index, "indexSelect")),
		);
	}
	indexCopy_(dim: number, index: Tensor, source: Tensor): this {
		native.indexCopy_(this.handle, dim, handleOf(index, "indexCopy_"), handleOf(source, "indexCopy_"));
		return this;
	}
	indexAdd_(dim: number, index: Tensor, source: Tensor): this {
		native.indexAdd_(this.handle, dim, handleOf(index, "indexAdd_"), handleOf(source, "indexAdd_"));
		return this;
	}
	gather(dim: number, index: Tensor): Tensor {
		return new Tensor(native.gather(this.handle, checkInt(dim, "gather"), handleOf(index, "gather")));
	}
	scatterAdd_(dim: number, index: Tensor, source: Tensor): this {
		native.scatterAdd_(this.handle, dim, handleOf(index, "scatterAdd_"), handleOf(source, "scatterAdd_"));
		return this;
	}

	add(other: Tensor | number): Tensor {
		return new Tensor(
			typeof other === "number"
				? native.addScalar(this.handle, other)
				: native.add(this.handle, handleOf(other, "add")),
		);
	}
	sub(other: Tensor): Tensor {
		return new Tensor(native.sub(this.handle, handleOf(other, "sub")));
	}
	mul(other: Tensor | number): Tensor {
		return new Tensor(
			typeof other === "number"
				? native.mulScalar(this.handle, other)
				: native.mul(this.handle, handleOf(other, "mul")),
		);
	}
	div(other: Tensor): Tensor {
		return new Tensor(native.div(this.handle, handleOf(other, "div")));
	}
	add_(other: Tensor): this {
		native.add_(this.handle, handleOf(other, "add_"));
		return this;
	}
	sub_(other: Tensor): this {
		native.sub_(this.handle, handleOf(other, "sub_"));
		return this;
	}
	mul_(other: Tensor | number): this {
		if (typeof other === "number") native.mulScalar_(this.handle, other);
		else native.mul_(this.handle, handleOf(other, "mul_"));
		return this;
	}
	neg(): Tensor {
		return new Tensor(native.neg(this.handle));
	}
	exp(): Tensor {
		return new Tensor(native.exp(this.handle));
	}
	exp_(): this {
		native.exp_(this.handle);
		return this;
	}
	log(): Tensor {
		return new Tensor(native.log(this.handle));
	}
	cos(): Tensor {
		return new Tensor(native.cos(this.handle));
	}
	sin(): Tensor {
		return new Tensor(native.sin(this.handle));
	}
	silu(): Tensor {
		return new Tensor(native.silu(this.handle));
	}
	lt(other: Tensor): Tensor {
		return new Tensor(native.lt(this.handle, handleOf(other, "lt")));
	}
	ge(other: Tensor): Tensor {
		return new Tensor(native.ge(this.handle, handleOf(other, "ge")));
	}
	maskedFill(mask: Tensor, value: number): Tensor {
		return new Tensor(native.maskedFill(this.handle, handleOf(mask, "maskedFill"), value));
	}

	sum(dims: readonly number[] = [], keepDims = false): Tensor {
		return new Tensor(native.sum(this.handle, dims, keepDims));
	}
	mean(dims: readonly number[] = [], keepDims = false): Tensor {
		return new Tensor(native.mean(this.handle, dims, keepDims));
	}
	amax(dims: readonly number[] = [], keepDims = false): Tensor {
		return new Tensor(native.amax(this.handle, dims, keepDims));
	}
	argmax(dim: number): Tensor {
		return new Tensor(native.argmax(this.handle, checkInt(dim, "argmax")));
	}
	logsumexp(dim: number, keepDims = false): Tensor {
		return new Tensor(native.logsumexp(this.handle, checkInt(dim, "logsumexp"), keepDims));
	}
	softmax(dim: number): Tensor {
		return new Tensor(native.softmax(this.handle, checkInt(dim, "softmax")));
	}
	logSoftmax(dim: number): Tensor {
		return new Tensor(native.logSoftmax(this.handle, checkInt(dim, "logSoftmax")));
	}
	cumsum(dim: number): Tensor {
		return new Tensor(native.cumsum(this.handle, checkInt(dim, "cumsum")));
	}
	sort(dim: number, descending = false): [values: Tensor, indices: Tensor] {
		const [values, indices] = native.sort(this.handle, checkInt(dim, "sort"), descending);
		return [new Tensor(values), new Tensor(indices)];
	}
	topk(k: number, dim: number): [values: Tensor, indices: Tensor] {
		const [values, indices] = native.topk(this.handle, checkInt(k, "topk"), checkInt(dim, "topk"));
		return [new Tensor(values), new Tensor(indices)];
	}
	searchsorted(values: Tensor, right: boolean): Tensor {
		return new Tensor(native.searchsorted(this.handle, handleOf(values, "searchsorted"), right));
	}
	/** Whether every element is finite. */
	isFinite(): boolean {
		return native.isFinite(this.handle);
	}

	matmul(other: Tensor): Tensor {
		return new Tensor(native.matmul(this.handle, handleOf(other, "matmul")));
	}
	/** this += a b, for matrices. */
	addmm_(a: Tensor, b: Tensor): this {
		native.addmm_(this.handle, handleOf(a, "addmm_"), handleOf(b, "addmm_"));
		return this;
	}

	detach(): Tensor {
		return new Tensor(native.detach(this.handle));
	}
	get requiresGrad(): boolean {
		return native.requiresGrad(this.handle);
	}
	requiresGrad_(on = true): this {
		native.requiresGrad_(this.handle, on);
		return this;
	}
}

const bytesPerElement: Record<Dtype, number> = {
	f32: 4,
	bf16: 2,
	f16: 2,
	f64: 8,
	i64: 8,
	i32: 4,
	u8: 1,
	bool: 1,
};

/**
 * Runs `body` and disposes every tensor made in it except those it returns (a tensor, or arrays and plain objects of
 * them). If it throws, all of them go. `body` is synchronous.
 */
export function tidy<T>(body: () => T): T {
	const scope: Tensor[] = [];
	scopes.push(scope);
	let kept: Set<Tensor> | undefined;
	try {
		const result = body();
		kept = new Set(tensorsIn(result));
		return result;
	} finally {
		scopes.pop();
		const outer = scopes.at(-1);
		for (const tensor of scope) {
			if (kept?.has(tensor) !== true) tensor.dispose();
			else outer?.push(tensor);
		}
	}
}

/** Takes tensors out of the running scopes: they live until disposed. */
export function keep<T extends Tensor | readonly Tensor[]>(tensors: T): T {
	const kept = new Set(tensorsIn(tensors));
	for (const scope of scopes) {
		for (let i = scope.length - 1; i >= 0; i--) if (kept.has(scope[i])) scope.splice(i, 1);
	}
	return tensors;
}

/** Tensors of this thread that hold memory. */
export function liveTensors(): number {
	return native.liveTensors();
}

export function handleOf(value: Tensor, operator: string): Handle {
	if (!(value instanceof Tensor)) throw expected("tensor-type", "a Tensor", operator, value);
	return value.handle;
}

export function handlesOf(values: readonly Tensor[], operator: string): Handle[] {
	return values.map((value) => handleOf(value, operator));
}

function tensorsIn(value: unknown): Tensor[] {
	if (value instanceof Tensor) return [value];
	if (Array.isArray(value)) return value.flatMap(tensorsIn);
	if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
		return Object.values(value).flatMap(tensorsIn);
	}
	return [];
}

function bytesOf(array: BigInt64Array | Float64Array): Uint8Array {
	return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function checkInt(value: number, operator: string): number {
	if (!Number.isInteger(value)) throw expected("tensor-argument", "an integer", operator, value);
	return value;
}

function checkShape(shape: readonly number[], operator: string): readonly number[] {
	for (const n of shape) {
		if (!Number.isInteger(n) || n < 0) throw expected("tensor-shape", "sizes of 0 or more", operator, n);
	}
	return shape;
}
