import { classifyKl } from "./classify.ts";
import { type KlConfig, validateKlConfig } from "./config.ts";
import { type FlatKl, flatDefaults, klFromFlat } from "./flat.ts";

/** One setting put to another value. */
export interface Change<State> {
	/** Changes of one key exclude each other. */
	readonly key: string;
	/** As an override of a recipe, or "without" a key. */
	readonly text: string;
	apply(state: State): State;
	/** Whether there is anything to change. */
	changes(state: State): boolean;
}

type KlChange = readonly [key: keyof FlatKl, value: FlatKl[keyof FlatKl]];

/** In the order of preference: what changes least of how a run goes about it comes first. */
const klChanges: readonly KlChange[] = [
	["normalisation", "after"],
	["credit", "sequence"],
	["credit", "reward-to-go"],
	["discount", undefined],
	["truncation", undefined],
	["clamp", undefined],
	["to", "reference"],
	["logprobs", "current"],
	["estimator", "k1"],
	["topK", undefined],
	["place", "reward"],
	["place", "both"],
	["importance", "prefix"],
	["importance", "sequence"],
	["clip", undefined],
	["centre", undefined],
	["normalisation", undefined],
	["differentiateImportance", undefined],
	["differentiateImportance", true],
];

/** What is exact everywhere: k1 in the reward, with importance where another policy sampled. */
function surelyExact(offPolicy: boolean): readonly KlChange[] {
	return [
		["place", "reward"],
		["estimator", "k1"],
		["credit", "sequence"],
		...(offPolicy ? ([["importance", "prefix"]] as const) : []),
		["logprobs", "current"],
		["discount", undefined],
		["truncation", undefined],
		["clamp", undefined],
		["to", "reference"],
		["topK", undefined],
		["clip", undefined],
		["centre", undefined],
		["normalisation", undefined],
		["differentiateImportance", undefined],
	];
}

/** As many as are tried in every combination. */
const mostTogether = 3;

/**
 * The fewest changes after which `isExact`: every choice of up to three; beyond that all of `fallback`, less those that
 * it does without. Empty where it is exact as it is.
 */
export function smallestChange<State>(
	start: State,
	changes: readonly Change<State>[],
	fallback: readonly Change<State>[],
	isExact: (state: State) => boolean,
): readonly Change<State>[] {
	const after = (chosen: readonly Change<State>[]) =>
		chosen.reduce((state, change) => change.apply(state), start);
	const changing = changes.filter((change) => change.changes(start));
	for (let count = 0; count <= mostTogether; count++) {
		for (const chosen of choose(changing, count)) if (isExact(after(chosen))) return chosen;
	}
	const needed = fallback.filter((change) => change.changes(start));
	return needed.reduceRight<readonly Change<State>[]>((kept, change) => {
		const without = kept.filter((other) => other !== change);
		return isExact(after(without)) ? without : kept;
	}, needed);
}

/** Changes of a recipe's `kl`, for `smallestChange` of a state that holds it. */
export function klChangesOf<State>(
	offPolicy: boolean,
	get: (state: State) => FlatKl,
	set: (state: State, kl: FlatKl) => State,
): { changes: readonly Change<State>[]; fallback: readonly Change<State>[] } {
	const change = ([key, value]: KlChange): Change<State> => ({
		key: `kl.${key}`,
		text: value === undefined ? `without kl.${key}` : `kl.${key}=${format(value)}`,
		apply: (state) => set(state, { ...get(state), [key]: value }),
		changes: (state) => get(state)[key] !== value,
	});
	// Where the policy samples itself importance weights are 1, and of no help.
	const useful = klChanges.filter(([key, value]) => offPolicy || key !== "importance" || value === "none");
	return { changes: useful.map(change), fallback: surelyExact(offPolicy).map(change) };
}

/** As recipes write a KL. @param config not of place "none" */
export function flatOf(config: KlConfig): FlatKl {
	return { ...flatDefaults, to: "reference", ...config };
}

/** Whether a flat KL is a configuration at all, and then a right one. */
export function isConfig(flat: FlatKl, right: (config: KlConfig) => boolean): boolean {
	const config = klFromFlat(flat);
	try {
		validateKlConfig(config);
	} catch {
		return false;
	}
	return right(config);
}

/**
 * The fewest changes after which the bare KL follows the sequence-level reverse KL; none where it does already.
 * @param config not of place "none"
 */
export function smallestFix(config: KlConfig, offPolicy: boolean): readonly Change<FlatKl>[] {
	const { changes, fallback } = klChangesOf<FlatKl>(
		offPolicy,
		(flat) => flat,
		(_, flat) => flat,
	);
	return smallestChange(flatOf(config), changes, fallback, (flat) =>
		isConfig(flat, (candidate) => classifyKl(candidate, offPolicy).exact),
	);
}

/** Every choice of `count` changes of different keys, in the order of preference. */
function* choose<State>(from: readonly Change<State>[], count: number): Generator<readonly Change<State>[]> {
	if (count === 0) {
		yield [];
		return;
	}
	for (const [i, first] of from.entries()) {
		const rest = from.slice(i + 1).filter(({ key }) => key !== first.key);
		for (const others of choose(rest, count - 1)) yield [first, ...others];
	}
}

function format(value: FlatKl[keyof FlatKl]): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}
