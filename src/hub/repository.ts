import { ThaliaError } from "../errors.ts";

/** A repository of the Hugging Face hub, at a branch, a tag or a commit; without: its main branch. */
export interface Repository {
	readonly type: "model" | "dataset";
	/** `owner/name`, or `name` of one of the oldest. */
	readonly id: string;
	readonly revision?: string | undefined;
}

const name = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?";
const idPattern = new RegExp(`^${name}(?:/${name})?$`);
const revisionPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

/** Whether this could be `owner/name` or `owner/name@revision`. */
export function isRepositoryId(text: string): boolean {
	const { id, revision } = splitRevision(text);
	return id.includes("/") && idPattern.test(id) && (revision === undefined || isRevision(revision));
}

/** `owner/name@revision` in its parts. */
export function splitRevision(text: string): { id: string; revision?: string } {
	const at = text.indexOf("@");
	return at < 0 ? { id: text } : { id: text.slice(0, at), revision: text.slice(at + 1) };
}

export function isCommit(revision: string): boolean {
	return /^[0-9a-f]{40}$/.test(revision);
}

function isRevision(revision: string): boolean {
	return revisionPattern.test(revision) && !revision.split("/").includes("..");
}

/** @throws ThaliaError `hub-id` */
export function assertRepository({ id, revision }: Repository): void {
	const well = idPattern.test(id) && !id.includes("--") && !id.includes("..");
	if (!well) {
		throw new ThaliaError(
			"hub-id",
			`Expected owner/name for a repository but received ${JSON.stringify(id)}`,
			{
				fix: "copy the name from the repository's page",
			},
		);
	}
	if (revision !== undefined && !isRevision(revision)) {
		throw new ThaliaError(
			"hub-id",
			`Expected a branch, tag or commit for the revision of ${id} but received ${JSON.stringify(revision)}`,
		);
	}
}

/** As errors name it: `owner/name`, `owner/name@revision`. */
export function nameOf({ id, revision }: Repository): string {
	return revision === undefined ? id : `${id}@${revision}`;
}

/** Its folder in a cache, as huggingface_hub has it: `models--owner--name`. */
export function folderName({ type, id }: Repository): string {
	return [`${type}s`, ...id.split("/")].join("--");
}
