import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { ThaliaError } from "../errors.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import { diskFull, downloadFile } from "./download-file.ts";
import { isPassing, type RequestContext } from "./hub-request.ts";
import { askCommit, askFiles, type RemoteFile, storedListing, storeListing } from "./listing.ts";
import { withLock } from "./lock.ts";
import { assertRepository, folderName, isCommit, nameOf, type Repository } from "./repository.ts";
import { cacheDir, endpoint, huggingFaceCacheDir, isOffline } from "./settings.ts";

/** How far fetching is, in bytes of all files together. */
export interface Progress {
	readonly file: string;
	readonly done: number;
	readonly total: number;
}

export interface FetchOptions {
	/** Which of the repository's files are needed. */
	readonly wants: (path: string) => boolean;
	readonly onProgress?: ((progress: Progress) => void) | undefined;
	readonly fetch?: typeof fetch | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Before a failed request is made again, doubled with each failure. */
	readonly pauseMs?: number | undefined;
}

/** Where the files are, by their paths in the repository, and of which commit. */
export interface FetchedRepository {
	readonly dir: string;
	readonly commit: string;
	readonly files: string[];
}

/**
 * The wanted files of a repository of the Hugging Face hub, from the cache where they are there, and into it where they
 * are not. A branch is asked for anew each time, and what is cached of it serves where the hub cannot be reached; a commit
 * that is cached needs no network. huggingface_hub's own cache serves too. Two processes that fetch the same take turns.
 * @throws ThaliaError `hub-id`, `hub-offline`, and those of `hubRequest` and `downloadFile`
 */
export async function fetchRepository(
	repository: Repository,
	options: FetchOptions,
): Promise<FetchedRepository> {
	assertRepository(repository);
	const folder = repositoryFolder(repository);
	if (isOffline()) return cachedRepository(repository, options.wants);
	const context = {
		repository,
		fetch: options.fetch ?? fetch,
		signal: options.signal,
		pauseMs: options.pauseMs,
	};
	let commit: string;
	let listing: readonly RemoteFile[];
	try {
		commit = await commitOf(repository, folder, context);
		listing = await listingOf(commit, folder, context);
	} catch (error) {
		if (!isPassing(error)) throw error;
		// What is cached is better than nothing; where there is nothing, why is what the user must know.
		try {
			return cachedRepository(repository, options.wants);
		} catch {
			throw error;
		}
	}
	const wanted = listing.filter(({ path }) => options.wants(path));
	const files = wanted.map(({ path }) => path);
	const theirs = snapshotOf(join(huggingFaceCacheDir(), folderName(repository)), commit);
	const own = snapshotOf(folder, commit);
	const dir = [own, theirs].find((candidate) => wanted.every((file) => isThere(candidate, file)));
	if (dir !== undefined) return { dir, commit, files };
	await downloadAll(wanted, own, folder, commit, context, options);
	return { dir: own, commit, files };
}

export function repositoryFolder(repository: Repository): string {
	return join(cacheDir(), "hub", folderName(repository));
}

function snapshotOf(folder: string, commit: string): string {
	return join(folder, "snapshots", commit);
}

function isThere(dir: string, { path, size }: RemoteFile): boolean {
	return statSync(join(dir, path), { throwIfNoEntry: false })?.size === size;
}

async function commitOf(repository: Repository, folder: string, context: RequestContext): Promise<string> {
	const { revision = "main" } = repository;
	if (isCommit(revision)) return revision;
	const commit = await askCommit(context);
	const ref = join(folder, "refs", revision);
	mkdirSync(dirname(ref), { recursive: true });
	writeFileAtomic(ref, commit);
	return commit;
}

async function listingOf(
	commit: string,
	folder: string,
	context: RequestContext,
): Promise<readonly RemoteFile[]> {
	const stored = storedListing(folder, commit);
	if (stored !== undefined) return stored;
	const listing = await askFiles(commit, context);
	storeListing(folder, commit, listing);
	return listing;
}

async function downloadAll(
	wanted: readonly RemoteFile[],
	dir: string,
	folder: string,
	commit: string,
	context: RequestContext,
	{ onProgress, signal }: FetchOptions,
): Promise<void> {
	await withLock(folder, signal, async () => {
		// Another process may have fetched some meanwhile.
		const missing = wanted.filter((file) => !isThere(dir, file));
		const total = sum(wanted);
		let before = total - sum(missing);
		mkdirSync(dir, { recursive: true });
		const { bavail, bsize } = statfsSync(dir);
		const begun = missing.map(
			({ path }) => statSync(join(dir, `${path}.partial`), { throwIfNoEntry: false })?.size ?? 0,
		);
		if (sum(missing) - begun.reduce((a, b) => a + b, 0) > bavail * bsize) throw diskFull(dir);
		for (const file of missing) {
			await downloadFile(
				urlOf(context.repository, commit, file.path),
				join(dir, file.path),
				file,
				context,
				(done) => {
					onProgress?.({ file: file.path, done: before + done, total });
				},
			);
			before += file.size;
			onProgress?.({ file: file.path, done: before, total });
		}
	});
}

function sum(files: readonly RemoteFile[]): number {
	return files.reduce((total, { size }) => total + size, 0);
}

function urlOf({ type, id }: Repository, commit: string, path: string): string {
	const prefix = type === "dataset" ? "datasets/" : "";
	return `${endpoint()}/${prefix}${id}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * Without the network: a snapshot that our listing says is complete, or one of huggingface_hub's, which has no listing.
 * @throws ThaliaError `hub-offline`
 */
export function cachedRepository(
	repository: Repository,
	wants: (path: string) => boolean,
): FetchedRepository {
	assertRepository(repository);
	const folder = repositoryFolder(repository);
	const theirs = join(huggingFaceCacheDir(), folderName(repository));
	for (const cache of [folder, theirs]) {
		const commit = cachedCommit(cache, repository.revision ?? "main");
		if (commit === undefined) continue;
		const listing = storedListing(folder, commit)?.filter(({ path }) => wants(path));
		const dir = snapshotOf(cache, commit);
		if (listing?.every((file) => isThere(dir, file)) === true)
			return { dir, commit, files: listing.map(({ path }) => path) };
		if (listing !== undefined || cache === folder || !existsSync(dir)) continue;
		const files = filesBelow(dir).filter(wants);
		if (files.length > 0) return { dir, commit, files };
	}
	throw new ThaliaError(
		"hub-offline",
		`Expected ${nameOf(repository)} in the cache but it is not, or not all of it`,
		{
			fix: `fetch it (THALIA_OFFLINE and HF_HUB_OFFLINE not set), here or where there is a network, and copy ${cacheDir()}`,
		},
	);
}

function cachedCommit(cache: string, revision: string): string | undefined {
	if (isCommit(revision)) return revision;
	const ref = join(cache, "refs", revision);
	return existsSync(ref) ? readFileSync(ref, "utf8").trim() : undefined;
}

function filesBelow(dir: string): string[] {
	return readdirSync(dir, { recursive: true, withFileTypes: true })
		.filter((entry) => !entry.isDirectory())
		.map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
