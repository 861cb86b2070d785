import { type Pieces, plainText } from "./expand.ts";

/** An option as `getopts` takes it; of the end of the options the letter is null. */
export interface TakenOption {
	readonly letter: string | null;
	readonly value: Pieces | null;
	/** How many arguments have been taken with it. */
	readonly next: number;
}

/** The option of some round; null where the arguments are not known. */
export function optionAt(given: readonly Pieces[], letters: string, round: number): TakenOption | null {
	let next = 0;
	let taken = 0;
	while (next < given.length) {
		const text = plainText(given[next]);
		if (text === null) return null;
		if (text === "--") return { letter: null, value: null, next: next + 1 };
		if (!/^-./.test(text)) break;
		next++;
		for (let i = 1; i < text.length; i++) {
			const takes = letters.includes(`${text[i]}:`);
			const rest = text.slice(i + 1);
			const own: Pieces = [{ text: rest, at: given[next - 1].at(0)?.at ?? 0 }];
			const value = !takes ? null : rest !== "" ? own : (given.at(next) ?? null);
			if (takes && rest === "") next++;
			if (taken++ === round)
				return {
					letter: letters.includes(text[i]) ? text[i] : "?",
					value,
					next: Math.min(next, given.length),
				};
			if (takes) break;
		}
	}
	return { letter: null, value: null, next };
}
