import { describe, expect, test } from "vitest";
import { ThaliaError } from "../../errors.ts";
import { noGrad, vjp } from "./autograd.ts";
import { keep, liveTensors, Tensor, tidy } from "./tensor.ts";

describe("memory", () => {
	test("tidy disposes all but what it returns, nested and in containers", () => {
		const before = liveTensors();
		const { kept, list } = tidy(() => {
			const a = Tensor.full([2, 2], 3);
			const inner = tidy(() => a.add(1).mul(a));
			return { kept: inner, list: [a.neg()] };
		});
		expect(kept.toFloat32Array()).toEqual(new Float32Array([12, 12, 12, 12]));
		expect(liveTensors()).toBe(before + 2);
		kept.dispose();
		list[0].dispose();
		list[0].dispose();
		expect(liveTensors()).toBe(before);
	});

	test("an exception disposes everything, and keep() takes a tensor out", () => {
		const before = liveTensors();
		let saved: Tensor | undefined;
		expect(() =>
			tidy(() => {
				saved = keep(Tensor.zeros([4]));
				Tensor.zeros([5]).add(1);
				throw new Error("no");
			}),
		).toThrow("no");
		expect(liveTensors()).toBe(before + 1);
		expect(saved?.disposed).toBe(false);
		saved?.dispose();
	});

	test("a disposed tensor is refused by name", () => {
		const t = Tensor.zeros([1]);
		t.dispose();
		expect(() => t.add(1)).toThrow(expect.objectContaining({ code: "tensor-disposed" }));
	});
});

describe("values and errors", () => {
	test.each(["f32", "bf16", "f16", "f64", "i64", "i32"] as const)("numbers go in and out as %s", (dtype) => {
		const t = Tensor.fromArray([1, -2, 96, 0], [2, 2], dtype);
		expect(t.dtype).toBe(dtype);
		expect(t.shape).toEqual([2, 2]);
		expect([...t.toFloat64Array()]).toEqual([1, -2, 96, 0]);
		expect([...Tensor.fromBytes(t.toBytes(), [4], dtype).toInt32Array()]).toEqual([1, -2, 96, 0]);
		t.dispose();
	});

	test("libtorch's complaint arrives as a ThaliaError with the caller's stack", () => {
		function multiplyWrongly() {
			return Tensor.zeros([2, 3]).matmul(Tensor.zeros([2, 3]));
		}
		try {
			multiplyWrongly();
			expect.unreachable();
		} catch (error) {
			expect(error).toBeInstanceOf(ThaliaError);
			expect(error).toMatchObject({
				code: "libtorch",
				message: expect.stringMatching(/^matmul: .*2x3 and 2x3/) as string,
			});
			expect((error as Error).stack).toContain("multiplyWrongly");
		}
	});

	test("arguments are checked before native code sees them", () => {
		expect(() => Tensor.fromArray([1, 2], [3])).toThrow(expect.objectContaining({ code: "tensor-size" }));
		expect(() => Tensor.zeros([2.5])).toThrow(expect.objectContaining({ code: "tensor-shape" }));
		expect(() => Tensor.zeros([2]).add("x" as unknown as Tensor)).toThrow(
			expect.objectContaining({ code: "tensor-type" }),
		);
		expect(() => Tensor.zeros([2]).narrow(0, 0.5, 1)).toThrow(
			expect.objectContaining({ code: "tensor-argument" }),
		);
	});
});

describe("differentiation", () => {
	test("an input that nothing depends on has no gradient", () => {
		tidy(() => {
			const [a, b] = [Tensor.full([2], 2), Tensor.full([2], 3)];
			a.requiresGrad_();
			b.requiresGrad_();
			const [ga, gb] = vjp([a.mul(a)], [a, b], [Tensor.full([2], 1)]);
			expect([...ga!.toFloat32Array()]).toEqual([4, 4]);
			expect(gb).toBeUndefined();
		});
	});

	test("noGrad records nothing", () => {
		tidy(() => {
			const a = Tensor.full([2], 2).requiresGrad_();
			expect(noGrad(() => a.mul(a)).requiresGrad).toBe(false);
			expect(a.mul(a).requiresGrad).toBe(true);
		});
	});
});
