import { expect, test } from "vitest";
import { logAxis, logTicks, short } from "../../src/plots/svg.ts";
import { matmulFloor } from "../floor.ts";
import { shapes } from "../shapes.ts";
import { curvesSvg } from "./curves-chart.ts";
import { boxOf, inside, overlap, placeLabels } from "./labels.ts";
import { curves, distinctPoints, keyOf } from "./plan.ts";
import type { PointMeasurement } from "./point.ts";
import { curveResults, rooflineResult } from "./results.ts";
import { measureRoofline, type RooflineMeasurement, rooflineMeasurement, rooflineSizes } from "./roofline.ts";
import { rooflineSvg } from "./roofline-chart.ts";
import { productSize } from "./roofline-products.ts";

/** @throws where tags are not closed in order, or text is not escaped */
function checkWellFormed(svg: string): void {
	const open: string[] = [];
	for (const [whole, close, name, attributes, alone] of svg.matchAll(/<(\/?)(\w+)([^<>]*?)(\/?)>/g)) {
		if (close === "/") expect(open.pop()).toBe(name);
		else {
			expect(attributes).toMatch(/^( [\w:-]+="[^"<>]*")*$/);
			if (alone === "") open.push(name);
		}
		expect(whole).not.toContain("NaN");
	}
	expect(open).toEqual([]);
	const between = svg.replace(/<\/?\w+(?: [\w:-]+="[^"<>]*")*\/?>/g, "");
	expect(between).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
}

function textsOf(svg: string): string[] {
	return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, content]) => content);
}

/** All curves as a machine would have measured them whose parts take so many times their floors. */
function made() {
	const ratios = { sample: 4, reference: 1.3, learn: 1.5 };
	const measured = new Map(
		distinctPoints(curves).map((point): [string, PointMeasurement] => {
			const floor = matmulFloor(point.config, point.workload, 200);
			const steps = [
				{
					sample: floor.sample * ratios.sample,
					reference: floor.reference * ratios.reference,
					learn: floor.learn * ratios.learn,
				},
			];
			return [
				keyOf(point),
				{ steps, memory: { loaded: 5e8, peak: 6e8 + floor.step * 1e9 }, environment: {} },
			];
		}),
	);
	return curveResults(curves, measured, 200);
}

