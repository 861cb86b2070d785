import { noGrad } from "./autograd.ts";
import { keep, Tensor } from "./tensor.ts";

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

	/** Moves every sum into `target`, added to what is there; nothing is left here. */
	moveInto(target: Gradients): void {
		for (const [name, sum] of this.#sums) {
			const there = target.#sums.get(name);
			if (there === undefined) target.#sums.set(name, sum);
			else {
				noGrad(() => there.add_(sum));
				sum.dispose();
			}
		}
		this.#sums.clear();
	}

	names(): string[] {
		return [...this.#sums.keys()];
	}

	get empty(): boolean {
		return this.#sums.size === 0;
	}

	clear(): void {
		for (const sum of this.#sums.values()) sum.dispose();
		this.#sums.clear();
	}
}
