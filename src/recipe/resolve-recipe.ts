import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { expected, ThaliaError } from "../errors.ts";
import { cachedModelName, isModelName } from "../hub/resolve-model.ts";
import { type Beta, validateBeta } from "../kl/beta.ts";
import { validateKlConfig } from "../kl/config.ts";
import { validateObjective } from "../objective/config.ts";
import { type KlRecipe, klAtStart, type WrittenKl } from "./kl-schema.ts";
import { readKlTrace } from "./kl-trace.ts";
import { readRecipe } from "./read-recipe.ts";
import { resolveTask } from "./resolve-task.ts";
import { type ResolvedRecipe, type TrainRecipe, trainRecipe } from "./train-recipe.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A recipe with its overrides (`kl.beta=0.1`), every default filled in and every path absolute. What names a model without
 * being a path (`owner/name`) stays as it is until `resolveRecipeModels`.
 * @throws ThaliaError as `readRecipe`; `recipe-path` for a model, reference or module that is nowhere;
 * `objective-config-invalid` for settings that do not go together
 */
export function resolveRecipe(file: string, overrides: readonly string[] = []): ResolvedRecipe {
	const recipe = readRecipe(trainRecipe, file, overrides);
	return resolveFields(recipe, {
		name: basename(file).replace(/\.ya?ml$/, ""),
		folders: [dirname(file), ".", packageRoot],
		subject: file,
	});
}

/** The same for a recipe that is already checked; `folders` are where relative paths are looked for. */
export function resolveFields(
	recipe: TrainRecipe,
	{ name, folders, subject }: { name: string; folders: readonly string[]; subject: string },
): ResolvedRecipe {
	const find = (key: string, path: string) => findPath(key, path, folders, subject);
	const kl = readBeta(recipe.kl, (path) => find("kl.beta.trace", path));
	try {
		validateObjective(recipe.objective, recipe.rollout.groupSize);
		if (kl.place !== "none") validateBeta(kl.beta);
		validateKlConfig(klAtStart(kl));
		assertMinibatches(recipe);
		assertFrozenWithLora(recipe);
	} catch (error) {
		if (!(error instanceof ThaliaError)) throw error;
		const { code, message, fix } = error;
		throw new ThaliaError(code, `${subject}: ${message}`, {
			cause: error,
			...(fix === undefined ? {} : { fix }),
		});
	}
	const findModel = (key: string, path: string) =>
		findPath(key, path, folders, subject, isModelName(path) ? path : undefined);
	const model = findModel("model", recipe.model);
	return {
		...recipe,
		kl,
		name: recipe.name ?? name,
		model,
		reference: recipe.reference === undefined ? model : findModel("reference", recipe.reference),
		...(recipe.lora !== undefined && "adapter" in recipe.lora
			? { lora: { adapter: find("lora.adapter", recipe.lora.adapter) } }
			: {}),
		threads: recipe.threads ?? availableParallelism(),
		task: resolveTask(recipe.task, find),
	};
}

/** Reads the trace of a matched beta, so that the run directory keeps what it was. */
function readBeta(kl: WrittenKl, find: (path: string) => string): KlRecipe {
	if (kl.place === "none") return kl;
	const { beta } = kl;
	if (typeof beta === "number" || !("trace" in beta)) return { ...kl, beta: withoutUndefined(beta) as Beta };
	const trace = typeof beta.trace === "string" ? readKlTrace(find(beta.trace)) : beta.trace;
	return { ...kl, beta: withoutUndefined({ ...beta, trace }) as Beta };
}

function withoutUndefined<T>(value: T): T {
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as T;
}

/** Whole groups go into each part of a pass. */
function assertMinibatches({ rollout, train }: TrainRecipe): void {
	if (train.minibatches <= rollout.prompts) return;
	throw expected(
		"objective-config-invalid",
		`at most rollout.prompts (${rollout.prompts})`,
		"train.minibatches",
		train.minibatches,
		"A part of a pass has one group at least.",
	);
}

/** The reference is the base with adapters off, and has none of its own to move. */
function assertFrozenWithLora({ lora, referenceUpdate }: TrainRecipe): void {
	if (lora === undefined || referenceUpdate === "frozen") return;
	throw expected("objective-config-invalid", "frozen", "referenceUpdate with lora", referenceUpdate);
}

/** The resolved recipe as YAML; `resolveRecipe` reads it back to an equal one. */
export function formatRecipe(recipe: ResolvedRecipe): string {
	return stringify(recipe, { lineWidth: 0 });
}

function findPath(
	key: string,
	path: string,
	folders: readonly string[],
	subject: string,
	otherwise?: string,
): string {
	const candidates = isAbsolute(path) ? [path] : [...new Set(folders.map((folder) => resolve(folder, path)))];
	const found = candidates.find((candidate) => existsSync(candidate));
	if (found !== undefined) return found;
	if (otherwise !== undefined) return otherwise;
	const cached = cachedModelName(path);
	throw new ThaliaError(
		"recipe-path",
		`${subject}: Expected a path that exists for ${key} but received ${JSON.stringify(path)}, which is none of ${candidates.join(", ")}`,
		{
			fix:
				cached === undefined
					? "correct the path, or give one relative to the recipe"
					: `the cache was cleared: \`thalia models fetch ${cached}\` brings it back`,
		},
	);
}
