import { noGrad } from "./autograd.ts";
import type { Gradients } from "./gradients.ts";
import { native } from "./native.ts";
import { handlesOf, keep, Tensor } from "./tensor.ts";
import type { Weights } from "./weights.ts";

export interface AdamWOptions {
	readonly beta1: number;
	readonly beta2: number;
	readonly epsilon: number;
	/** Decoupled: p *= 1 - learningRate * weightDecay, on every parameter. */
	readonly weightDecay: number;
}

/** What one parameter's optimiser remembers, all f32. `master` is the parameter itself where that is f32. */
interface Slot {
	readonly parameter: Tensor;
	readonly master: Tensor;
	readonly m: Tensor;
	readonly v: Tensor;
	readonly steps: Tensor;
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) over f32 masters, with one gradient norm for all parameters:
 * g *= min(1, maxNorm / (norm + 1e-6)); m and v with bias correction; p -= lr * m / (sqrt(v) + epsilon).
 */
export class AdamW {
	readonly #options: AdamWOptions;
	readonly #slots: ReadonlyMap<string, Slot>;

	constructor(weights: Weights, options: AdamWOptions) {
		this.#options = options;
		this.#slots = noGrad(
			() =>
				new Map(
					[...weights].map(([name, parameter]) => {
						const master = parameter.dtype === "f32" ? parameter : parameter.to("f32");
						const slot = {
							parameter,
							master,
							m: Tensor.zeros(parameter.shape),
							v: Tensor.zeros(parameter.shape),
							steps: Tensor.zeros([]),
						};
						keep([slot.m, slot.v, slot.steps, slot.master]);
						return [name, slot];
					}),
				),
		);
	}

	/**
	 * One step; parameters without a gradient stay. `gradNorm` is the L2 norm over all gradients before clipping
	 * (0 disables clipping). If it is not finite nothing changes and `applied` is false.
	 */
	step(
		gradients: Gradients,
		learningRate: number,
		maxGradNorm: number,
	): { gradNorm: number; applied: boolean } {
		return noGrad(() => {
			const moved = [...this.#slots].filter(([name]) => gradients.get(name) !== undefined);
			const sums = handlesOf(
				moved.map(([name]) => gradients.get(name)!),
				"AdamW",
			);
			const gradNorm = Math.sqrt(native.sumOfSquares(sums));
			if (!Number.isFinite(gradNorm)) return { gradNorm, applied: false };
			const clip = maxGradNorm > 0 ? Math.min(1, maxGradNorm / (gradNorm + 1e-6)) : 1;
			const slots = moved.map(([, slot]) => slot);
			const handles = (of: (slot: Slot) => Tensor) => handlesOf(slots.map(of), "AdamW");
			for (const slot of slots) {
				const one = Tensor.full([], 1);
				slot.steps.add_(one);
				one.dispose();
			}
			native.fusedAdamW_(
				handles((slot) => slot.master),
				sums,
				handles((slot) => slot.m),
				handles((slot) => slot.v),
				handles((slot) => slot.steps),
				learningRate,
				this.#options.beta1,
				this.#options.beta2,
				this.#options.weightDecay,
				this.#options.epsilon,
				1 / clip,
			);
			for (const slot of slots) if (slot.master !== slot.parameter) slot.parameter.copy_(slot.master);
			return { gradNorm, applied: true };
		});
	}

	/** Everything a resumed run needs, by stable names. The masters of bf16 parameters belong to it. */
	state(): ReadonlyMap<string, Tensor> {
		return new Map(
			[...this.#slots].flatMap(([name, slot]): [string, Tensor][] => [
				...(slot.master === slot.parameter ? [] : [[`master.${name}`, slot.master] as [string, Tensor]]),
				[`m.${name}`, slot.m],
				[`v.${name}`, slot.v],
				[`steps.${name}`, slot.steps],
			]),
		);
	}

	dispose(): void {
		for (const slot of this.#slots.values()) {
			if (slot.master !== slot.parameter) slot.master.dispose();
			for (const tensor of [slot.m, slot.v, slot.steps]) tensor.dispose();
		}
	}
}
