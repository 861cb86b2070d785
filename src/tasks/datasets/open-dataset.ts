import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { expected, ThaliaError } from "../../errors.ts";
import { makeVerifier } from "../verifiers/index.ts";
import type { Verifier } from "../verifiers/verifier.ts";
import { readCard } from "./card.ts";
import { type Dataset, type DatasetSpec, loadDataset } from "./dataset.ts";
import { usualFields } from "./extract.ts";
import type { FetchRepository } from "./fetch-repository.ts";
import { hubFiles } from "./hub-files.ts";
import type { Card, CardEntry, DatasetEntry, FileEntry, Files, HubEntry, VerifierChoice } from "./schema.ts";

export interface DatasetOptions {
	/** Folder of the data files that cards name; without, they come from the hub. */
	readonly dataDir?: string | undefined;
	readonly fetchRepository?: FetchRepository | undefined;
	/** Data for evaluation alone that is not split is all for testing. Default: false. */
	readonly testOnly?: boolean;
}

/** Share for testing of data that is not split, where nothing says. */
const usualTestFraction = 0.1;

/**
 * Reads the data set that an entry of a recipe names; a card that stands for several is not one of them.
 * @throws ThaliaError `dataset-file`, `dataset-garbled`, `dataset-row`, `dataset-empty`, `dataset-hub`
 */
export async function openDataset(entry: DatasetEntry, options: DatasetOptions = {}): Promise<Dataset> {
	if ("dataset" in entry) return openCard(entry, options);
	const files = "file" in entry ? ownFiles(entry) : await fetched(entry, entry.hub, options);
	const usualName = "file" in entry ? basename(entry.file).replace(/\..*$/, "") : basename(entry.hub);
	return loadDataset({
		...common(entry, options),
		name: entry.name ?? usualName,
		files,
		fields: { ...usualFields, ...entry.fields },
		prompt: entry.prompt ?? "{question}",
		gold: entry.gold ?? "{answer}",
		verifier: verifierOf(entry.verifier),
		filters: [entry.filter ?? {}],
		trainFilter: {},
	});
}

async function openCard(entry: CardEntry, options: DatasetOptions): Promise<Dataset> {
	const card = readCard(entry.dataset);
	if ("group" in card) {
		const members = card.group.map((member) => Object.values(member)[0]).join(", ");
		throw expected("dataset-group", "one data set", entry.dataset, `a group of ${members}`);
	}
	return loadDataset({
		...common({ testFraction: card.testFraction, ...entry }, options),
		name: entry.name ?? card.name,
		files: await cardFiles(card, options),
		fields: card.fields,
		prompt: entry.prompt ?? card.prompt,
		gold: card.gold,
		verifier: verifierOf(entry.verifier ?? card.verifier),
		...(card.shots === undefined ? {} : { shots: { ...card.shots, count: entry.shots ?? card.shots.count } }),
		filters: [card.filter, entry.filter ?? {}],
		trainFilter: card.trainFilter,
	});
}

function common(
	{ testFraction, limit, badRows = "refuse" }: Pick<FileEntry, "testFraction" | "limit" | "badRows">,
	{ testOnly = false }: DatasetOptions,
): Pick<DatasetSpec, "testFraction" | "limit" | "badRows"> {
	return {
		testFraction: testOnly ? 1 : (testFraction ?? usualTestFraction),
		...(limit === undefined ? {} : { limit }),
		badRows,
	};
}

function verifierOf(choice: VerifierChoice): Verifier {
	return typeof choice === "string" ? makeVerifier(choice) : makeVerifier(choice.name, choice.options);
}

function ownFiles({ file, testFile }: FileEntry): DatasetSpec["files"] {
	return testFile === undefined ? { train: [file] } : { train: [file], test: [testFile] };
}

/** In the data folder where all of them are there, else from the hub. */
async function cardFiles(card: Card, options: DatasetOptions): Promise<DatasetSpec["files"]> {
	const { dataDir } = options;
	const local = Object.entries(card.files ?? {}).map(([split, names]) => ({
		split,
		paths: [names].flat().map((name) => join(dataDir ?? "", name)),
	}));
	const missing = local.flatMap(({ paths }) => paths).filter((path) => !existsSync(path));
	if (dataDir !== undefined && local.length > 0 && missing.length === 0)
		return Object.fromEntries(local.map(({ split, paths }) => [split as keyof Files, paths]));
	if (card.hub !== undefined && options.fetchRepository !== undefined) {
		try {
			return await hubFiles([card.hub].flat(), options.fetchRepository);
		} catch (cause) {
			if (!(cause instanceof ThaliaError) || dataDir !== undefined) throw cause;
			const { code, message, fix } = cause;
			const local = "set task.dataDir in the recipe, or THALIA_DATA, to a folder that has its files";
			throw new ThaliaError(code, `data set ${card.name}: ${message}`, {
				cause,
				fix: fix === undefined ? local : `${fix}; or ${local}`,
			});
		}
	}
	const names = local.flatMap(({ paths }) => paths.map((path) => basename(path))).join(", ");
	throw new ThaliaError(
		"dataset-file",
		dataDir === undefined
			? `Expected a data folder with ${names} for data set ${card.name} but none is set`
			: `Expected ${missing.join(", ")} for data set ${card.name} but there is no such file`,
		{ fix: "set task.dataDir in the recipe, or THALIA_DATA, to the folder that has it" },
	);
}

async function fetched(
	entry: HubEntry,
	id: string,
	{ fetchRepository }: DatasetOptions,
): Promise<DatasetSpec["files"]> {
	if (fetchRepository === undefined) {
		const fix = "get its files yourself and name them with `file`";
		throw new ThaliaError("dataset-hub", `Expected data set ${id} of the hub but the hub is out of reach`, {
			fix,
		});
	}
	const { config, revision, files } = entry;
	return hubFiles([{ id, config, revision, files }], fetchRepository);
}
