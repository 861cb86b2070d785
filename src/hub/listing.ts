import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expected, ThaliaError } from "../errors.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import { hubRequest, type RequestContext } from "./hub-request.ts";
import { isCommit } from "./repository.ts";
import { endpoint } from "./settings.ts";

/** A file of a repository, with what proves that it is whole. */
export interface RemoteFile {
	readonly path: string;
	readonly size: number;
	/** Of its content, for the large ones. */
	readonly sha256?: string;
	/** Git's, of "blob SIZE\0" and its content, for the others. */
	readonly gitSha1?: string;
}

/** The commit that a branch, tag or shortened commit stands for now. @throws as `hubRequest` */
export async function askCommit(context: RequestContext): Promise<string> {
	// Not before it is needed: most commands talk to no hub.
	const { modelInfo, datasetInfo } = await import("@huggingface/hub");
	const { type, id, revision = "main" } = context.repository;
	const asked = {
		name: id,
		revision,
		additionalFields: ["sha"] as ["sha"],
		hubUrl: endpoint(),
		fetch: libraryFetch(context),
	};
	const { sha } = type === "model" ? await modelInfo(asked) : await datasetInfo(asked);
	if (typeof sha === "string" && isCommit(sha)) return sha;
	throw expected("hub-response", "a commit", `the hub's answer for ${id}`, sha);
}

/** Every file of a commit. @throws as `hubRequest` */
export async function askFiles(commit: string, context: RequestContext): Promise<RemoteFile[]> {
	const { listFiles } = await import("@huggingface/hub");
	const { type, id } = context.repository;
	const entries = listFiles({
		repo: { type, name: id },
		revision: commit,
		recursive: true,
		hubUrl: endpoint(),
		fetch: libraryFetch(context),
	});
	const files: RemoteFile[] = [];
	for await (const { type: kind, path, size, oid, lfs } of entries) {
		if (kind !== "file") continue;
		if (!isSafe(path))
			throw expected("hub-response", "a path within the repository", `a file of ${id}`, path);
		const proof = lfs !== undefined ? { sha256: lfs.oid } : oid === undefined ? {} : { gitSha1: oid };
		files.push({ path, size: lfs?.size ?? size, ...proof });
	}
	return files;
}

/** What the library asks and how it fails: our way. An answer that is cut off in the middle is a failure of the network. */
function libraryFetch(context: RequestContext): typeof fetch {
	return async (input) => {
		const url = input instanceof Request ? input.url : String(input);
		const response = await hubRequest(url, context, { accept: "application/json" });
		const text = await response.text().catch((cause: unknown) => {
			throw new ThaliaError(
				"hub-network",
				`Expected the whole answer of ${new URL(url).host} but it was cut off`,
				{ cause },
			);
		});
		try {
			JSON.parse(text);
		} catch (cause) {
			throw new ThaliaError(
				"hub-response",
				`Expected JSON from ${new URL(url).host} but received ${JSON.stringify(text.slice(0, 80))}`,
				{
					cause,
					fix: "check HF_ENDPOINT, and that no login page of the network is in between",
				},
			);
		}
		return new Response(text, { headers: response.headers });
	};
}

/** Its path is joined to a folder of ours. */
function isSafe(path: string): boolean {
	return (
		!/[\\:\0]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
	);
}

/** A listing never changes: it is kept, so that what is cached can be told to be complete without the network. */
export function storedListing(folder: string, commit: string): RemoteFile[] | undefined {
	const path = listingPath(folder, commit);
	if (!existsSync(path)) return undefined;
	try {
		return JSON.parse(readFileSync(path, "utf8")) as RemoteFile[];
	} catch {
		return undefined;
	}
}

export function storeListing(folder: string, commit: string, files: readonly RemoteFile[]): void {
	const path = listingPath(folder, commit);
	mkdirSync(dirname(path), { recursive: true });
	writeFileAtomic(path, JSON.stringify(files));
}

function listingPath(folder: string, commit: string): string {
	return join(folder, "listings", `${commit}.json`);
}
