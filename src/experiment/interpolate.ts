/** Points by their x, those at the same x as one at the mean of their y. */
export function pathOf(points: readonly (readonly [x: number, y: number])[]): [x: number, y: number][] {
	const path: [number, number][] = [];
	const sorted = [...points].sort(([a], [b]) => a - b);
	for (let i = 0; i < sorted.length; ) {
		const [x] = sorted[i];
		const same = sorted.filter(([other]) => other === x);
		path.push([x, same.reduce((sum, [, y]) => sum + y, 0) / same.length]);
		i += same.length;
	}
	return path;
}

/** Linear between the two points about x; null beyond the first and the last. @param path as `pathOf` gives it */
export function interpolate(path: readonly (readonly [x: number, y: number])[], x: number): number | null {
	const above = path.findIndex(([own]) => own >= x);
	if (above === -1) return null;
	const [x1, y1] = path[above];
	if (x1 === x) return y1;
	if (above === 0) return null;
	const [x0, y0] = path[above - 1];
	return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
