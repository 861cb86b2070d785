import { join } from "node:path";
import { expected } from "../../errors.ts";
import type { FetchRepository } from "./fetch-repository.ts";
import { type Files, type Hub, SPLITS } from "./schema.ts";

type FilesBySplit = { [split in keyof Files]?: readonly string[] };

/**
 * The files of data sets of the hub, by split: those that the card or recipe names, or those named after the splits, as
 * `train-00000-of-00001.parquet` in the folder of the configuration.
 * @throws ThaliaError `dataset-file`, and those of `fetchRepository`
 */
export async function hubFiles(
	repositories: readonly Hub[],
	fetchRepository: FetchRepository,
): Promise<FilesBySplit> {
	const all: FilesBySplit = {};
	for (const repository of repositories) {
		const files = await filesOf(repository, fetchRepository);
		for (const split of SPLITS) {
			const found = files[split];
			if (found !== undefined) all[split] = [...(all[split] ?? []), ...found];
		}
	}
	return all;
}

async function filesOf(
	{ id, config, revision, files }: Hub,
	fetchRepository: FetchRepository,
): Promise<FilesBySplit> {
	const patterns = SPLITS.flatMap((split) => {
		const named = files?.[split];
		if (named === undefined)
			return files === undefined ? [{ split, patterns: [usualName(split, config)] }] : [];
		return [{ split, patterns: [named].flat().map(globPattern) }];
	});
	const matches = (path: string, some: readonly RegExp[]) => some.some((pattern) => pattern.test(path));
	const fetched = await fetchRepository(
		{ type: "dataset", id, ...(revision === undefined ? {} : { revision }) },
		{ wants: (path) => patterns.some((split) => matches(path, split.patterns)) },
	);
	const bySplit: FilesBySplit = {};
	for (const { split, patterns: wanted } of patterns) {
		const found = fetched.files.filter((path) => matches(path, wanted)).sort();
		if (found.length > 0) bySplit[split] = found.map((path) => join(fetched.dir, path));
		else if (files !== undefined) {
			const what = `files like ${[files[split]].flat().join(", ")}`;
			throw expected("dataset-file", what, `split ${split} of ${id}`, fetched.files.join(", ") || "none");
		}
	}
	if (Object.keys(bySplit).length > 0) return bySplit;
	const fix = 'name them: `files: { train: "data/*.parquet" }`';
	throw expected("dataset-file", "files named after train or test", `${id} on the hub`, "none such", fix);
}

function usualName(split: string, config: string | undefined): RegExp {
	const folder = config === undefined ? "(?:.*/)?" : `(?:.*/)?${escape(config)}/(?:.*/)?`;
	return new RegExp(`^${folder}${split}(?:[-_.][^/]*)?\\.(?:parquet|jsonl|json|csv)(?:\\.gz)?$`);
}

/** `*` is any part of one name. */
function globPattern(glob: string): RegExp {
	return new RegExp(`^${glob.split("*").map(escape).join("[^/]*")}$`);
}

function escape(text: string): string {
	return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
