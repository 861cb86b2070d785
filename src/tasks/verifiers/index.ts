import { expected } from "../../errors.ts";
import { nearest } from "../../recipe/nearest.ts";
import { checkRecipe } from "../../recipe/read-recipe.ts";
import { javascript } from "./code/javascript.ts";
import { python } from "./code/python.ts";
import { countdown } from "./countdown.ts";
import { multipleChoice } from "./multiple-choice.ts";
import { standInMath } from "./stand-in-math.ts";
import type { Verifier, VerifierKind } from "./verifier.ts";

const kinds = [
	standInMath,
	countdown,
	multipleChoice,
	python,
	javascript,
] as unknown as readonly VerifierKind[];

/** Every kind of verifier by its name. */
export const verifierKinds: ReadonlyMap<string, VerifierKind> = new Map(
	kinds.map((kind) => [kind.name, kind]),
);

/** @throws ThaliaError `verifier-unknown`, `recipe-invalid` for options that it does not have */
export function makeVerifier(name: string, options: unknown = {}): Verifier {
	const kind = verifierKinds.get(name);
	if (kind === undefined) {
		const names = [...verifierKinds.keys()];
		const right = nearest(name, names);
		const fix = right === undefined ? undefined : `did you mean ${right}?`;
		throw expected("verifier-unknown", `one of ${names.join(", ")}`, "a verifier", name, fix);
	}
	return kind.create(checkRecipe(kind.options, options, `options of verifier ${name}`));
}
