import { afterEach, describe, expect, test } from "vitest";
import { instructionSets } from "../../testing/instruction-sets.ts";
import { enableGrad, vjp } from "./autograd.ts";
import { type Isa, isas, native } from "./native.ts";
import {
	columnSums_,
	linear,
	linearInputGradient,
	linearWeightGradient_,
	packWeight,
	rmsNorm,
	rmsNormBackward,
	rope_,
	swiglu,
	swigluBackward,
} from "./ops.ts";
import { handleOf, Tensor, tidy } from "./tensor.ts";

// Every kernel under every instruction set of this machine against libtorch in f32, forward and by its autograd.

const before = native.isa();
const threads = native.threads();
afterEach(() => {
	native.useIsa(before);
	native.setThreads(threads);
});

type Dtype = "f32" | "bf16";
const dtypes: readonly Dtype[] = ["f32", "bf16"];
let seed = 1;
/** Random numbers that `dtype` has. */
const random = (shape: number[], dtype: Dtype, deviation = 1) =>
	Tensor.empty(shape).normal_(0, deviation, seed++).to(dtype);
const wide = (t: Tensor) => t.to("f32");

/** The largest difference over the largest value. */
function distance(got: Tensor, want: Tensor): number {
	expect(got.shape).toEqual(want.shape);
	const a = got.toFloat64Array();
	const b = want.toFloat64Array();
	const most = b.reduce((max, x) => Math.max(max, Math.abs(x)), 1e-30);
	return a.reduce((max, x, i) => Math.max(max, Number.isNaN(x) ? Infinity : Math.abs(x - b[i])), 0) / most;
}
/** Rounding once to bf16 is an error of at most 2^-9 of the value. */
const tolerance = (dtype: Dtype) => (dtype === "f32" ? 3e-6 : 2 ** -8);

function use(isa: Isa | "emulated tiles"): void {
	if (isa === "emulated tiles") native.emulateTiles();
	else native.useIsa(isa);
}

/** Where libtorch's own bf16 product runs, its sums are of bf16's precision too. */
describe.each([...instructionSets, "emulated tiles"] as const)("products, %s", (isa) => {
	const sizes = [
		[1, 32, 32],
		[12, 40, 64],
		[31, 100, 96],
		[33, 32, 1568],
		[64, 576, 576],
		[200, 33, 3104],
		[50, 40, 2048],
		[1600, 48, 64],
	];
	test.each(sizes)("%i x %i x %i", (m, n, k) => {
		for (const dtype of dtypes) {
			tidy(() => {
				const [x, w, bias] = [random([m, k], dtype), random([n, k], dtype), random([n], dtype)];
				const [residual, dy] = [random([m, n], dtype, 30), random([m, n], dtype)];
				const sums = random([n, k], "f32", 10);
				const want = wide(x).matmul(wide(w).transpose(0, 1));
				const wantGradient = sums.add(wide(dy).transpose(0, 1).matmul(wide(x)));
				use(isa);
				const tight = tolerance(dtype) * (dtype === "f32" ? 4 : 1);
				const packed = packWeight(w);
				expect(distance(linear(x, w), want)).toBeLessThan(tight);
				expect(distance(linear(x, w, { packed }), want)).toBeLessThan(tight);
				expect(distance(linear(x, w, { bias }), want.add(wide(bias)))).toBeLessThan(tight);
				expect(distance(linear(x, w, { residual, packed }), want.add(wide(residual)))).toBeLessThan(
					2 * tight,
				);
				expect(distance(linearInputGradient(dy, w), wide(dy).matmul(wide(w)))).toBeLessThan(tight);
				linearWeightGradient_(sums, dy, x);
				expect(distance(sums, wantGradient)).toBeLessThan(tight);
			});
		}
	});
});

test("bf16 products of our own add to f32 gradients without rounding them to bf16", () => {
	if (instructionSets.length <= isas.indexOf("avx512_bf16")) native.emulateTiles();
	tidy(() => {
		const [dy, x] = [random([64, 32], "bf16"), random([64, 32], "bf16")];
		const sums = Tensor.zeros([32, 32]);
		linearWeightGradient_(sums, dy, x);
		expect(distance(sums, wide(dy).transpose(0, 1).matmul(wide(x)))).toBeLessThan(1e-6);
	});
});

