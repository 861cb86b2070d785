import { document, styleSheet, text } from "../../../plots/svg.ts";

/** A picture of a report: its parts are drawn from the top left. */
export interface Figure {
	readonly id: string;
	readonly title: string;
	readonly caption: string;
	readonly size: readonly [width: number, height: number];
	readonly body: readonly string[];
}

const titleHeight = 40;
const lineHeight = 15;

/** An SVG document of its own. */
export function figureDocument({ title, caption, size: [width, height], body }: Figure): string {
	const lines = linesOf(caption, width);
	const whole = titleHeight + height + lines.length * lineHeight + 12;
	return document(
		title,
		lines.at(-1)!,
		[width, whole],
		[
			`<g transform="translate(0 ${titleHeight})">`,
			...body,
			"</g>",
			...lines
				.slice(0, -1)
				.map((line, i) =>
					text(16, titleHeight + height + (i + 1) * lineHeight, line, { size: 11, className: "soft" }),
				),
		],
	);
}

/** A part of a page that has `styleSheet()`, its title and its caption. */
export function figureInline({ title, size: [width, height], body }: Figure): string {
	const name = title.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${name}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">`,
		...body,
		"</svg>",
	].join("\n");
}

export { styleSheet };

/** A caption in lines that the width has room for. */
function linesOf(caption: string, width: number): string[] {
	const most = Math.floor((width - 32) / 6.2);
	const lines = [""];
	for (const word of caption.split(" ")) {
		const line = lines.at(-1)!;
		if (line !== "" && line.length + word.length >= most) lines.push(word);
		else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
	}
	return lines;
}
