import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expected } from "../../../errors.ts";
import type { DecoderConfig } from "../../../formats/hf-config.ts";
import { type TensorToWrite, writeSafetensors } from "../../../formats/safetensors.ts";
import { noGrad } from "../autograd.ts";
import { tidy } from "../tensor.ts";
import type { WeightDtype } from "../weights.ts";
import { Adapters } from "./adapters.ts";
import { type LoraConfig, type LoraTarget, loraTargets } from "./config.ts";
import { peftConfigFile, peftWeightsFile, readPeftConfig, serializePeftConfig } from "./peft-config.ts";
import { type AdapterPair, peftName, withAdapterPairs } from "./peft-tensors.ts";

/**
 * A PEFT folder's adapters, to be learned on.
 * @throws ThaliaError as `mergeAdapter`; `adapter-unsupported` where layers differ in what they adapt
 */
export function readAdapters(dir: string, model: DecoderConfig, dtype: WeightDtype): Adapters {
	const { rank, alpha, dropout, rankStabilised } = readPeftConfig(dir);
	return withAdapterPairs(dir, model, (pairs) => {
		const targets = targetsOf(pairs, model, dir);
		const adapters = Adapters.zero(model, { rank, alpha, dropout, rankStabilised, targets }, dtype);
		noGrad(() => {
			tidy(() => {
				adapters.forEachPart(({ name }, a, b) => {
					const pair = pairs.find(({ place }) => place.name === name)!;
					if (pair.rank !== rank) {
						const subject = `${dir}: rank of the adapter of ${name}`;
						throw expected("adapter-mismatch", `the r of ${peftConfigFile} (${rank})`, subject, pair.rank);
					}
					a.copy_(pair.a());
					b.copy_(pair.b());
				});
			});
		});
		return adapters;
	});
}

/** Copies what `writeAdapters` wrote of adapters of the same configuration. */
export function restoreAdapters(
	dir: string,
	model: DecoderConfig,
	adapters: Adapters,
	dtype: WeightDtype,
): void {
	const saved = readAdapters(dir, model, dtype);
	noGrad(() => {
		for (const [name, tensor] of adapters.weights) tensor.copy_(saved.weights.get(name)!);
	});
	saved.dispose();
}

/** Writes adapter_config.json and adapter_model.safetensors as PEFT does. @param base the folder that they add to */
export function writeAdapters(dir: string, adapters: Adapters, base: string, dtype: WeightDtype): void {
	const config = serializePeftConfig(adapters.config, base);
	writeFileSync(join(dir, peftConfigFile), `${JSON.stringify(config, null, 2)}\n`);
	const tensors: TensorToWrite[] = [];
	tidy(() => {
		adapters.forEachPart(({ name }, a, b) => {
			for (const [kind, tensor] of [["A", a] as const, ["B", b] as const]) {
				const data = tensor.contiguous().toBytes(dtype);
				const stored = dtype === "f32" ? "F32" : "BF16";
				tensors.push({ name: peftName(name, kind), dtype: stored, shape: tensor.shape, data: () => data });
			}
		});
	});
	writeSafetensors(join(dir, peftWeightsFile), tensors, { format: "pt" });
}

function targetsOf(pairs: readonly AdapterPair[], model: DecoderConfig, dir: string): LoraConfig["targets"] {
	const modules = pairs.map(({ place }) => place.name.split(".").at(-2)!);
	const targets = [...new Set(modules)];
	const odd = targets.find((target) => !(loraTargets as readonly string[]).includes(target));
	if (odd !== undefined)
		throw expected("adapter-unsupported", `some of ${loraTargets.join(", ")}`, `${dir}: targets`, odd);
	if (pairs.length !== targets.length * model.numLayers) {
		const what = `each of ${targets.join(", ")} in all ${model.numLayers} layers`;
		throw expected("adapter-unsupported", what, `${dir}: adapters`, `${pairs.length} adapters`);
	}
	return targets as LoraTarget[];
}
