import { cpus } from "node:os";
import type { Engine } from "../engine/engine.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { version } from "../version.ts";

/** What a run was made with: equal environments and recipes give equal runs, bit for bit. */
export function environment(engine: Engine, recipe: ResolvedRecipe): Record<string, string | number> {
	return {
		thalia: version,
		node: process.versions.node,
		platform: `${process.platform} ${process.arch}`,
		cpu: cpus().at(0)?.model ?? "unknown",
		seed: recipe.seed,
		...engine.environment,
	};
}
