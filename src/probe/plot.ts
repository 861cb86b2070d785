/** A row of the plot: a mean with its spread over seeds, each null where it was not measured. */
export interface PlotRow {
	readonly name: string;
	readonly exact: boolean;
	readonly projection: Estimate | null;
	readonly cosine: Estimate | null;
}

export interface Estimate {
	readonly mean: number;
	/** Standard deviation over seeds; null of one seed. */
	readonly deviation: number | null;
}

const width = 900;
const rowHeight = 26;
const top = 84;
const nameWidth = 230;
const panelWidth = 300;
const gap = 40;
/** Exact ones are told apart by shape as well, for eyes and printers that see no colour. */
const colours = { exact: "#1a7f5a", other: "#b35900", axis: "#8a8f98", text: "#1f2328" };

/** How each configuration's gradient stands to the true one, as an SVG document. */
export function plotSvg(title: string, rows: readonly PlotRow[]): string {
	const height = top + rows.length * rowHeight + 40;
	const panels = [
		panel("share of the true gradient (1 is exact)", nameWidth + gap, rows, ({ projection }) => projection),
		panel("cosine with the true gradient", nameWidth + 2 * gap + panelWidth, rows, ({ cosine }) => cosine),
	];
	const names = rows.map(
		({ name }, i) =>
			`<text x="${nameWidth + 14}" y="${rowY(i) + 4}" text-anchor="end">${escape(name)}</text>`,
	);
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="${colours.text}">`,
		`<rect width="100%" height="100%" fill="#ffffff"/>`,
		`<text x="16" y="24" font-size="16" font-weight="600">${escape(title)}</text>`,
		...names,
		...panels.flat(),
		`<circle cx="${nameWidth + gap + 6}" cy="${height - 12}" r="4.5" fill="${colours.exact}"/>`,
		`<text x="${nameWidth + gap + 16}" y="${height - 8}" font-size="12">exact in expectation</text>`,
		`<rect x="${nameWidth + gap + 160}" y="${height - 16}" width="8" height="8" fill="${colours.other}"/>`,
		`<text x="${nameWidth + gap + 174}" y="${height - 8}" font-size="12">follows something else; bars: deviation over seeds</text>`,
		"</svg>",
		"",
	].join("\n");
}

function panel(
	label: string,
	left: number,
	rows: readonly PlotRow[],
	of: (row: PlotRow) => Estimate | null,
): string[] {
	const ends = rows.flatMap((row) => {
		const estimate = of(row);
		return estimate === null
			? []
			: [estimate.mean - (estimate.deviation ?? 0), estimate.mean + (estimate.deviation ?? 0)];
	});
	const [low, high] = [Math.min(-0.2, ...ends), Math.max(1.2, ...ends)];
	const x = (value: number) => left + ((value - low) / (high - low)) * panelWidth;
	const bottom = top + rows.length * rowHeight;
	const ticks = [0, 1].map(
		(value) =>
			`<line x1="${round(x(value))}" y1="${top - 8}" x2="${round(x(value))}" y2="${bottom}" stroke="${colours.axis}" stroke-dasharray="${value === 0 ? "none" : "4 3"}"/>` +
			`<text x="${round(x(value))}" y="${top - 14}" text-anchor="middle" font-size="11" fill="${colours.axis}">${value}</text>`,
	);
	return [
		`<text x="${left + panelWidth / 2}" y="${top - 28}" text-anchor="middle" font-size="12">${escape(label)}</text>`,
		...ticks,
		...rows.flatMap((row, i) => mark(row, of(row), rowY(i), x)),
	];
}

function mark(row: PlotRow, estimate: Estimate | null, y: number, x: (value: number) => number): string[] {
	if (estimate === null) return [];
	const { mean, deviation } = estimate;
	const colour = row.exact ? colours.exact : colours.other;
	const bar =
		deviation === null
			? []
			: [
					`<line x1="${round(x(mean - deviation))}" y1="${y}" x2="${round(x(mean + deviation))}" y2="${y}" stroke="${colour}" stroke-width="2"/>`,
				];
	const at = round(x(mean));
	const point = row.exact
		? `<circle cx="${at}" cy="${y}" r="4.5" fill="${colour}"/>`
		: `<rect x="${at - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"/>`;
	return [...bar, point];
}

function rowY(row: number): number {
	return top + rowHeight * (row + 0.5);
}

function round(value: number): number {
	return Math.round(value * 10) / 10;
}

function escape(text: string): string {
	return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
}
