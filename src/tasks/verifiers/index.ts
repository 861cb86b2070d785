import type { z } from "zod";
import { expected, ThaliaError } from "../../errors.ts";
import { exactVerifier } from "./exact.ts";
import { gsm8kVerifier, mathVerifier } from "./math/math-verifier.ts";
import { regexVerifier } from "./regex.ts";
import type { Verifier, VerifierKind } from "./verifier.ts";

const kinds: readonly VerifierKind[] = [mathVerifier, gsm8kVerifier, exactVerifier, regexVerifier];

/** Every kind of verifier by its name. */
export const verifierKinds: ReadonlyMap<string, VerifierKind> = new Map(
	kinds.map((kind) => [kind.name, kind]),
);

/**
 * A verifier of the kind that has this name.
 * @throws ThaliaError `verifier-unknown`, `verifier-options`
 */
export function makeVerifier(name: string, options: Readonly<Record<string, unknown>> = {}): Verifier {
	const kind = verifierKinds.get(name);
	if (kind === undefined) {
		const near = nearest(name, [...verifierKinds.keys()]);
		const fix = near === undefined ? undefined : `Did you mean ${near}?`;
		throw expected(
			"verifier-unknown",
			`one of ${[...verifierKinds.keys()].join(", ")}`,
			"a verifier",
			name,
			fix,
		);
	}
	const checked = kind.options.safeParse(options);
	if (checked.success) return kind.create(checked.data);
	const [{ path, message }] = checked.error.issues;
	const place = path.length === 0 ? "" : `, ${path.join(".")}`;
	throw new ThaliaError("verifier-options", `options of verifier ${name}${place}: ${message}`, {
		fix: `It has ${optionNames(kind).join(", ") || "none"}.`,
	});
}

/** What a kind's options are called. */
export function optionNames(kind: VerifierKind): readonly string[] {
	const { shape } = kind.options as z.ZodType & { shape?: Record<string, unknown> };
	return shape === undefined ? [] : Object.keys(shape);
}

/** The name that is at most two changes away, of several the nearest. */
function nearest(name: string, names: readonly string[]): string | undefined {
	const distances = names.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
	distances.sort((a, b) => a.distance - b.distance);
	const [best] = distances;
	return best.distance <= 2 && best.distance < best.candidate.length ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++)
			next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
		row = next;
	}
	return row[b.length];
}
