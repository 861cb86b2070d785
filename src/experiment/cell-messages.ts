import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import type { Outcome } from "../trainer/train.ts";

/** What the grid's process and that of a cell say to each other. */
export type ToCell =
	| {
			readonly kind: "run";
			readonly recipe: ResolvedRecipe;
			readonly dir: string;
			readonly resume: boolean;
			/** Folder of the evaluations before training that the cells share. */
			readonly firstEvaluations: string;
	  }
	/** The step under way is finished, and the run saved. */
	| { readonly kind: "stop" };

export type FromCell =
	| {
			readonly kind: "step";
			readonly step: number;
			readonly reward: number | null;
			readonly kl: number | null;
	  }
	| { readonly kind: "evaluating" }
	| { readonly kind: "collapsed"; readonly step: number; readonly kinds: readonly string[] }
	| { readonly kind: "done"; readonly outcome: Outcome }
	| { readonly kind: "error"; readonly code: string | null; readonly message: string; readonly fix?: string };
