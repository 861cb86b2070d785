import { ThaliaError } from "../../errors.ts";
import { noGrad } from "./autograd.ts";
import { Gradients } from "./gradients.ts";
import { Tensor, tidy } from "./tensor.ts";

/** Elements of each gradient that are in f64 at a time. */
const chunkSize = 2 ** 20;

/** Gradients set aside by name, in f32. */
export class KeptGradients {
	readonly #kept = new Map<string, Gradients>();

	/** Takes the sums out of `gradients`, added to what `name` has. */
	keep(name: string, gradients: Gradients): void {
		const there = this.#kept.get(name) ?? new Gradients();
		gradients.moveInto(there);
		this.#kept.set(name, there);
	}

	/**
	 * sum over parameters of <g_i, g_j>, products and sums in f64; a parameter that one lacks is zero there.
	 * [names, names], symmetric to the bit.
	 * @throws ThaliaError `gradient-name`
	 */
	products(names: readonly string[]): number[][] {
		const gradients = names.map((name) => this.#find(name));
		const products = names.map(() => names.map(() => 0));
		for (const parameter of new Set(gradients.flatMap((gradient) => gradient.names()))) {
			addProducts(
				products,
				gradients.map((gradient) => gradient.get(parameter)),
			);
		}
		return products;
	}

	/** @throws ThaliaError `gradient-name`; then nothing is dropped */
	drop(names: readonly string[]): void {
		const gradients = names.map((name) => this.#find(name));
		for (const gradient of gradients) gradient.clear();
		for (const name of names) this.#kept.delete(name);
	}

	clear(): void {
		this.drop([...this.#kept.keys()]);
	}

	#find(name: string): Gradients {
		const found = this.#kept.get(name);
		if (found !== undefined) return found;
		const names = [...this.#kept.keys()].map((kept) => JSON.stringify(kept));
		throw new ThaliaError(
			"gradient-name",
			`Expected a kept gradient (${names.length === 0 ? "there is none" : names.join(", ")}) but received ${JSON.stringify(name)}`,
			{ fix: "keep it with keepGradient first" },
		);
	}
}

/** Adds the inner products of one parameter's gradients, of those that are there. */
function addProducts(products: number[][], sums: readonly (Tensor | undefined)[]): void {
	const present = sums.flatMap((sum, i) => (sum === undefined ? [] : [i]));
	const add = (gram: Float64Array) => {
		present.forEach((i, a) => {
			present.forEach((j, b) => {
				// The upper triangle for both: a matrix product need not be symmetric to the last bit.
				products[i][j] += gram[Math.min(a, b) * present.length + Math.max(a, b)];
			});
		});
	};
	tidy(() => {
		const flat = noGrad(() => present.map((i) => sums[i]!.reshape(-1)));
		const size = flat[0].size;
		for (let start = 0; start < size; start += chunkSize) {
			const length = Math.min(chunkSize, size - start);
			add(gramOf(flat.map((values) => values.narrow(0, start, length))));
		}
	});
}

/** Inner products of vectors, [count, count]. */
function gramOf(vectors: readonly Tensor[]): Float64Array {
	return tidy(() => {
		const matrix = Tensor.stack(vectors, 0).to("f64");
		return matrix.matmul(matrix.transpose(0, 1)).toFloat64Array();
	});
}
