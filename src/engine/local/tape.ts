import { type BlockActivations, blockBackward } from "./block.ts";
import type { Decoder } from "./decoder.ts";
import type { Gradients } from "./gradients.ts";
import type { DropoutSeed } from "./lora/adapter-ops.ts";
import { rmsNormBackward } from "./ops.ts";
import type { Network } from "./packed-attention.ts";
import { keep, type Tensor, tidy } from "./tensor.ts";

/** A forward pass that can be pulled back once. */
export interface Tape {
	/** Final hidden states [N, hidden]. */
	readonly hidden: Tensor;
	/** Given d(loss)/d(hidden), adds every parameter's gradient to `gradients`, then forgets everything. */
	backward(cotangent: Tensor, gradients: Gradients): void;
	dispose(): void;
}

/** A layer's input, and its other activations unless they are to be computed again. */
interface Recorded {
	readonly input: Tensor;
	readonly activations?: BlockActivations;
}

/**
 * Runs the network and keeps what its backward pass needs; on the way back a layer's activations go as soon as they have
 * served.
 * @param recompute keep each layer's input alone and compute the layer again on the way back (Chen et al. 2016): memory
 * grows by one hidden state a layer, time by a forward pass
 * @param dropout of the adapters; none: nothing is dropped
 */
export function record(decoder: Decoder, network: Network, recompute: boolean, dropout?: DropoutSeed): Tape {
	const { config } = decoder;
	const rotation = () => decoder.rotation(network.positions, network.length);
	const seedOf = (layer: number) => (dropout === undefined ? undefined : dropout * config.numLayers + layer);
	const forward = (layer: number, input: Tensor) =>
		decoder.layer(layer, input, rotation(), (qkv) => network.attend(config, qkv), {
			dropout: seedOf(layer),
		});

	const layers: Recorded[] = [];
	let x = keep(tidy(() => decoder.embed(network.tokens)));
	for (let layer = 0; layer < decoder.blocks.length; layer++) {
		const input = x;
		const { output, activations } = tidy(() => {
			const result = forward(layer, input);
			return recompute ? { output: result.output, activations: undefined } : result;
		});
		x = keep(output);
		if (activations !== undefined) keep(tensorsOf(activations));
		layers.push(activations === undefined ? { input } : { input, activations });
	}
	const last = x;
	const hidden = keep(tidy(() => decoder.finalNorm(last)));

	const forget = ({ input, activations }: Recorded) => {
		for (const tensor of activations === undefined ? [input] : tensorsOf(activations)) tensor.dispose();
	};
	const dispose = () => {
		hidden.dispose();
		last.dispose();
		for (const layer of layers) forget(layer);
		layers.length = 0;
	};

	const backward = (cotangent: Tensor, gradients: Gradients) => {
		const sumOf = (name: string) => {
			const parameter = decoder.trainable.get(name);
			return parameter === undefined ? undefined : gradients.sumFor(name, parameter);
		};
		let upstream = keep(
			tidy(() =>
				rmsNormBackward(
					last,
					decoder.weights.get("finalNorm")!,
					cotangent,
					sumOf("finalNorm"),
					config.rmsNormEps,
				),
			),
		);
		last.dispose();
		for (let recorded = layers.pop(); recorded !== undefined; recorded = layers.pop()) {
			const { input, activations } = recorded;
			const layer = layers.length;
			const before = upstream;
			upstream = keep(
				tidy(() =>
					blockBackward(
						config,
						decoder.blocks[layer],
						activations ?? forward(layer, input).activations,
						before,
						rotation(),
						(own, dOut) => network.attendBackward(config, own, dOut),
						(name) => sumOf(`layers.${layer}.${name}`),
						seedOf(layer),
					),
				),
			);
			before.dispose();
			forget(recorded);
		}
		const embedded = upstream;
		tidy(() => {
			sumOf("embed")?.indexAdd_(0, network.tokens, embedded.to("f32"));
		});
		embedded.dispose();
		dispose();
	};
	return { hidden, backward, dispose };
}

function tensorsOf(activations: BlockActivations): Tensor[] {
	return Object.values(activations) as Tensor[];
}
