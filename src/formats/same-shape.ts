import { ThaliaError } from "../errors.ts";
import type { DecoderConfig } from "./hf-config.ts";

/** What two networks must agree on for a parameter of one to mean what it means in the other. */
const shapeKeys = [
	"hiddenSize",
	"intermediateSize",
	"numLayers",
	"numHeads",
	"numKvHeads",
	"headDim",
	"tieWordEmbeddings",
	"qkvBias",
	"outputBias",
	"mlpBias",
	"qkNorm",
	"rmsNormEps",
	"ropeTheta",
	"ropeScaling",
] as const satisfies readonly (keyof DecoderConfig)[];

/** Refuses a reference that cannot follow the policy. @throws ThaliaError `reference-shape` */
export function assertSameShape(reference: DecoderConfig, policy: DecoderConfig): void {
	const different = shapeKeys.find((key) => JSON.stringify(reference[key]) !== JSON.stringify(policy[key]));
	if (different === undefined) return;
	throw new ThaliaError(
		"reference-shape",
		`Expected a reference of the policy's shape, ${different} ${JSON.stringify(policy[different])}, for updateReference but its own is ${JSON.stringify(reference[different])}`,
		{ fix: "use a reference of the policy's architecture, or leave it frozen (referenceUpdate: frozen)" },
	);
}
