import type { DecoderConfig } from "../../../formats/hf-config.ts";
import { noGrad } from "../autograd.ts";
import { keep, Tensor } from "../tensor.ts";
import { disposeWeights, type WeightDtype, type Weights } from "../weights.ts";
import { type AdaptedMatrix, type AdapterPart, type AdapterSpec, adapterSpecs } from "./adapter-specs.ts";
import { type LoraConfig, scalingOf } from "./config.ts";

/**
 * A low-rank addition to a matrix (Hu et al. 2021, equation 3): y += scaling B (A x). Projections that share one matrix
 * share one A, their rows below each other, and one B, which is zero outside of each projection's own block.
 */
export interface Adapter extends AdapterSpec {
	readonly a: Tensor;
	readonly b: Tensor;
	readonly scaling: number;
	readonly dropout: number;
}

/** The adapters of one decoder: parameters `layers.<layer>.<matrix>.a` and `.b`, and what they add to. */
export class Adapters {
	readonly config: LoraConfig;
	readonly specs: readonly AdapterSpec[];
	readonly weights: Weights;

	constructor(config: LoraConfig, specs: readonly AdapterSpec[], weights: Weights) {
		this.config = config;
		this.specs = specs;
		this.weights = weights;
	}

	/**
	 * As PEFT begins: A uniform within 1 / sqrt(columns) (Kaiming with a = sqrt 5), B zero, so that the policy is its base.
	 */
	static fresh(model: DecoderConfig, config: LoraConfig, dtype: WeightDtype, seed: number): Adapters {
		const adapters = Adapters.zero(model, config, dtype);
		noGrad(() => {
			adapters.specs.forEach((spec, index) => {
				const bound = 1 / Math.sqrt(spec.columns);
				const a = adapters.weights.get(`${nameOf(spec)}.a`)!;
				const used = a.narrow(0, 0, spec.parts.length * config.rank);
				used.uniform_(-bound, bound, seed * 100_003 + index);
				used.dispose();
			});
		});
		return adapters;
	}

	static zero(model: DecoderConfig, config: LoraConfig, dtype: WeightDtype): Adapters {
		const specs = adapterSpecs(model, config);
		const weights = noGrad(
			() =>
				new Map(
					specs.flatMap((spec): [string, Tensor][] => [
						[`${nameOf(spec)}.a`, keep(Tensor.zeros([spec.depth, spec.columns], dtype))],
						[`${nameOf(spec)}.b`, keep(Tensor.zeros([spec.rows, spec.depth], dtype))],
					]),
				),
		);
		return new Adapters(config, specs, weights);
	}

	/** The same adapters with other weights. */
	withWeights(weights: Weights): Adapters {
		return new Adapters(this.config, this.specs, weights);
	}

	ofLayer(layer: number): Partial<Record<AdaptedMatrix, Adapter>> {
		const own = this.specs.filter((spec) => spec.layer === layer);
		const { dropout } = this.config;
		const scaling = scalingOf(this.config);
		return Object.fromEntries(
			own.map((spec) => {
				const [a, b] = ["a", "b"].map((kind) => this.weights.get(`${nameOf(spec)}.${kind}`)!);
				return [spec.matrix, { ...spec, a, b, scaling, dropout }];
			}),
		);
	}

	/** Each projection's own A [rank, columns] and B [rows, rank] of tensors named as the weights are, as views. */
	forEachPart(
		visit: (part: AdapterPart, a: Tensor, b: Tensor) => void,
		tensors: { get(name: string): Tensor | undefined } = this.weights,
	): void {
		for (const spec of this.specs) {
			const [a, b] = ["a", "b"].map((kind) => tensors.get(`${nameOf(spec)}.${kind}`)!);
			for (const part of spec.parts) {
				const { start, rows, rankStart } = part;
				const rank = [rankStart, spec.rank] as const;
				visit(part, a.narrow(0, ...rank), b.narrow(0, start, rows).narrow(1, ...rank));
			}
		}
	}

	dispose(): void {
		disposeWeights(this.weights);
	}
}

function nameOf({ layer, matrix }: AdapterSpec): string {
	return `layers.${layer}.${matrix}`;
}
