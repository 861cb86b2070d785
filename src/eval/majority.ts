type Same = (a: string, b: string) => boolean | Promise<boolean>;

/** One completion's vote. */
export interface Vote {
	/** Null where the completion has no answer: it does not vote. */
	readonly answer: string | null;
	readonly correct: boolean;
}

/**
 * maj@k of one problem, k being the number of votes (Wang et al. 2022, self-consistency): whether the most frequent
 * answer is right. Of several that are equally frequent one is drawn, so it is the share of them that is right; where no
 * completion has an answer, 0.
 *
 * @param same asked of answers whose characters differ; default: they are different answers
 * @returns in [0, 1]
 */
export async function majorityCorrect(votes: readonly Vote[], same?: Same): Promise<number> {
	const groups: { answer: string; count: number; correct: boolean }[] = [];
	for (const { answer, correct } of votes) {
		if (answer === null) continue;
		let group = groups.find((candidate) => candidate.answer === answer);
		for (const candidate of same === undefined || group !== undefined ? [] : groups) {
			// Answers of which one is right and one is not are not the same, whatever `same` would say.
			if (candidate.correct !== correct || !(await isSame(same!, candidate.answer, answer))) continue;
			group = candidate;
			break;
		}
		if (group === undefined) groups.push({ answer, count: 1, correct });
		else group.count++;
	}
	const most = groups.reduce((max, { count }) => Math.max(max, count), 0);
	const winners = groups.filter(({ count }) => count === most);
	return winners.length === 0 ? 0 : winners.filter(({ correct }) => correct).length / winners.length;
}

/** An answer that cannot be compared is one of its own. */
async function isSame(same: Same, a: string, b: string): Promise<boolean> {
	try {
		return await same(a, b);
	} catch {
		return false;
	}
}
