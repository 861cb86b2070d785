import { areal } from "./areal.ts";
import { art } from "./art.ts";
import { axolotl } from "./axolotl.ts";
import { deepSpeedChat } from "./deepspeed-chat.ts";
import { easyR1 } from "./easyr1.ts";
import type { Framework } from "./framework.ts";
import { llamaFactory } from "./llama-factory.ts";
import { molt } from "./molt.ts";
import { msSwift } from "./ms-swift.ts";
import { nemoAligner } from "./nemo-aligner.ts";
import { nemoRl } from "./nemo-rl.ts";
import { oat } from "./oat.ts";
import { openInstruct } from "./open-instruct.ts";
import { openReasonerZero } from "./open-reasoner-zero.ts";
import { openRlhf } from "./openrlhf.ts";
import { primeRl } from "./prime-rl.ts";
import { rl2 } from "./rl2.ts";
import { roll } from "./roll.ts";
import { skyRl } from "./skyrl.ts";
import { slime } from "./slime.ts";
import { tinkerCookbook } from "./tinker-cookbook.ts";
import { torchforge } from "./torchforge.ts";
import { torchtune } from "./torchtune.ts";
import { trinity } from "./trinity.ts";
import { trl } from "./trl.ts";
import { trlx } from "./trlx.ts";
import { tunix } from "./tunix.ts";
import { unsloth } from "./unsloth.ts";
import { verifiers } from "./verifiers.ts";
import { verl } from "./verl.ts";

/** In the order in which they are asked: those that others are recognised by too come first. */
export const frameworks: readonly Framework[] = [
	...[easyR1, verl, openRlhf, openInstruct, skyRl, nemoRl, areal, roll, slime, primeRl],
	...[tinkerCookbook, msSwift, art, torchforge, torchtune, trinity, tunix, trlx, nemoAligner],
	...[molt, openReasonerZero, deepSpeedChat, axolotl, llamaFactory, oat, rl2, verifiers, unsloth, trl],
];
