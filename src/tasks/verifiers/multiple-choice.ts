import { z } from "zod";
import { expected } from "../../errors.ts";
import { type Found, findChoice, foldText, standsAlone } from "./choice-in-text.ts";
import type { Verdict, VerifierKind } from "./verifier.ts";

const options = z.strictObject({
	/** How many choices a question has whose choices the data set does not give. */
	choices: z.int().min(2).max(26).default(4),
});

/** Whether a completion names the letter of the right choice, or its text. */
export const multipleChoice: VerifierKind<typeof options> = {
	name: "multiple-choice",
	description: "the letter of a choice, or its text, found in running text",
	options,
	create: ({ choices: usual }) => ({
		verify({ gold, completion, choices }) {
			const right = indexOfGold(gold, choices);
			const count = choices?.length ?? Math.max(usual, right + 1);
			return judge(right, count, findChoice(completion, count, choices ?? []));
		},
		compare(gold, answer) {
			const right = indexOfGold(gold);
			return judge(right, Math.max(usual, right + 1), standsAlone(answer));
		},
	}),
};

/** Of a letter (B), an index from 0, or the text of one choice. @throws ThaliaError `gold-invalid` */
function indexOfGold(gold: string, choices?: readonly string[]): number {
	const text = gold.trim();
	const letter = /^\(?([A-Z])[).]?$/i.exec(text)?.[1];
	const byText = (choices ?? []).flatMap((choice, i) => (foldText(choice) === foldText(text) ? [i] : []));
	let index = byText.length === 1 ? byText[0] : -1;
	if (/^\d\d?$/.test(text)) index = Number(text);
	if (letter !== undefined) index = letter.toUpperCase().charCodeAt(0) - 65;
	const count = choices?.length ?? 26;
	if (index >= 0 && index < count) return index;
	throw expected(
		"gold-invalid",
		`the letter or index of one of ${count} choices`,
		"a multiple-choice gold",
		gold,
	);
}

function judge(right: number, count: number, found: Found): Verdict {
	const { letters, reason } = found;
	const extracted = letters.length === 0 ? null : letters.join(", ");
	if (letters.length === 0) return { correct: false, extracted, reason };
	if (letters.length > 1) return { correct: false, extracted, reason: `ambiguous: ${reason}` };
	const index = letters[0].charCodeAt(0) - 65;
	if (index >= count) {
		const last = String.fromCharCode(64 + count);
		return { correct: false, extracted, reason: `${letters[0]} is beyond the last choice, ${last}` };
	}
	return { correct: index === right, extracted, reason };
}
