/** Parts of charts: SVG documents that need nothing else, for light, dark and paper. */

export interface Palette {
	readonly paper: string;
	readonly ink: string;
	readonly soft: string;
	readonly grid: string;
	/** Told apart by eyes that lack a kind of cones too, and dark or light enough to be read as text. */
	readonly series: readonly string[];
}

export const light: Palette = {
	paper: "#ffffff",
	ink: "#1f2328",
	soft: "#59636e",
	grid: "#e3e6ea",
	series: [
		...["#1a7f5a", "#b35900", "#6639ba"],
		...["#2d70db", "#93017b", "#152127"],
		...["#780511", "#5c5411", "#0e4756"],
	],
};
export const dark: Palette = {
	paper: "#0d1117",
	ink: "#e6edf3",
	soft: "#9198a1",
	grid: "#262c36",
	series: [
		...["#3fb68b", "#f0883e", "#a987f0"],
		...["#d3e3fb", "#e84ec6", "#a6b6bd"],
		...["#fa313a", "#dccf6a", "#588c9d"],
	],
};

/** One of the palette's colours for series: told apart by their markers as well, and by their dashes. */
export type Series = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The series of a place in a list; after nine they come again. */
export function seriesAt(index: number): Series {
	return (index % dashes.length) as Series;
}

const dashes = ["", "8 3", "2.5 2.5", "", "8 3", "2.5 2.5", "10 3 2 3", "", "5 3"] as const;

export function dashOf(series: Series): string {
	return dashes[series];
}

// Classes with plain colours, not variables: converters to PDF and PNG know no more.
function rules({ paper, ink, soft, grid, series }: Palette): string {
	return [
		`.paper{fill:${paper}}.ink{fill:${ink}}.soft{fill:${soft}}`,
		`.halo{stroke:${paper};stroke-width:3;stroke-linejoin:round;paint-order:stroke}`,
		`.grid{stroke:${grid}}.axis{stroke:${soft}}.roof{stroke:${ink}}`,
		...series.map((colour, i) => `.fill${i}{fill:${colour}}.line${i}{stroke:${colour}}`),
	].join("");
}

/** The classes that parts of charts have. */
export function styleSheet(): string {
	// Paper keeps the light colours: ink is dear.
	return `${rules(light)}@media screen and (prefers-color-scheme: dark){${rules(dark)}}`;
}

/** @param caption what was measured where, in small print below */
export function document(
	title: string,
	caption: string,
	[width, height]: readonly [number, number],
	body: readonly string[],
): string {
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
		`<title>${escape(title)}</title>`,
		`<style>${styleSheet()}</style>`,
		`<rect class="paper" width="100%" height="100%"/>`,
		text(16, 26, title, { size: 16, weight: 600 }),
		...body,
		text(16, height - 12, caption, { size: 11, className: "soft" }),
		"</svg>",
		"",
	].join("\n");
}

interface TextStyle {
	readonly anchor?: "start" | "middle" | "end";
	readonly size?: number;
	readonly weight?: number;
	readonly className?: string;
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
	const { anchor = "start", size = 12, weight = 400, className = "ink" } = style;
	const extra = weight === 400 ? "" : ` font-weight="${weight}"`;
	return `<text class="${className}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}"${extra}>${escape(content)}</text>`;
}

export type Position = readonly [x: number, y: number];

export function line(
	points: readonly Position[],
	className: string,
	{ width = 1, dashed = false, dash = dashed ? "5 4" : "" }: LineStyle = {},
): string {
	const dashes = dash === "" ? "" : ` stroke-dasharray="${dash}"`;
	return `<polyline class="${className}" points="${coordinates(points)}" fill="none" stroke-width="${width}"${dashes}/>`;
}

interface LineStyle {
	readonly width?: number;
	readonly dashed?: boolean;
	/** Lengths of dashes and gaps, in pixels. */
	readonly dash?: string;
}

/** What lies between a lower and an upper line, so faint that several can lie over each other. */
export function area(points: readonly Position[], className: string): string {
	return `<polygon class="${className}" points="${coordinates(points)}" fill-opacity="0.12"/>`;
}

function coordinates(points: readonly Position[]): string {
	return points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
}

