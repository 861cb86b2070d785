import { expected, ThaliaError } from "../../errors.ts";
import type { TokenCotangents } from "../engine.ts";
import type { HeadCotangents } from "./head.ts";

/**
 * What `weigh` returned, end to end; `offsets` has where each sequence's tokens begin, and the total.
 * @throws ThaliaError `cotangents`
 */
export function flattenCotangents(
	cotangents: readonly TokenCotangents[],
	offsets: readonly number[],
	withDivergence: boolean,
): HeadCotangents {
	const count = offsets.length - 1;
	if (cotangents.length !== count) {
		throw expected("cotangents", `${count} cotangents, one a sequence`, "weigh's result", cotangents.length);
	}
	if (!withDivergence && cotangents.some((c) => c.divergence !== undefined)) {
		throw new ThaliaError(
			"cotangents",
			"Expected no cotangent of the divergence from weigh: its outputs had no divergence",
			{ fix: "ask accumulate for it with `divergence: {}`" },
		);
	}
	const flat = (name: keyof TokenCotangents) => flatten(name, cotangents, offsets);
	const [entropy, divergence] = [flat("entropy"), flat("divergence")];
	return {
		logprobs: flat("logprobs") ?? new Float32Array(offsets[count]),
		...(entropy === undefined ? {} : { entropy }),
		...(divergence === undefined ? {} : { divergence }),
	};
}

/** Undefined where no sequence has it, zeros where some have not. */
function flatten(
	name: keyof TokenCotangents,
	cotangents: readonly TokenCotangents[],
	offsets: readonly number[],
): Float32Array | undefined {
	if (cotangents.every((cotangent) => cotangent[name] === undefined)) return undefined;
	const into = new Float32Array(offsets.at(-1)!);
	cotangents.forEach(({ [name]: values }, b) => {
		if (values === undefined) return;
		const length = offsets[b + 1] - offsets[b];
		if (values.length !== length) {
			throw expected("cotangents", `${length} numbers`, `${name} of cotangent ${b}`, values.length);
		}
		into.set(values, offsets[b]);
	});
	return into;
}
