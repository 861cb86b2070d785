import type { Progress } from "../hub/fetch-repository.ts";
import { type ResolveModelOptions, resolveModel, resolveRecipeModels } from "../hub/resolve-model.ts";
import { StatusLine } from "./status-line.ts";

/** Where there is no terminal, a line this often at most, in milliseconds. */
const logEvery = 5000;

/** The folder of a model by whatever it is named, with what fetching it takes on stderr. */
export function namedModel(name: string, options: ResolveModelOptions = {}): Promise<string> {
	return withProgress((onProgress) => resolveModel(name, { ...options, onProgress }));
}

/** A recipe with the folders of its models. */
export function withModels<T extends { readonly model: string; readonly reference: string }>(
	recipe: T,
	options: ResolveModelOptions = {},
): Promise<T> {
	return withProgress((onProgress) => resolveRecipeModels(recipe, { ...options, onProgress }));
}

async function withProgress<T>(work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<T> {
	const line = new StatusLine();
	let loggedAt = performance.now();
	try {
		return await work((progress) => {
			const text = progressText(progress);
			line.show(text);
			const now = performance.now();
			if (now - loggedAt < logEvery) return;
			loggedAt = now;
			line.logUnlessTerminal(text);
		});
	} finally {
		line.clear();
	}
}

function progressText({ file, done, total }: Progress): string {
	if (total === 0) return `fetching ${file}`;
	const share = `${Math.floor((100 * done) / total)}%`;
	return total < 1e6 ? `${file} ${share}` : `${file} ${share} of ${(total / 1e6).toFixed(0)} MB`;
}