/** A shape of the series' own, of about 9 pixels times `scale`. */
export function marker(series: Series, [x, y]: Position, scale = 1): string {
	const shape = shapes[series];
	const at = shape.points?.map(([dx, dy]): Position => [x + scale * dx, y + scale * dy]);
	const paint =
		shape.hollow === true ? `class="line${series} paper" stroke-width="2"` : `class="fill${series}"`;
	if (at === undefined)
		return `<circle ${paint} cx="${round(x)}" cy="${round(y)}" r="${round(4.5 * scale)}"/>`;
	if (shape.strokes === undefined) return `<polygon ${paint} points="${coordinates(at)}"/>`;
	return shape.strokes
		.map(([from, to]) => line([at[from], at[to]], `line${series}`, { width: 2.5 }))
		.join("");
}

interface Shape {
	/** Corners; a circle has none. */
	readonly points?: readonly Position[];
	/** An outline, filled with the paper's colour: no line shows through. */
	readonly hollow?: boolean;
	/** Corners that lines join, where they are not an outline. */
	readonly strokes?: readonly (readonly [from: number, to: number])[];
}

/** A square's corners, or those of one that stands on its tip. */
const square = (r: number): Position[] => [
	[-r, -r],
	[r, -r],
	[r, r],
	[-r, r],
];
const tipped = (r: number): Position[] => [
	[0, -r],
	[r, 0],
	[0, r],
	[-r, 0],
];
const triangle: readonly Position[] = [
	[0, -5.5],
	[5.5, 4],
	[-5.5, 4],
];
const across = [
	[0, 2],
	[1, 3],
] as const;

const shapes: readonly Shape[] = [
	{},
	{ points: square(4) },
	{ points: triangle },
	{ points: tipped(5.5) },
	{ points: triangle.map(([x, y]) => [x, -y]) },
	{ points: tipped(5.5), strokes: across },
	{ hollow: true },
	{ points: square(4), hollow: true },
	{ points: square(4), strokes: across },
];

export interface Axis {
	readonly low: number;
	readonly high: number;
	/** Pixel of a value. */
	readonly at: (value: number) => number;
}

/** A logarithmic axis over `values`, from pixel `from` to pixel `to`, with `room` of their extent (at least 4x) at each end. */
export function logAxis(
	values: readonly number[],
	room: number,
	[from, to]: readonly [number, number],
): Axis {
	const [least, most] = [Math.min(...values), Math.max(...values)];
	const factor = Math.max(4, most / least) ** room;
	const [low, high] = [least / factor, most * factor];
	const at = (value: number) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
	return { low, high, at };
}

/** A linear axis over `values`, from pixel `from` to pixel `to`, a little wider than they are; of one value, around it. */
export function linearAxis(values: readonly number[], [from, to]: readonly [number, number]): Axis {
	const [least, most] = [Math.min(...values), Math.max(...values)];
	const room = most > least ? 0.06 * (most - least) : Math.max(0.5, Math.abs(most) / 10);
	const [low, high] = [least - room, most + room];
	return { low, high, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** Round values on a linear axis, `most` at most: multiples of 1, 2 or 5 times a power of ten. */
export function linearTicks({ low, high }: Axis, most: number): number[] {
	const span = high - low;
	const power = Math.floor(Math.log10(span / most));
	const step = [1, 2, 5, 10, 20, 50]
		.map((leading) => Number(`${leading}e${power}`))
		.find((candidate) => span / candidate <= most)!;
	const first = Math.ceil(low / step);
	const count = Math.floor(high / step) - first + 1;
	// A sum of steps would not end in round numbers.
	return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Round values on a logarithmic axis, as many as fit: 1, 2 and 5 of each decade, or 1 alone. */
export function logTicks({ low, high }: Axis, most: number): number[] {
	const decades = Array.from(
		{ length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
		(_, i) => i + Math.floor(Math.log10(low)),
	);
	const of = (leading: readonly number[]) =>
		decades
			// A product with 10^-n is not the nearest number to what it is to be.
			.flatMap((decade) => leading.map((digit) => Number(`${digit}e${decade}`)))
			.filter((value) => value >= low && value <= high);
	const fine = of([1, 2, 5]);
	if (fine.length <= most) return fine;
	const coarse = of([1]);
	return coarse.length >= 2 ? coarse : fine.filter((_, i) => i % 2 === 0);
}

/** A number as an axis shows it: three digits, thousands as k, millions as M. */
export function short(value: number): string {
	const scaled = (by: number) => String(Number((value / by).toPrecision(value / by >= 100 ? 3 : 2)));
	if (value >= 1e6) return `${scaled(1e6)}M`;
	return value >= 10_000 ? `${scaled(1e3)}k` : String(Number(value.toPrecision(4)));
}

function round(value: number): number {
	return Math.round(value * 10) / 10;
}

function escape(content: string): string {
	return content.replace(
		/[&<>"]/g,
		(c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c,
	);
}
