import { expected } from "../../errors.ts";
import type { SafetensorsFile, TensorToWrite } from "../../formats/safetensors.ts";
import { assertSameShape } from "../../formats/same-shape.ts";
import { noGrad } from "./autograd.ts";
import type { Decoder } from "./decoder.ts";
import { copyWeights, rawTensors, readRaw } from "./raw-weights.ts";
import { tidy } from "./tensor.ts";
import { disposeWeights, type Weights } from "./weights.ts";

/**
 * The reference policy, which may follow the policy: reference <- decay reference + (1 - decay) policy, in place.
 * A bf16 reference has 8 bits of mantissa, and an average that moves by less than that would stand still: while one is
 * under way it is computed in f32 weights beside it, and the reference is their rounding.
 */
export class MovingReference {
	readonly decoder: Decoder;
	readonly #reopen: () => Weights;
	#averages: Weights | undefined;
	#moved = false;

	/** @param reopen the weights that the reference was opened with, in new tensors of its dtype */
	constructor(decoder: Decoder, reopen: () => Weights) {
		this.decoder = decoder;
		this.#reopen = reopen;
	}

	/** @throws ThaliaError `reference-decay`, `reference-shape` */
	update(decay: number, policy: Decoder): void {
		if (!(decay >= 0 && decay < 1)) {
			throw expected("reference-decay", "a number from 0 to below 1", "the reference's decay", decay);
		}
		assertSameShape(this.decoder.config, policy.config);
		this.#moved = true;
		noGrad(() => {
			if (decay === 0) this.#copy(policy.weights);
			else this.#average(decay, policy.weights);
		});
	}

	/** What `restore` needs, none where the reference has not moved. */
	tensors(): TensorToWrite[] {
		return this.#moved ? rawTensors(this.#averages ?? this.decoder.weights) : [];
	}

	/** Without a file: as it was opened. */
	restore(file: SafetensorsFile | undefined): void {
		this.#forgetAverages();
		if (file !== undefined) {
			const averaged = this.decoder.dtype === "bf16" && file.entries.get("embed")?.dtype === "F32";
			if (averaged) this.#averages = copyWeights(this.decoder.weights, "f32");
			readRaw(file, this.#averages ?? this.decoder.weights);
			noGrad(() => {
				this.#round();
			});
		} else if (this.#moved) {
			const opened = this.#reopen();
			noGrad(() => {
				for (const [name, tensor] of this.decoder.weights) tensor.copy_(opened.get(name)!);
			});
			disposeWeights(opened);
		}
		this.#moved = file !== undefined;
	}

	dispose(): void {
		this.#forgetAverages();
		this.decoder.dispose();
	}

	#copy(policy: Weights): void {
		this.#forgetAverages();
		for (const [name, tensor] of this.decoder.weights) tensor.copy_(policy.get(name)!);
	}

	#average(decay: number, policy: Weights): void {
		if (this.decoder.dtype === "bf16") this.#averages ??= copyWeights(this.decoder.weights, "f32");
		for (const [name, average] of this.#averages ?? this.decoder.weights) {
			// As a move towards the policy, so that a reference that is the policy stays it to the bit.
			tidy(() =>
				average.add_(
					policy
						.get(name)!
						.to("f32")
						.sub(average)
						.mul_(1 - decay),
				),
			);
		}
		this.#round();
	}

	#round(): void {
		for (const [name, average] of this.#averages ?? []) this.decoder.weights.get(name)!.copy_(average);
	}

	#forgetAverages(): void {
		if (this.#averages !== undefined) disposeWeights(this.#averages);
		this.#averages = undefined;
	}
}
