import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SafetensorsFile } from "../formats/safetensors.ts";
import { fixturesDir } from "./fixtures.ts";

export const goldenModels = ["llama3", "llama_tied", "qwen2", "qwen3", "llama3_sharded_bf16"] as const;

export function modelDir(name: string): string {
	return join(fixturesDir!, "models", name);
}

interface Tolerance {
	readonly rtol: number;
	readonly atol: number;
}

/** What the manifest allows a float32 implementation, by quantity. */
export function tolerances(): Record<"logprobs" | "logits" | "entropy_kl" | "bf16_logits", Tolerance> {
	const manifest = JSON.parse(readFileSync(join(fixturesDir!, "manifest.json"), "utf8")) as {
		tolerance: ReturnType<typeof tolerances>;
	};
	return manifest.tolerance;
}

/** The scalars and the tensors of a model's goldens. */
export class Golden {
	readonly json: GoldenJson;
	readonly #file: SafetensorsFile;

	constructor(name: string) {
		this.json = JSON.parse(readFileSync(join(modelDir(name), "golden.json"), "utf8")) as GoldenJson;
		this.#file = SafetensorsFile.open(join(modelDir(name), "golden.safetensors"));
	}

	has(name: string): boolean {
		return this.#file.entries.has(name);
	}

	shape(name: string): readonly number[] {
		return this.#file.entries.get(name)!.shape;
	}

	names(prefix: string): string[] {
		return [...this.#file.entries.keys()].filter((name) => name.startsWith(prefix));
	}

	floats(name: string): Float32Array {
		return new Float32Array(this.#file.read(name).buffer);
	}

	ints(name: string): number[] {
		return [...new BigInt64Array(this.#file.read(name).buffer)].map(Number);
	}
}

export interface GoldenJson {
	readonly loss: number;
	readonly grad_norm_total: number;
	readonly grad: Record<string, { shape: number[]; norm: number; absmax: number; proj: number }>;
	readonly adamw: {
		readonly hyper: Record<string, number | number[]>;
		readonly losses: number[];
		readonly grad_norms: number[];
		readonly loss_after: number;
	};
	readonly [key: string]: unknown;
}

/** The largest excess of |got - want| over atol + rtol |want|, as a multiple of that tolerance (1 is the limit). */
export function worst(
	got: ArrayLike<number>,
	want: ArrayLike<number>,
	{ rtol, atol }: Tolerance,
	where?: (i: number) => boolean,
): number {
	if (got.length !== want.length) throw new Error(`lengths differ: ${got.length} and ${want.length}`);
	let worst = 0;
	for (let i = 0; i < want.length; i++) {
		if (where !== undefined && !where(i)) continue;
		const excess = Math.abs(got[i] - want[i]) / (atol + rtol * Math.abs(want[i]));
		if (!(excess <= worst)) worst = excess;
	}
	return worst;
}
