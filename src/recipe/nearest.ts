/** The candidate most like `word`, if one is like it at all: within a third of its letters. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const simple = (text: string) => text.toLowerCase().replace(/[-_]/g, "");
	let best: string | undefined;
	let bestDistance = Math.floor(Math.max(3, word.length) / 3) + 1;
	for (const candidate of candidates) {
		const distance = editDistance(simple(word), simple(candidate));
		if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
	}
	return best;
}

/** Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
	const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
	for (let i = 1; i <= a.length; i++) {
		const [above, row] = [rows[i - 1], [i]];
		for (let j = 1; j <= b.length; j++) {
			row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
			const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
		}
		rows.push(row);
	}
	return rows[a.length][b.length];
}
