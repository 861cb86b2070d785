import type { Position } from "../../src/plots/svg.ts";

export interface Box {
	readonly left: number;
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

export interface Label {
	readonly text: string;
	/** What it names. */
	readonly point: Position;
}

export interface PlacedLabel extends Label {
	readonly box: Box;
	/** From the point to the label, where the two do not touch. */
	readonly leader: readonly [Position, Position] | undefined;
}

const markerRadius = 6;
const distances = [3, 8, 14, 22, 32, 44, 58, 74, 92, 112, 134, 158, 184, 212, 242, 274];
const directions = Array.from({ length: 24 }, (_, i) => (i * Math.PI) / 12);

/** Estimated: an SVG cannot measure its text. */
export function boxOf(text: string, [x, y]: Position, fontSize = 12): Box {
	const width = text.length * fontSize * 0.6;
	return { left: x, top: y - fontSize * 0.85, right: x + width, bottom: y + fontSize * 0.3 };
}

/**
 * Puts every label near its point so that none covers another, a point, or what is `taken`; where it can be, away from
 * `lines` and from other labels' leaders.
 */
export function placeLabels(
	labels: readonly Label[],
	bounds: Box,
	taken: readonly Box[],
	lines: readonly (readonly [Position, Position])[],
): PlacedLabel[] {
	const markers = labels.map(({ point }) => around(point, markerRadius));
	const placed: PlacedLabel[] = [];
	for (const label of labels) {
		const own = around(label.point, markerRadius);
		const obstacles = [...taken, ...markers, ...placed.map(({ box }) => box)];
		let best: { placed: PlacedLabel; cost: number } | undefined;
		for (const candidate of candidates(label)) {
			const { box, leader } = candidate.placed;
			if (!inside(box, bounds) || obstacles.some((other) => overlap(box, other))) continue;
			const ways = [
				...lines,
				...placed.flatMap((other) => (other.leader === undefined ? [] : [other.leader])),
			];
			const crossed = ways.filter((way) => crosses(way, box)).length;
			const blocked =
				leader === undefined
					? 0
					: obstacles.filter((other) => !same(other, own) && crosses(leader, other)).length;
			const cost = candidate.distance + 120 * crossed + 60 * blocked;
			if (best === undefined || cost < best.cost) best = { placed: candidate.placed, cost };
		}
		if (best === undefined) throw new Error(`the chart has no room for its label ${label.text}`);
		placed.push(best.placed);
	}
	return placed;
}

function candidates({ text, point }: Label): { placed: PlacedLabel; distance: number }[] {
	const { left, top, right, bottom } = boxOf(text, [0, 0]);
	const [width, height] = [right - left, bottom - top];
	return distances.flatMap((distance) =>
		directions.map((angle) => {
			const reach = distance + markerRadius;
			const centre = [
				point[0] + Math.cos(angle) * (reach + width / 2),
				point[1] + Math.sin(angle) * (reach + height / 2),
			];
			const box = {
				left: centre[0] - width / 2,
				top: centre[1] - height / 2,
				right: centre[0] + width / 2,
				bottom: centre[1] + height / 2,
			};
			const end: Position = [
				Math.min(box.right, Math.max(box.left, point[0])),
				Math.min(box.bottom, Math.max(box.top, point[1])),
			];
			const far = Math.hypot(end[0] - point[0], end[1] - point[1]) > 10;
			return { placed: { text, point, box, leader: far ? ([point, end] as const) : undefined }, distance };
		}),
	);
}

function around([x, y]: Position, radius: number): Box {
	return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius };
}

export function overlap(a: Box, b: Box): boolean {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

export function inside(box: Box, bounds: Box): boolean {
	return (
		box.left >= bounds.left &&
		box.right <= bounds.right &&
		box.top >= bounds.top &&
		box.bottom <= bounds.bottom
	);
}

function same(a: Box, b: Box): boolean {
	return a.left === b.left && a.top === b.top;
}

/** Whether a segment enters a box: the part of it that is within both pairs of sides is not empty (Liang and Barsky 1984). */
function crosses([[x0, y0], [x1, y1]]: readonly [Position, Position], box: Box): boolean {
	let [from, to] = [0, 1];
	for (const [start, step, low, high] of [
		[x0, x1 - x0, box.left, box.right],
		[y0, y1 - y0, box.top, box.bottom],
	]) {
		if (step === 0) {
			if (start <= low || start >= high) return false;
			continue;
		}
		const [a, b] = [(low - start) / step, (high - start) / step];
		from = Math.max(from, Math.min(a, b));
		to = Math.min(to, Math.max(a, b));
	}
	return from < to;
}
