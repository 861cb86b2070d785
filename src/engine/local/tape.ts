import { enableGrad, noGrad, vjp } from "./autograd.ts";
import type { Decoder } from "./decoder.ts";
import type { Network } from "./packed-attention.ts";
import { keep, type Tensor, tidy } from "./tensor.ts";

/** A forward pass that can be pulled back once. `hidden` carries no graph of its own. */
export interface Tape {
	/** Final hidden states [B, T, hidden]. */
	readonly hidden: Tensor;
	/** Given d(loss)/d(hidden), hands over each parameter's gradient (in the weights' dtype), then forgets everything. */
	backward(cotangent: Tensor, onGradient: (name: string, gradient: Tensor) => void): void;
	dispose(): void;
}

/** A part of the network with a graph of its own, from the part before it cut off. */
interface Segment {
	readonly names: readonly string[];
	/** A leaf; undefined for the embedding, which reads token ids. */
	readonly input: Tensor | undefined;
	readonly run: () => Tensor;
	/** With its graph; undefined where it is to be computed again. */
	readonly recorded: Tensor | undefined;
}

/**
 * Records the network layer by layer, so that on the way back one layer's gradients and activations are alive at a time.
 * @param recompute keep each layer's input alone and compute the layer again on the way back (Chen et al. 2016): memory
 * grows by one hidden state a layer, time by a forward pass
 */
export function record(decoder: Decoder, network: Network, recompute: boolean): Tape {
	const all = [...decoder.weights.keys()];
	const leaves = all.map((name) => decoder.weights.get(name)!.requiresGrad_());
	const segments: Segment[] = [];
	const add = (names: readonly string[], input: Tensor | undefined, run: () => Tensor): Tensor => {
		input?.requiresGrad_();
		const output = recompute ? noGrad(() => tidy(run)) : enableGrad(() => tidy(run));
		if (recompute) {
			segments.push({ names, input, run, recorded: undefined });
			return keep(output);
		}
		segments.push({ names, input, run, recorded: keep(output) });
		return keep(output.detach());
	};
	let x = add(["embed"], undefined, () => decoder.embed(network.tokens));
	for (let layer = 0; layer < decoder.blocks.length; layer++) {
		const input = x;
		const names = all.filter((name) => name.startsWith(`layers.${layer}.`));
		x = add(names, input, () => decoder.layer(layer, input, decoder.positionsOf(network), network.attend));
	}
	const last = x;
	const hidden = add(["finalNorm"], last, () => decoder.finalNorm(last));

	const forget = ({ input, recorded }: Segment) => {
		input?.dispose();
		recorded?.dispose();
	};
	const dispose = () => {
		hidden.dispose();
		for (const segment of segments) forget(segment);
		for (const leaf of leaves) leaf.requiresGrad_(false);
	};
	return {
		hidden,
		backward(cotangent, onGradient) {
			let upstream = cotangent;
			for (let segment = segments.pop(); segment !== undefined; segment = segments.pop()) {
				upstream = pullBack(decoder, segment, upstream, onGradient);
				forget(segment);
			}
			dispose();
		},
		dispose,
	};
}

/** Returns d(loss)/d(input). */
function pullBack(
	decoder: Decoder,
	{ names, input, run, recorded }: Segment,
	upstream: Tensor,
	onGradient: (name: string, gradient: Tensor) => void,
): Tensor {
	return tidy(() => {
		const parameters = names.map((name) => decoder.weights.get(name)!);
		const wanted = input === undefined ? parameters : [...parameters, input];
		const gradients = vjp([recorded ?? enableGrad(run)], wanted, [upstream]);
		names.forEach((name, i) => {
			const gradient = gradients[i];
			if (gradient !== undefined) onGradient(name, gradient);
		});
		return gradients[parameters.length] ?? upstream;
	});
}
