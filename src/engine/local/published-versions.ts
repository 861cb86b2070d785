import { expected } from "../../errors.ts";
import type { SafetensorsFile, TensorToWrite } from "../../formats/safetensors.ts";
import type { RetainedVersions } from "../engine.ts";
import type { Decoder } from "./decoder.ts";
import { bytesOf, copyWeights, rawTensors, readRaw } from "./raw-weights.ts";

/**
 * The policy versions that can be sampled from. A version is copied only when its weights are about to be lost: while
 * nothing has been learned since it was published, the newest one is the policy itself. Where none is to be retained
 * there are no copies at all: the policy as it stands is sampled from.
 */
export class PublishedVersions {
	readonly #policy: Decoder;
	readonly #retain: number;
	readonly #copies = new Map<number, Decoder>();
	#newest = 0;

	/** @param retain versions before the newest that stay. @throws ThaliaError `retain-versions` */
	constructor(policy: Decoder, retain: number) {
		if (!Number.isInteger(retain) || retain < 0) {
			throw expected("retain-versions", "an integer of 0 or more", "retainVersions", retain);
		}
		this.#policy = policy;
		this.#retain = retain;
	}

	get newest(): number {
		return this.#newest;
	}

	/** To be called before the policy's weights change. */
	preserve(): void {
		if (this.#retain === 0 || this.#copies.has(this.#newest)) return;
		this.#copies.set(this.#newest, this.#policy.withTrainable(copyWeights(this.#policy.trainable)));
	}

	/** Makes the policy's weights the newest version. */
	publish(): number {
		this.preserve();
		this.#newest++;
		for (const version of this.#copies.keys()) {
			if (version < this.#newest - this.#retain) this.#drop(version);
		}
		return this.#newest;
	}

	/** @throws ThaliaError `policy-version` */
	decoderOf(version: number): Decoder {
		const copy = this.#copies.get(version);
		if (copy !== undefined) return copy;
		if (version === this.#newest) return this.#policy;
		throw expected(
			"policy-version",
			`a retained policy version (${this.#versions().join(", ")})`,
			"sampling",
			version,
			this.#retain === 0
				? "open the engine with `retainVersions` to sample from earlier versions too"
				: `the engine was opened to retain ${this.#retain} before the newest: open it with a larger \`retainVersions\``,
		);
	}

	retained(): RetainedVersions {
		const bytes = [...this.#copies.values()].reduce((sum, { trainable }) => sum + bytesOf(trainable), 0);
		return { versions: this.#versions(), bytes };
	}

	/** The copies, as `<version>/<parameter>`. */
	tensors(): TensorToWrite[] {
		return [...this.#copies].flatMap(([version, { trainable }]) => rawTensors(trainable, `${version}/`));
	}

	/** The policy has just been given the weights of training at version `newest`; `file` has what `tensors` gave. */
	restore(newest: number, file: SafetensorsFile | undefined): void {
		this.dispose();
		this.#newest = newest;
		if (file === undefined || this.#retain === 0) return;
		const saved = new Set([...file.entries.keys()].map((name) => Number(name.split("/")[0])));
		for (const version of [...saved].sort((a, b) => a - b)) {
			if (version < newest - this.#retain || version > newest) continue;
			const weights = copyWeights(this.#policy.trainable);
			this.#copies.set(version, this.#policy.withTrainable(weights));
			readRaw(file, weights, `${version}/`);
		}
	}

	dispose(): void {
		for (const version of this.#copies.keys()) this.#drop(version);
	}

	#versions(): number[] {
		return [...new Set([...this.#copies.keys(), this.#newest])].sort((a, b) => a - b);
	}

	#drop(version: number): void {
		this.#copies.get(version)?.dispose();
		this.#copies.delete(version);
	}
}