test("the curves' chart is well-formed and has every title, model, tick and ratio", () => {
	const svg = curvesSvg(made(), 200, 'a <machine> & its "commit"');
	checkWellFormed(svg);
	const texts = textsOf(svg);
	for (const { title, label } of curves) expect(texts).toEqual(expect.arrayContaining([title, label]));
	expect(texts).toEqual(expect.arrayContaining(["small", "smollm2-135m", "smollm2, scaled", "learning, s"]));
	expect(texts).toEqual(expect.arrayContaining(["128", "1024", "135M", "peak memory, GB"]));
	expect(texts.filter((text) => text === "4.0x")).toHaveLength(10 + 3 + 5);
	expect(svg).toContain("a &lt;machine&gt; &amp; its &quot;commit&quot;");
	expect(svg).toContain("prefers-color-scheme: dark");
	expect(svg).not.toMatch(/href|url\(/);
});

/** Products of the shape at three quarters of what a machine allows, or at one that is limited otherwise. */
function rooflineOf(bandwidth: number, gigaflops: number): RooflineMeasurement {
	const { hiddenSize: h, intermediateSize: f, vocabSize } = shapes["smollm2-135m"].config;
	const sizes = { qkv: [960, h], output: [h, h], gateUp: [2 * f, h], down: [h, f], head: [vocabSize, h] };
	const at = (
		group: "decoding" | "learning" | "kernels",
		name: string,
		operations: number,
		bytes: number,
	) => {
		const roof = Math.min(gigaflops, (bandwidth * operations) / bytes);
		return { group, name, operations, bytes, seconds: operations / (0.75 * roof * 1e9) };
	};
	const products = ([group, rows]: readonly ["decoding" | "learning", number]) =>
		Object.entries(sizes).map(([name, [out, columns]]) => {
			const { operations, bytes } = productSize(rows, out, columns, 2, name === "head" ? 4 : 2);
			return at(group, name, operations, bytes);
		});
	const kernels = { RMSNorm: 1, "RMSNorm backward": 1.5, SwiGLU: 1, "SwiGLU backward": 1, AdamW: 0.45 };
	const attention = {
		attention: 66,
		"attention backward": 90,
		"attention, decoding": 6,
		"head statistics": 1.8,
	};
	return {
		...{ bandwidth, copyBytes: 2 ** 29, gigaflops, decodingRows: 64, learningRows: 1024 },
		points: [
			...([["decoding", 64] as const, ["learning", 1024] as const] as const).flatMap(products),
			...Object.entries({ ...kernels, ...attention }).map(([name, intensity]) =>
				at("kernels", name, intensity * 1e6, 1e6),
			),
		],
		environment: {},
	};
}

test.each([
	[10, 50],
	[15, 230],
	[60, 230],
	[300, 4000],
])("the roofline of %d GB/s and %d GFLOP/s names every point", (bandwidth, gigaflops) => {
	const measurement = rooflineOf(bandwidth, gigaflops);
	const svg = rooflineSvg(rooflineResult(measurement), "caption");
	checkWellFormed(svg);
	const texts = textsOf(svg);
	for (const { name } of measurement.points) {
		const wanted = measurement.points.filter((point) => point.name === name).length;
		expect(texts.filter((text) => text === name)).toHaveLength(wanted);
	}
	expect(texts).toContain(`${gigaflops} GFLOP/s: the best product`);
	expect(texts).toContain(`${bandwidth.toFixed(1)} GB/s: a copy in memory`);
	expect(texts).toContain("products of decoding, 64 rows");
});

test("labels cover neither each other nor any point, however near the points are", () => {
	const bounds = { left: 0, top: 0, right: 600, bottom: 400 };
	const points = Array.from(
		{ length: 16 },
		(_, i) => [300 + (i % 4) * 3, 200 + Math.floor(i / 4) * 3] as const,
	);
	const taken = [boxOf("a word in the way", [310, 190])];
	const placed = placeLabels(
		points.map((point, i) => ({ text: `label ${i}`, point })),
		bounds,
		taken,
		[],
	);
	const boxes = placed.map(({ box }) => box);
	boxes.forEach((box, i) => {
		expect(inside(box, bounds)).toBe(true);
		for (const other of [...boxes.slice(0, i), ...taken]) expect(overlap(box, other)).toBe(false);
		for (const [x, y] of points)
			expect(overlap(box, { left: x, top: y, right: x + 1, bottom: y + 1 })).toBe(false);
	});
	expect(() =>
		placeLabels([{ text: "too long for this", point: [5, 5] }], { ...bounds, right: 20 }, [], []),
	).toThrow("no room for its label too long for this");
});

test("the operations and bytes of a product, counted by hand", () => {
	// x [3, 5], W [7, 5], the result [3, 7].
	expect(productSize(3, 7, 5, 2)).toEqual({ operations: 210, bytes: 2 * (15 + 35 + 21) });
	expect(productSize(3, 7, 5, 2, 4).bytes).toBe(2 * (15 + 35) + 4 * 21);
});

test("a logarithmic axis and its ticks", () => {
	const axis = logAxis([1, 10, 100], 0, [0, 100]);
	expect([axis.low, axis.high, axis.at(10)]).toEqual([1, 100, 50]);
	const roomy = logAxis([1, 100], 0.25, [0, 100]);
	expect([1, 100].map((value) => Math.round(roomy.at(value)))).toEqual([17, 83]);
	expect(logAxis([5], 0.1, [0, 100]).at(5)).toBeCloseTo(50, 9);
	expect(logTicks(axis, 7)).toEqual([1, 2, 5, 10, 20, 50, 100]);
	expect(logTicks(axis, 6)).toEqual([1, 10, 100]);
	expect([0.05, 4, 128, 20_000, 1.36e6, 1.345e8].map(short)).toEqual([
		"0.05",
		"4",
		"128",
		"20k",
		"1.4M",
		"135M",
	]);
});

test.each(["f32", "bf16"] as const)("the roofline of the toy is measured in %s", (dtype) => {
	const size = rooflineSizes.toy;
	const measured = measureRoofline(size, { dtype, threads: 1 });
	expect(rooflineMeasurement.parse(JSON.parse(JSON.stringify(measured)))).toEqual(measured);
	const products = measured.points.filter(({ group }) => group === "decoding");
	expect(products.map(({ name }) => name)).toEqual(["qkv", "output", "gateUp", "down", "head"]);
	// 8 rows of 32 through 4 heads of 8 and twice 2 key-value heads.
	expect(products[0].operations).toBe(2 * 8 * 32 * 64);
	// Two groups of a prompt of 4 and 7 completions of 4: 10 pairs, and 7 times 16 and 10. Two products over 32 columns.
	const attention = measured.points.find(({ name }) => name === "attention")!;
	expect(attention.operations).toBe(2 * 2 * 32 * 2 * (10 + 7 * (16 + 10)));
	const width = dtype === "f32" ? 4 : 2;
	expect(attention.bytes).toBe(64 * ((64 + 32) * width + 4 * 4));
	const norm = measured.points.find(({ name }) => name === "RMSNorm")!;
	expect(norm.bytes).toBe(2 * 64 * 32 * width);
	checkWellFormed(rooflineSvg(rooflineResult(measured), ""));
});
