/** Parts of charts: SVG documents that need nothing else, for light, dark and paper. */

interface Palette {
	readonly paper: string;
	readonly ink: string;
	readonly soft: string;
	readonly grid: string;
	readonly series: readonly [string, string, string];
}

const light: Palette = {
	paper: "#ffffff",
	ink: "#1f2328",
	soft: "#59636e",
	grid: "#e3e6ea",
	series: ["#1a7f5a", "#b35900", "#6639ba"],
};
const dark: Palette = {
	paper: "#0d1117",
	ink: "#e6edf3",
	soft: "#9198a1",
	grid: "#262c36",
	series: ["#3fb68b", "#f0883e", "#a987f0"],
};

/** One of the palette's colours for series: told apart by their markers as well. */
export type Series = 0 | 1 | 2;

// Classes with plain colours, not variables: converters to PDF and PNG know no more.
function rules({ paper, ink, soft, grid, series }: Palette): string {
	return [
		`.paper{fill:${paper}}.ink{fill:${ink}}.soft{fill:${soft}}`,
		`.halo{stroke:${paper};stroke-width:3;stroke-linejoin:round;paint-order:stroke}`,
		`.grid{stroke:${grid}}.axis{stroke:${soft}}.roof{stroke:${ink}}`,
		...series.map((colour, i) => `.fill${i}{fill:${colour}}.line${i}{stroke:${colour}}`),
	].join("");
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
		// Paper keeps the light colours: ink is dear.
		`<style>${rules(light)}@media screen and (prefers-color-scheme: dark){${rules(dark)}}</style>`,
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
	{ width = 1, dashed = false }: { readonly width?: number; readonly dashed?: boolean } = {},
): string {
	const at = points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
	const dashes = dashed ? ' stroke-dasharray="5 4"' : "";
	return `<polyline class="${className}" points="${at}" fill="none" stroke-width="${width}"${dashes}/>`;
}

/** A circle, a square or a triangle. */
export function marker(series: Series, [x, y]: Position): string {
	const [px, py] = [round(x), round(y)];
	if (series === 0) return `<circle class="fill0" cx="${px}" cy="${py}" r="4.5"/>`;
	if (series === 1)
		return `<rect class="fill1" x="${round(x - 4)}" y="${round(y - 4)}" width="8" height="8"/>`;
	const corners = [
		[x, y - 5.5],
		[x + 5.5, y + 4],
		[x - 5.5, y + 4],
	].map(([cx, cy]) => `${round(cx)},${round(cy)}`);
	return `<polygon class="fill2" points="${corners.join(" ")}"/>`;
}

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
