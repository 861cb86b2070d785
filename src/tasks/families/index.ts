import type { Family, WrittenFamily } from "../family.ts";
import { addition, digitSum, modulo, multiplication, nextTerm, subtraction } from "./arithmetic.ts";
import { countdown } from "./countdown.ts";
import { comparison, maximum, sorting } from "./ordering.ts";
import { brackets, counting, reversal } from "./strings.ts";
import { wordFamilies } from "./words/index.ts";

/** Every family by its name. */
export const families: ReadonlyMap<string, Family> = new Map(
	[
		addition,
		subtraction,
		multiplication,
		modulo,
		digitSum,
		nextTerm,
		comparison,
		sorting,
		maximum,
		counting,
		brackets,
		reversal,
	].map((family) => [family.name, family]),
);

/** Those that are told in words, by name; each has a verifier. */
export const writtenFamilies: ReadonlyMap<string, WrittenFamily> = new Map(
	[...wordFamilies, countdown].map((family) => [family.name, family]),
);

/** What RL trains on by default. */
export const trainingFamilies: readonly string[] = ["add", "sub", "mul"];

/** What it leaves alone, to see what else moves. */
export const heldOutFamilies: readonly string[] = [...families.keys()].filter(
	(name) => !trainingFamilies.includes(name),
);
