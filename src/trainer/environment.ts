import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../engine/engine.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { version } from "../version.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** What a run was made with: equal environments and recipes give equal runs, bit for bit. */
export function environment(engine: Engine, recipe: ResolvedRecipe): Record<string, string | number> {
	return {
		thalia: version,
		...commitOf(packageRoot),
		node: process.versions.node,
		platform: `${process.platform} ${process.arch}`,
		cpu: cpus().at(0)?.model ?? "unknown",
		seed: recipe.seed,
		...engine.environment,
	};
}

/** Of a checkout of Thalia itself; with `-dirty` where files differ from it. */
function commitOf(root: string): { readonly commit?: string } {
	if (!existsSync(join(root, ".git"))) return {};
	try {
		const described = ["-C", root, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
		const stdio = ["ignore", "pipe", "ignore"] as const;
		return { commit: execFileSync("git", described, { encoding: "utf8", stdio: [...stdio] }).trim() };
	} catch {
		return {};
	}
}
