import { enableGrad, noGrad, vjp } from "./autograd.ts";
import { causalAttention, type Decoder } from "./decoder.ts";
import { keep, type Tensor, tidy } from "./tensor.ts";

/** A forward pass that can be pulled back once. `hidden` carries no graph of its own. */
export interface Tape {
	/** Final hidden states [B, T, hidden]. */
	readonly hidden: Tensor;
	/** Given d(loss)/d(hidden), hands over each parameter's gradient (in the weights' dtype), then forgets everything. */
	backward(cotangent: Tensor, onGradient: (name: string, gradient: Tensor) => void): void;
	dispose(): void;
}

/** Keeps every layer's activations: fastest. */
export function recordAll(decoder: Decoder, tokens: Tensor): Tape {
	const names = [...decoder.weights.keys()];
	const leaves = names.map((name) => decoder.weights.get(name)!.requiresGrad_());
	const output = keep(enableGrad(() => decoder.forward(tokens)));
	const hidden = keep(output.detach());
	const dispose = () => {
		output.dispose();
		hidden.dispose();
		for (const leaf of leaves) leaf.requiresGrad_(false);
	};
	return {
		hidden,
		backward(cotangent, onGradient) {
			tidy(() => {
				const gradients = vjp([output], leaves, [cotangent]);
				dispose();
				names.forEach((name, i) => {
					const gradient = gradients[i];
					if (gradient !== undefined) onGradient(name, gradient);
				});
			});
		},
		dispose,
	};
}

/**
 * Keeps each layer's input alone and computes the layer again on the way back (Chen et al. 2016): memory grows by one
 * hidden state a layer, time by a forward pass.
 */
export function recordLayerInputs(decoder: Decoder, tokens: Tensor): Tape {
	const layers = decoder.blocks.length;
	const inputs: Tensor[] = [];
	const positionsUpTo = () => decoder.positionsUpTo(tokens.shape[1]);
	const hidden = noGrad(() =>
		tidy(() => {
			const positions = positionsUpTo();
			inputs.push(keep(decoder.embed(tokens)));
			for (let layer = 0; layer < layers; layer++) {
				inputs.push(keep(tidy(() => decoder.layer(layer, inputs[layer], positions, causalAttention))));
			}
			return keep(decoder.finalNorm(inputs[layers]));
		}),
	);
	const dispose = () => {
		hidden.dispose();
		for (const input of inputs) input.dispose();
	};
	return {
		hidden,
		backward(cotangent, onGradient) {
			tidy(() => {
				const segment = (
					names: readonly string[],
					input: Tensor | undefined,
					run: () => Tensor,
					upstream: Tensor,
				) =>
					tidy(() => {
						const leaves = names.map((name) => decoder.weights.get(name)!.requiresGrad_());
						input?.requiresGrad_();
						const wanted = input === undefined ? leaves : [...leaves, input];
						const gradients = vjp([enableGrad(run)], wanted, [upstream]);
						for (const leaf of leaves) leaf.requiresGrad_(false);
						names.forEach((name, i) => {
							const gradient = gradients[i];
							if (gradient !== undefined) onGradient(name, gradient);
						});
						input?.dispose();
						return gradients[leaves.length] ?? upstream;
					});
				const all = [...decoder.weights.keys()];
				const positions = positionsUpTo();
				let upstream = segment(
					["finalNorm"],
					inputs[layers],
					() => decoder.finalNorm(inputs[layers]),
					cotangent,
				);
				for (let layer = layers - 1; layer >= 0; layer--) {
					const names = all.filter((name) => name.startsWith(`layers.${layer}.`));
					const run = () => decoder.layer(layer, inputs[layer], positions, causalAttention);
					upstream = segment(names, inputs[layer], run, upstream);
				}
				segment(["embed"], undefined, () => decoder.embed(tokens), upstream);
				dispose();
			});
		},
		dispose,
	};
}
