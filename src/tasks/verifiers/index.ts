import type { z } from "zod";
import { expected } from "../../errors.ts";
import { nearest } from "../../recipe/nearest.ts";
import { checkRecipe } from "../../recipe/read-recipe.ts";
import { javascript } from "./code/javascript.ts";
import { python } from "./code/python.ts";
import { countdown } from "./countdown.ts";
import { exactVerifier } from "./exact.ts";
import { gsm8kVerifier, mathVerifier } from "./math/math-verifier.ts";
import { multipleChoice } from "./multiple-choice.ts";
import { regexVerifier } from "./regex.ts";
import type { Verifier, VerifierKind } from "./verifier.ts";

const kinds: readonly VerifierKind[] = [
	mathVerifier,
	gsm8kVerifier,
	multipleChoice,
	countdown,
	python,
	javascript,
	exactVerifier,
	regexVerifier,
];

/** Every kind of verifier by its name. */
export const verifierKinds: ReadonlyMap<string, VerifierKind> = new Map(
	kinds.map((kind) => [kind.name, kind]),
);

/**
 * A verifier of the kind that has this name.
 * @throws ThaliaError `verifier-unknown`, `recipe-invalid` for options that it does not have
 */
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

/** What a kind's options are called. */
export function optionNames(kind: VerifierKind): readonly string[] {
	const { shape } = kind.options as z.ZodType & { shape?: Record<string, unknown> };
	return shape === undefined ? [] : Object.keys(shape);
}
