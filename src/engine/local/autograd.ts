import { expected } from "../../errors.ts";
import { native } from "./native.ts";
import { handlesOf, Tensor } from "./tensor.ts";

/** Runs `body` without recording operations for differentiation. */
export function noGrad<T>(body: () => T): T {
	return withGradMode(false, body);
}

/** Runs `body` recording operations, inside a `noGrad` too. */
export function enableGrad<T>(body: () => T): T {
	return withGradMode(true, body);
}

function withGradMode<T>(on: boolean, body: () => T): T {
	const before = native.setGradEnabled(on);
	try {
		return body();
	} finally {
		native.setGradEnabled(before);
	}
}

/**
 * Vector-Jacobian product: sum over outputs of cotangent^T d(output)/d(input), one tensor an input, undefined where no
 * output depends on it. Frees the recorded graph.
 */
export function vjp(
	outputs: readonly Tensor[],
	inputs: readonly Tensor[],
	cotangents: readonly Tensor[],
): (Tensor | undefined)[] {
	if (outputs.length !== cotangents.length) {
		throw expected("vjp-arguments", `${outputs.length} cotangents, one an output`, "vjp", cotangents.length);
	}
	return native
		.vjp(handlesOf(outputs, "vjp"), handlesOf(inputs, "vjp"), handlesOf(cotangents, "vjp"), false)
		.map((handle) => (handle === undefined ? undefined : new Tensor(handle)));
}
