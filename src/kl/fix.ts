import { classifyKl } from "./classify.ts";
import { type KlConfig, validateKlConfig } from "./config.ts";
import { type FlatKl, flatDefaults, klFromFlat } from "./flat.ts";

/** One key of a recipe's `kl`, set to another value; undefined leaves the key out. */
export interface Change {
	readonly key: keyof FlatKl;
	readonly value: FlatKl[keyof FlatKl];
}

/** In the order of preference: what changes least of how a run goes about it comes first. */
const changes: readonly Change[] = [
	{ key: "credit", value: "sequence" },
	{ key: "credit", value: "reward-to-go" },
	{ key: "discount", value: undefined },
	{ key: "truncation", value: undefined },
	{ key: "logprobs", value: "current" },
	{ key: "estimator", value: "k1" },
	{ key: "place", value: "reward" },
	{ key: "place", value: "both" },
	{ key: "importance", value: "prefix" },
	{ key: "importance", value: "sequence" },
	{ key: "differentiateImportance", value: undefined },
	{ key: "differentiateImportance", value: true },
];

const mostChanges = 5;

/**
 * The fewest changes after which the configuration follows the sequence-level reverse KL; none where it does already.
 * @param config not of place "none"
 */
export function smallestFix(config: KlConfig, offPolicy: boolean): readonly Change[] {
	const flat: FlatKl = { ...flatDefaults, ...config };
	for (let count = 0; count <= mostChanges; count++) {
		for (const chosen of choose(changes, count)) {
			const changed = chosen.reduce<FlatKl>((all, { key, value }) => ({ ...all, [key]: value }), flat);
			const candidate = klFromFlat(changed);
			if (isValid(candidate) && classifyKl(candidate, offPolicy).exact) return chosen;
		}
	}
	return [];
}

/** Every choice of `count` changes of different keys, in the order of preference. */
function* choose(from: readonly Change[], count: number): Generator<readonly Change[]> {
	if (count === 0) {
		yield [];
		return;
	}
	for (const [i, first] of from.entries()) {
		const rest = from.slice(i + 1).filter(({ key }) => key !== first.key);
		for (const others of choose(rest, count - 1)) yield [first, ...others];
	}
}

function isValid(config: KlConfig): boolean {
	try {
		validateKlConfig(config);
		return true;
	} catch {
		return false;
	}
}
