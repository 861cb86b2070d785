const small = new Map(
	(
		"zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
		"eighteen nineteen"
	)
		.split(" ")
		.map((word, i) => [word, BigInt(i)] as const),
);
const tens = new Map(
	"twenty thirty forty fifty sixty seventy eighty ninety"
		.split(" ")
		.map((word, i) => [word, BigInt(10 * i + 20)] as const),
);
const scales = new Map([
	["thousand", 10n ** 3n],
	["million", 10n ** 6n],
	["billion", 10n ** 9n],
	["trillion", 10n ** 12n],
]);
const parts = new Map(
	[
		"half halves",
		"third thirds",
		"quarter quarters fourth fourths",
		"fifth fifths",
		"sixth sixths",
		"seventh sevenths",
		"eighth eighths",
		"ninth ninths",
		"tenth tenths",
	].flatMap((words, i) => words.split(" ").map((word) => [word, i + 2] as const)),
);

/** The number that English words say, as digits or a fraction: "four" -> 4, "twenty-five" -> 25, "two thirds" -> 2/3. */
export function numeralOf(text: string): string | undefined {
	const words = text
		.trim()
		.toLowerCase()
		.split(/[\s-]+/);
	if (words.length === 0 || words.length > 12) return undefined;
	const part = words.length > 1 ? parts.get(words[words.length - 1]) : undefined;
	if (part !== undefined) {
		const over = /^an?$/.test(words[0]) && words.length === 2 ? 1n : wholeOf(words.slice(0, -1));
		return over === undefined ? undefined : `${over}/${part}`;
	}
	return wholeOf(words)?.toString();
}

function wholeOf(words: readonly string[]): bigint | undefined {
	let total = 0n;
	let group: bigint | undefined;
	// What the next word must be less than: "five twenty" is no number.
	let below = 10n ** 15n;
	for (const [i, word] of words.entries()) {
		const scale = scales.get(word);
		if (word === "and" && i > 0 && i < words.length - 1) continue;
		if (word === "hundred") {
			if (group === undefined || group > 9n) return undefined;
			group *= 100n;
			below = 100n;
		} else if (scale !== undefined) {
			if (group === undefined) return undefined;
			total += group * scale;
			group = undefined;
			below = scale;
		} else {
			const value = small.get(word) ?? tens.get(word);
			if (value === undefined || value >= below || (group !== undefined && group % 10n !== 0n))
				return undefined;
			group = (group ?? 0n) + value;
			below = tens.has(word) ? 10n : 1n;
		}
	}
	return group === undefined ? (total === 0n ? undefined : total) : total + group;
}

/** Words that multiply the number before them, and by what power of ten, or "12" for a dozen. */
export const multipliers = new Map<string, string>([
	["dozen", "12"],
	["hundred", "10^{2}"],
	["thousand", "10^{3}"],
	["million", "10^{6}"],
	["billion", "10^{9}"],
	["trillion", "10^{12}"],
]);
