import type { Report } from "./model.ts";
import { type Part, partsOf } from "./parts.ts";
import { type Figure, figureInline, styleSheet } from "./plots/index.ts";
import type { Table } from "./sections/section.ts";

/** One page that needs nothing else: no script, no font, no picture from elsewhere. Light, dark and on paper. */
export function htmlOf(report: Report): string {
	const parts = partsOf(report);
	return [
		"<!doctype html>",
		'<html lang="en">',
		"<head>",
		'<meta charset="utf-8">',
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		// What a label or a reason holds can load nothing, whatever it is.
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
		'<meta name="color-scheme" content="light dark">',
		`<title>${escape(report.title)}</title>`,
		`<style>${pageStyle}${styleSheet()}</style>`,
		"</head>",
		"<body>",
		`<header><h1>${escape(report.title)}</h1></header>`,
		`<nav aria-label="Contents"><ol>${parts.map(({ id, title }) => `<li><a href="#${id}">${escape(title)}</a></li>`).join("")}</ol></nav>`,
		"<main>",
		...parts.map(partHtml),
		"</main>",
		"</body>",
		"</html>",
		"",
	].join("\n");
}

function partHtml({ id, title, paragraphs, table, figures = [] }: Part): string {
	return [
		`<section id="${id}">`,
		`<h2>${escape(title)}</h2>`,
		...paragraphs.map((paragraph) => `<p>${escape(paragraph)}</p>`),
		...(table === undefined ? [] : [tableHtml(table)]),
		...figures.map(figureHtml),
		"</section>",
	].join("\n");
}

function tableHtml({ caption, columns, rows, marked }: Table): string {
	const cell = (tag: "th" | "td", text: string, i: number) => {
		const right = columns[i].right === true ? ' class="n"' : "";
		return `<${tag}${tag === "th" ? ' scope="col"' : ""}${right}>${escape(text)}</${tag}>`;
	};
	const head = columns.some((column) => column.head !== "")
		? `<thead><tr>${columns.map((column, i) => cell("th", column.head, i)).join("")}</tr></thead>`
		: "";
	const body = rows.map(
		(row, r) =>
			`<tr${marked?.[r] === true ? ' class="marked"' : ""}>${row.map((text, i) => cell("td", text, i)).join("")}</tr>`,
	);
	// One that can be scrolled must be reached by the keyboard.
	return [
		'<div class="scroll" tabindex="0">',
		"<table>",
		`<caption>${escape(caption)}</caption>`,
		head,
		"<tbody>",
		...body,
		"</tbody>",
		"</table>",
		"</div>",
	].join("\n");
}

function figureHtml(figure: Figure): string {
	return [
		`<figure id="${figure.id}">`,
		`<h3>${escape(figure.title)}</h3>`,
		`<div class="scroll" tabindex="0">${figureInline(figure)}</div>`,
		`<figcaption>${escape(figure.caption)}</figcaption>`,
		"</figure>",
	].join("\n");
}

function escape(text: string): string {
	return text.replace(
		/[&<>"']/g,
		(c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c] ?? c,
	);
}

const pageStyle = `
:root{--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#d8dde3;--tint:#eef3f8;--link:#0b57c2}
@media screen and (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--tint:#182230;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1440px;padding:1.5rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p,figcaption,caption{max-width:75ch}
a{color:var(--link)}
nav ol{columns:3 14rem;padding-left:1.5rem;margin:.5rem 0}
.scroll{overflow:auto;max-height:85vh}
figure .scroll{max-height:none}
table{border-collapse:separate;border-spacing:0;font-size:12.5px;font-variant-numeric:tabular-nums}
caption{caption-side:bottom;text-align:left;color:var(--soft);padding:.5rem 0}
th,td{padding:.2rem .45rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
td:last-child{white-space:normal}
th{position:sticky;top:0;background:var(--paper);font-weight:600}
.n{text-align:right}
tbody tr:hover td{background:var(--tint)}
.marked td{background:var(--tint);font-weight:600}
figure{margin:1rem 0 2rem;break-inside:avoid}
figure svg{display:block;max-width:none}
figcaption{color:var(--soft);font-size:13px}
@media (min-width:700px){figure svg{max-width:100%;height:auto}}
@media print{
@page{size:A4 landscape;margin:12mm}
body{max-width:none;padding:0;font-size:9pt}
nav{display:none}
.scroll{overflow:visible;max-height:none}
table{font-size:7pt}
figure svg{width:auto;height:auto;max-width:100%;max-height:140mm}
th,td{padding:.1rem .3rem}
th{position:static}
thead{display:table-header-group}
tr{break-inside:avoid}
h2,h3{break-after:avoid}
}
`;
