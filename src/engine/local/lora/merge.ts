import type { DecoderConfig } from "../../../formats/hf-config.ts";
import { noGrad } from "../autograd.ts";
import { tidy } from "../tensor.ts";
import type { Weights } from "../weights.ts";
import { scalingOf } from "./config.ts";
import { readPeftConfig } from "./peft-config.ts";
import { withAdapterPairs } from "./peft-tensors.ts";

/**
 * Adds a PEFT adapter into the weights: W += scaling B A, scaling = alpha / r, or alpha / sqrt(r) with rsLoRA
 * (Hu et al. 2021; Kalajdzievski 2023).
 * @throws ThaliaError `adapter-missing`, `adapter-unsupported`, `adapter-mismatch`, before any weight changes
 */
export function mergeAdapter(weights: Weights, config: DecoderConfig, dir: string): void {
	const scaling = scalingOf({ ...readPeftConfig(dir), targets: [] });
	withAdapterPairs(dir, config, (pairs) => {
		for (const pair of pairs) {
			const { place } = pair;
			noGrad(() => {
				tidy(() => {
					const rows = weights.get(place.parameter)!.narrow(0, place.start, place.rows);
					rows.copy_(rows.to("f32").add(pair.b().to("f32").matmul(pair.a().to("f32")).mul(scaling)));
				});
			});
		}
	});
}
