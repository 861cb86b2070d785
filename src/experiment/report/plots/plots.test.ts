import { describe, expect, test } from "vitest";
import { aRecord, madeGrid, scores } from "../../../testing/run-records.ts";
import { htmlOf } from "../html.ts";
import { buildReport } from "../index.ts";
import { figureDocument, figuresOf } from "./index.ts";
import { layoutOf } from "./layout.ts";

const report = buildReport(madeGrid({ seeds: 2, problems: 12, steps: 20, betas: ["0.1", "1"] }), {
	title: 'Made <b>"&" here</b>',
	baseline: { kl: "k3-loss" },
	paper: true,
});
const { accuracy, training } = figuresOf(report);
const figures = [...accuracy, ...training];

/** @throws where tags are not closed in order, or text is not escaped */
function checkWellFormed(markup: string): void {
	const empty = new Set(["meta", "rect", "circle", "polygon", "polyline"]);
	const open: string[] = [];
	const body = markup.replace("<!doctype html>", "").replace(/<style>[^<]*<\/style>/g, "");
	const wrong: string[] = [];
	for (const [whole, close, name, attributes, alone] of body.matchAll(/<(\/?)(\w+)([^<>]*?)(\/?)>/g)) {
		const fine =
			close === "/"
				? open.pop() === name
				: /^( [\w:-]+="[^"<>]*")*$/.test(attributes) && (alone === "" || empty.has(name));
		if (!fine || /NaN|Infinity|undefined/.test(whole)) wrong.push(whole);
		if (close === "" && alone === "" && name !== "meta") open.push(name);
	}
	expect([wrong, open]).toEqual([[], []]);
	const between = body.replace(/<\/?\w+(?: [\w:-]+="[^"<>]*")*\/?>/g, "");
	expect(between).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#39;)/);
}

/** Every place that is drawn at, in the picture's own coordinates; those of a turned text are left out. */
function places(body: readonly string[]): (readonly [number, number])[] {
	const svg = body.filter((part) => !part.startsWith("<g ")).join("");
	const corners = [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, points]) =>
		points.split(" ").map((point) => point.split(",").map(Number)),
	);
	const texts = [...svg.matchAll(/(?:cx|x)="([-\d.]+)" (?:cy|y)="([-\d.]+)"/g)].map(([, x, y]) => [
		Number(x),
		Number(y),
	]);
	return [...corners, ...texts].map(([x, y]) => [x, y] as const);
}

