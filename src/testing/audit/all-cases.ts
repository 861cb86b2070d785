import type { Case } from "./case.ts";
import { distillationCases } from "./distillation.ts";
import { foreignKlCases } from "./foreign-kl.ts";
import { habitCases } from "./habits.ts";
import { huggingFaceCases } from "./hugging-face.ts";
import { jobCases } from "./jobs.ts";
import { moreFrameworkCases } from "./more-frameworks.ts";
import { notebookCases } from "./notebooks.ts";
import { optionCases } from "./options.ts";
import { otherCases } from "./others.ts";
import { publishedCases } from "./published.ts";
import { pythonDictCases } from "./python-dicts.ts";
import { pythonTurnCases } from "./python-turns.ts";
import { remedyCases } from "./remedies.ts";
import { rollCases } from "./roll.ts";
import { shellCases } from "./shell.ts";
import { shellChoiceCases } from "./shell-choices.ts";
import { startCases } from "./starts.ts";
import { verlCases } from "./verl.ts";

/** Texts with the verdict that each must have. */
export const allCases: readonly Case[] = [
	...[verlCases, shellCases, habitCases, jobCases, huggingFaceCases, pythonTurnCases, otherCases],
	...[moreFrameworkCases, publishedCases, remedyCases, notebookCases, optionCases],
	...[pythonDictCases, rollCases, distillationCases, foreignKlCases, shellChoiceCases, startCases],
].flat();