describe.each(instructionSets)("%s", (isa) => {
	test.each([
		[5, 1, 576],
		[40, 3, 20],
		[1, 2, 7],
	])("rms norm of %i rows of %i x %i", (rows, groups, size) => {
		for (const dtype of dtypes) {
			tidy(() => {
				const width = groups * size;
				const x = random([rows, width + 9], dtype).narrow(1, 4, width);
				const weight = random([size], dtype);
				const [dy, add] = [random([rows, width], dtype), random([rows, width], dtype)];
				const [xs, ws] = [wide(x).contiguous(), wide(weight)].map((t) => t.requiresGrad_());
				const want = enableGrad(() =>
					new Tensor(native.rmsNorm(handleOf(xs.view(rows, groups, size), ""), handleOf(ws, ""), 1e-5)).view(
						rows,
						width,
					),
				);
				const [dx, dw] = vjp([want], [xs, ws], [wide(dy)]);
				native.useIsa(isa);
				expect(distance(rmsNorm(x, weight, 1e-5), want.detach())).toBeLessThan(tolerance(dtype));
				const sums = Tensor.full([size], 3);
				const got = rmsNormBackward(x, weight, dy, sums, 1e-5, add);
				expect(distance(got, dx!.add(wide(add)))).toBeLessThan(tolerance(dtype));
				expect(distance(sums, dw!.add(3))).toBeLessThan(3e-6);
			});
		}
	});

	test.each([
		[7, 1536],
		[3, 21],
	])("swiglu of %i rows of %i", (rows, size) => {
		for (const dtype of dtypes) {
			tidy(() => {
				const gateUp = random([rows, 2 * size], dtype, 4);
				const dy = random([rows, size], dtype);
				const leaf = wide(gateUp).requiresGrad_();
				const want = enableGrad(() => {
					const [gate, up] = leaf.split([size, size], 1);
					return gate.silu().mul(up);
				});
				const [gradient] = vjp([want], [leaf], [wide(dy)]);
				native.useIsa(isa);
				expect(distance(swiglu(gateUp), want.detach())).toBeLessThan(tolerance(dtype));
				const { dGateUp, y } = swigluBackward(gateUp, dy);
				expect(distance(dGateUp, gradient!)).toBeLessThan(tolerance(dtype));
				expect(distance(y, want.detach())).toBeLessThan(tolerance(dtype));
			});
		}
	});

	test("swiglu far out", () => {
		tidy(() => {
			const gateUp = Tensor.fromArray([100, -100, 1e4, -1e4, 0, NaN, 2, 2, 2, 2, 2, 2], [1, 12]);
			native.useIsa(isa);
			const far = [...swiglu(gateUp).toFloat64Array()];
			expect(far[0]).toBeCloseTo(200);
			expect(Math.abs(far[1])).toBeLessThan(1e-30);
			expect(far.slice(2)).toEqual([2e4, -0, 0, NaN]);
		});
	});

	test.each([64, 6])("rope over heads of %i", (d) => {
		for (const dtype of dtypes) {
			tidy(() => {
				const x = random([5, 4 * d], dtype);
				const positions = Tensor.fromArray([0, 3, 1, 1, 2], [5], "i64");
				const angles = random([4, d / 2], "f32");
				const rotation = { positions, cos: angles.cos(), sin: angles.sin() };
				const [cos, sin] = [rotation.cos, rotation.sin].map((t) =>
					Tensor.cat([t, t], 1).indexSelect(0, positions).unsqueeze(1),
				);
				const rotated = new Tensor(
					native.rope(handleOf(wide(x).view(5, 4, d), ""), handleOf(cos, ""), handleOf(sin, "")),
				);
				native.useIsa(isa);
				const got = x.clone();
				rope_(got, 3, rotation);
				const want = Tensor.cat([rotated.narrow(1, 0, 3).reshape(5, 3 * d), wide(x).narrow(1, 3 * d, d)], 1);
				expect(distance(got, want)).toBeLessThan(tolerance(dtype));
				rope_(got, 3, rotation, true);
				expect(distance(got, wide(x))).toBeLessThan(2 * tolerance(dtype));
			});
		}
	});

	test("column sums", () => {
		for (const dtype of dtypes) {
			tidy(() => {
				const x = random([50, 37], dtype);
				const sums = Tensor.full([37], 2);
				native.useIsa(isa);
				columnSums_(sums, x);
				expect(distance(sums, wide(x).sum([0]).add(2))).toBeLessThan(3e-6);
			});
		}
	});

	test("one thread and two give the same bits", () => {
		for (const dtype of dtypes) {
			const once = (count: number) =>
				tidy(() => {
					native.useIsa(isa);
					native.setThreads(count);
					const [x, dy, weight] = [[300, 64], [300, 64], [64]].map((shape, i) => fixed(shape, i, dtype));
					const sums = Tensor.zeros([64]);
					const dx = rmsNormBackward(x, weight, dy, sums, 1e-5);
					return [sums, dx].map((t) => [...t.toFloat64Array()]);
				});
			expect(once(2)).toEqual(once(1));
		}
	});
});

/** The same numbers at every call. */
const fixed = (shape: number[], own: number, dtype: Dtype) =>
	Tensor.empty(shape).normal_(0, 1, own).to(dtype);

test("one thread and two give the same bits in our own products", () => {
	const once = (count: number) =>
		tidy(() => {
			if (instructionSets.includes("avx512_bf16")) native.useIsa(native.machineIsa());
			else native.emulateTiles();
			native.setThreads(count);
			const [x, w, dy] = [
				[300, 64],
				[96, 64],
				[300, 96],
			].map((shape, i) => fixed(shape, i, "bf16"));
			const gradient = Tensor.zeros([96, 64]);
			linearWeightGradient_(gradient, dy, x);
			return [gradient, linearInputGradient(dy, w), linear(x, w)].map((t) => [...t.toFloat64Array()]);
		});
	expect(once(2)).toEqual(once(1));
});

test("an instruction set that the machine has not is refused", () => {
	const missing = isas.at(instructionSets.length);
	if (missing !== undefined) expect(() => native.useIsa(missing)).toThrow(/no instruction set/);
	expect(() => native.useIsa("mmx" as Isa)).toThrow(/no instruction set mmx/);
});
