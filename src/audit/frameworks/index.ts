import { areal } from "./areal.ts";
import { art } from "./art.ts";
import { easyR1 } from "./easyr1.ts";
import type { Framework } from "./framework.ts";
import { msSwift } from "./ms-swift.ts";
import { nemoRl } from "./nemo-rl.ts";
import { openInstruct } from "./open-instruct.ts";
import { openRlhf } from "./openrlhf.ts";
import { primeRl } from "./prime-rl.ts";
import { roll } from "./roll.ts";
import { skyRl } from "./skyrl.ts";
import { slime } from "./slime.ts";
import { tinkerCookbook } from "./tinker-cookbook.ts";
import { torchforge } from "./torchforge.ts";
import { trl } from "./trl.ts";
import { unsloth } from "./unsloth.ts";
import { verifiers } from "./verifiers.ts";
import { verl } from "./verl.ts";

/** In the order in which they are asked: those that others are recognised by too come first. */
export const frameworks: readonly Framework[] = [
	...[easyR1, verl, openRlhf, openInstruct, skyRl, nemoRl, areal, roll, slime, primeRl],
	...[tinkerCookbook, msSwift, art, torchforge, verifiers, unsloth, trl],
];