describe("pictures", () => {
	test("there is one of domains, of strengths, of KL, of paths, and one of curves a strength", () => {
		expect(figures.map(({ id }) => id)).toEqual([
			"figure-domains",
			"figure-strengths",
			"figure-frontier",
			"figure-path",
			"figure-curves-1",
			"figure-curves-2",
		]);
		expect(training[2].title).toBe("Training, beta 1");
	});

	test.each(figures.map((figure) => [figure.id, figure] as const))(
		"%s is whole and within its size",
		(_, figure) => {
			checkWellFormed(figureDocument(figure));
			const [width, height] = figure.size;
			const all = places(figure.body);
			expect(all.length).toBeGreaterThan(50);
			expect(all.filter(([x, y]) => !(x >= 0 && x <= width && y >= 0 && y <= height))).toEqual([]);
			const svg = figure.body.join("");
			for (const text of ["k1-reward", "k3-loss", "none", "lag 0", "lag 10"])
				expect(svg).toContain(`>${text}<`);
		},
	);

	test("a series has the same colour, marker and dash in all of them", () => {
		const { series } = layoutOf(report);
		expect(series.map(({ name }) => name)).toEqual([
			"none",
			...["k1-both", "k1-loss", "k1-reward", "k3-both", "k3-loss", "k3-reward"],
		]);
		expect(new Set(series.map(({ style }) => style)).size).toBe(7);
	});

	test("a KL ten times as large stands a decade to the right", () => {
		const records = [1, 10].map((kl, i) =>
			aRecord({
				labels: { kl: `k${i}`, "kl.beta": "1" },
				after: [scores("in-domain", [0.2, 0.8])],
				series: { step: [1], kl: [kl] },
			}),
		);
		const [figure] = figuresOf(buildReport(records, { title: "" })).accuracy;
		expect(figure.id).toBe("figure-frontier");
		const svg = figure.body.join("");
		const ticks = [...svg.matchAll(/x="([\d.]+)" y="[\d.]+" text-anchor="middle" [^>]*>(1|10)</g)];
		const [one, ten] = ticks.map(([, x]) => Number(x));
		const circle = Number(/<circle class="fill0" cx="([\d.]+)" cy="1\d\d/.exec(svg)![1]);
		const squares = [...svg.matchAll(/<polygon class="fill1" points="([\d.]+),/g)].map(
			([, x]) => Number(x) + 4,
		);
		expect(circle).toBeCloseTo(one, 0);
		expect(squares.at(-1)).toBeCloseTo(ten, 0);
	});

	test("plain runs: what is not of the KL is a row of panels, where anything is of the KL", () => {
		const run = (labels: Record<string, string>) => aRecord({ labels });
		const of = (...all: Record<string, string>[]) => {
			const { series, rows } = layoutOf(buildReport(all.map(run), { title: "" }));
			return [series.map(({ name }) => name), rows];
		};
		expect(of({ "kl.place": "loss", "async.lag": "4" }, { "kl.place": "reward", "async.lag": "0" })).toEqual([
			["loss", "reward"],
			["lag 0", "lag 4"],
		]);
		expect(of({ lr: "0.1", advantage: "rloo" }, { lr: "0.2", advantage: "rloo" })).toEqual([
			["lr 0.1, rloo", "lr 0.2, rloo"],
			[""],
		]);
	});

	test("nothing finite, no evaluation, or no steps break nothing", () => {
		const nothing = aRecord({ labels: { kl: "a", "kl.beta": "1" } });
		expect(figuresOf(buildReport([nothing], { title: "" }))).toEqual({ accuracy: [], training: [] });
		const infinite = aRecord({
			labels: { kl: "b", "kl.beta": "1" },
			after: [scores("in-domain", [null])],
			series: { step: [1, 2], kl: [null, null], reward: [null, 0.5], entropy: [0, 0] },
		});
		const both = figuresOf(buildReport([nothing, infinite], { title: "" }));
		expect(both.training.map(({ id }) => id)).toEqual(["figure-curves-1"]);
		expect(both.training[0].body.join("")).toContain("not measured");
		for (const figure of [...both.accuracy, ...both.training]) checkWellFormed(figureDocument(figure));
	});
});

describe("the page", () => {
	const page = htmlOf(report);

	test("is whole, and what it is given is text in it", () => {
		checkWellFormed(page);
		expect(page).toContain("<h1>Made &lt;b&gt;&quot;&amp;&quot; here&lt;/b&gt;</h1>");
	});

	test("needs nothing from elsewhere", () => {
		expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(| src=| on\w+="/);
		const addresses = [...page.matchAll(/(?:https?:)?\/\/[\w.]+/g)].map(([address]) => address);
		expect(new Set(addresses)).toEqual(new Set(["http://www.w3.org"]));
	});

	test("every entry of its contents leads somewhere, and no place has two names", () => {
		const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
		expect(new Set(ids).size).toBe(ids.length);
		const targets = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
		expect(targets).toEqual([
			...["summary", "what-ran", "accuracy-in-domain", "accuracy-out-of-domain", "pictures", "training"],
			...["curves", "best-strength", "matched-kl", "collapsed-and-failed", "paper", "how-to-read"],
		]);
		for (const target of targets) expect(ids).toContain(target);
	});

	test("every table has a caption", () => {
		expect(page.match(/<table>\n<caption>\S/g)).toHaveLength(page.match(/<table>/g)!.length);
	});
});
