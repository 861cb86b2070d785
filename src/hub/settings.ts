import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

// What the environment says, in the variables of huggingface_hub where it has them. Read at each use: tests change them.

/** Where Thalia keeps what it has fetched. */
export function cacheDir(): string {
	return set("THALIA_CACHE") ?? join(userCache(), "thalia");
}

/** Where huggingface_hub, transformers and the like keep theirs. */
export function huggingFaceCacheDir(): string {
	return set("HF_HUB_CACHE") ?? set("HUGGINGFACE_HUB_CACHE") ?? join(huggingFaceHome(), "hub");
}

export function endpoint(): string {
	return (set("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, "");
}

/** Nothing is asked of the network. */
export function isOffline(): boolean {
	return ["THALIA_OFFLINE", "HF_HUB_OFFLINE"].some((name) => /^(1|true|yes|on)$/i.test(set(name) ?? ""));
}

/** Never to be shown. */
export function accessToken(): string | undefined {
	const given = set("HF_TOKEN") ?? set("HUGGING_FACE_HUB_TOKEN");
	if (given !== undefined) return given.trim();
	try {
		const text = readFileSync(set("HF_TOKEN_PATH") ?? join(huggingFaceHome(), "token"), "utf8").trim();
		return text === "" ? undefined : text;
	} catch {
		return undefined;
	}
}

/** How long nothing may come before a request counts as failed. */
export function timeoutMs(): number {
	const seconds = Number(set("HF_HUB_DOWNLOAD_TIMEOUT"));
	return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 30_000;
}

function huggingFaceHome(): string {
	return set("HF_HOME") ?? join(userCache(), "huggingface");
}

function userCache(): string {
	return set("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
}

function set(name: string): string | undefined {
	const value = process.env[name];
	return value === undefined || value === "" ? undefined : value;
}
