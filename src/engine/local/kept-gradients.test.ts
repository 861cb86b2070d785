import { expect, test } from "vitest";
import { Gradients } from "./gradients.ts";
import { KeptGradients } from "./kept-gradients.ts";
import { liveTensors, Tensor, tidy } from "./tensor.ts";

function gradients(parameters: Readonly<Record<string, ArrayLike<number>>>): Gradients {
	const made = new Gradients();
	tidy(() => {
		for (const [name, values] of Object.entries(parameters)) {
			const gradient = Tensor.fromArray(values, [values.length]);
			made.sumFor(name, gradient).add_(gradient);
		}
	});
	return made;
}

test("inner products over all parameters, one that is missing counting as zero", () => {
	const before = liveTensors();
	const kept = new KeptGradients();
	const first = gradients({ a: [1, 2], b: [3] });
	kept.keep("x", first);
	expect(first.empty).toBe(true);
	kept.keep("y", gradients({ a: [-1, 4] }));
	kept.keep("z", gradients({ b: [5], c: [7] }));
	expect(kept.products(["x", "y", "z"])).toEqual([
		[14, 7, 15],
		[7, 17, 0],
		[15, 0, 74],
	]);
	expect(kept.products(["z", "x"])).toEqual([
		[74, 15],
		[15, 14],
	]);
	expect(kept.products([])).toEqual([]);
	kept.clear();
	expect(liveTensors()).toBe(before);
});

test("a name that is there is added to, one that was dropped begins anew", () => {
	const before = liveTensors();
	const kept = new KeptGradients();
	kept.keep("x", gradients({ a: [1, 2] }));
	kept.keep("x", gradients({ a: [10, 20], b: [1] }));
	expect(kept.products(["x"])).toEqual([[11 * 11 + 22 * 22 + 1]]);
	kept.drop(["x"]);
	expect(liveTensors()).toBe(before);
	kept.keep("x", gradients({ a: [1, 1] }));
	expect(kept.products(["x"])).toEqual([[2]]);
	kept.clear();
});

test("products are of f64 precision, whatever the size", () => {
	const kept = new KeptGradients();
	// f32 sums of these lose every one of the small terms.
	const size = 2 ** 20 + 3;
	const large = new Float32Array(size).fill(1);
	large[0] = 2 ** 30;
	const other = new Float32Array(size).fill(1);
	other[0] = 2 ** 18;
	kept.keep("x", gradients({ a: large }));
	kept.keep("y", gradients({ a: other }));
	expect(kept.products(["x", "y"])[0][1]).toBe(2 ** 48 + size - 1);
	kept.clear();
});

test("an unknown name is refused with those that are kept, and nothing is dropped", () => {
	const kept = new KeptGradients();
	expect(() => kept.products(["x"])).toThrow(/there is none/);
	kept.keep("x", gradients({ a: [3] }));
	kept.keep("y", gradients({ a: [4] }));
	const error = expect.objectContaining({
		code: "gradient-name",
		message: expect.stringContaining('"x", "y"') as string,
	}) as Error;
	expect(() => kept.products(["x", "w"])).toThrow(error);
	expect(() => {
		kept.drop(["x", "w"]);
	}).toThrow(error);
	expect(kept.products(["x"])).toEqual([[9]]);
	kept.clear();
});
