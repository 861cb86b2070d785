import { describe, expect, test } from "vitest";
import { dark, dashOf, light, line, linearAxis, logAxis, marker, seriesAt, styleSheet } from "./svg.ts";

type Rgb = readonly [number, number, number];

function linearRgb(hex: string): Rgb {
	const of = (from: number) => {
		const value = Number.parseInt(hex.slice(from, from + 2), 16) / 255;
		return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	};
	return [of(1), of(3), of(5)];
}

/** WCAG 2.2. */
function contrast(a: string, b: string): number {
	const luminance = (hex: string) => {
		const [red, green, blue] = linearRgb(hex);
		return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	};
	const [most, least] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (most + 0.05) / (least + 0.05);
}

/** How colours look without a kind of cones (Machado, Oliveira and Fernandes 2009, severity 1). */
const sights: Readonly<Record<string, readonly Rgb[]>> = {
	protanopia: [
		[0.152286, 1.052583, -0.204868],
		[0.114503, 0.786281, 0.099216],
		[-0.003882, -0.048116, 1.051998],
	],
	deuteranopia: [
		[0.367322, 0.860646, -0.227968],
		[0.280085, 0.672501, 0.047413],
		[-0.01182, 0.04294, 0.968881],
	],
	tritanopia: [
		[1.255528, -0.076749, -0.178779],
		[-0.078411, 0.930809, 0.147602],
		[0.004733, 0.691367, 0.3039],
	],
};
const all: readonly Rgb[] = [
	[1, 0, 0],
	[0, 1, 0],
	[0, 0, 1],
];

function times(matrix: readonly Rgb[], [x, y, z]: Rgb): Rgb {
	const [a, b, c] = matrix.map(([p, q, r]) => p * x + q * y + r * z);
	return [a, b, c];
}

/** Distance in Oklab (Ottosson 2020): 0.02 can just be told apart side by side. */
function distance(a: string, b: string, sight: readonly Rgb[]): number {
	const oklab = (hex: string) => {
		const [red, green, blue] = times(sight, linearRgb(hex)).map((value) => Math.min(1, Math.max(0, value)));
		const cones = times(
			[
				[0.4122214708, 0.5363325363, 0.0514459929],
				[0.2119034982, 0.6806995451, 0.1073969566],
				[0.0883024619, 0.2817188376, 0.6299787005],
			],
			[red, green, blue],
		);
		return times(
			[
				[0.2104542553, 0.793617785, -0.0040720468],
				[1.9779984951, -2.428592205, 0.4505937099],
				[0.0259040371, 0.7827717662, -0.808675766],
			],
			cones.map(Math.cbrt) as unknown as Rgb,
		);
	};
	const [one, other] = [oklab(a), oklab(b)];
	return Math.hypot(...one.map((value, i) => value - other[i]));
}

describe.each([
	["light", light],
	["dark", dark],
])("the %s palette", (_, palette) => {
	const { series, paper, ink, soft } = palette;
	const pairs = series.flatMap((a, i) => series.slice(0, i).map((b) => [a, b] as const));

	test("can be read on its paper, as text too", () => {
		expect(series).toHaveLength(9);
		for (const colour of [...series, ink, soft]) expect(contrast(colour, paper)).toBeGreaterThan(4.5);
	});

	test("has colours that any eye tells apart", () => {
		for (const [a, b] of pairs) {
			expect(distance(a, b, all), `${a} ${b}`).toBeGreaterThan(0.1);
			for (const [name, sight] of Object.entries(sights))
				expect(distance(a, b, sight), `${a} ${b} ${name}`).toBeGreaterThan(0.05);
		}
	});
});

test("series have a marker each, and another dash than their neighbours", () => {
	const series = Array.from({ length: 9 }, (_, i) => seriesAt(i));
	const shapes = series.map((each) => marker(each, [0, 0]).replaceAll(/(fill|line)\d/g, ""));
	expect(new Set(shapes).size).toBe(9);
	expect(seriesAt(9)).toBe(0);
	for (const each of series.slice(1)) expect(dashOf(each)).not.toBe(dashOf(seriesAt(each - 1)));
	expect(marker(2, [10, 20])).toBe('<polygon class="fill2" points="10,14.5 15.5,24 4.5,24"/>');
	for (const each of series) expect(styleSheet()).toContain(`.line${each}{`);
});

test("a line's dashes", () => {
	const points = [
		[0, 0],
		[1, 2],
	] as const;
	expect(line(points, "axis")).not.toContain("dash");
	expect(line(points, "axis", { dashed: true })).toContain('stroke-dasharray="5 4"');
	expect(line(points, "axis", { dash: "1 2" })).toContain('stroke-dasharray="1 2"');
});

test("axes of one value have room around it", () => {
	expect(linearAxis([3], [0, 100]).at(3)).toBe(50);
	expect(logAxis([3], 0.1, [0, 100]).at(3)).toBeCloseTo(50, 10);
});
