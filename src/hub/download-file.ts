import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ThaliaError } from "../errors.ts";
import { hubRequest, isPassing, type RequestContext, Watch } from "./hub-request.ts";
import type { RemoteFile } from "./listing.ts";

/** Failures in a row without a byte in between before it is given up. */
const attempts = 5;

/**
 * Fetches a file to `path`, which appears whole and checked or not at all. What an interrupted fetch has left in
 * `path`.partial is gone on from.
 * @throws ThaliaError as `hubRequest`; `hub-size`, `hub-checksum`, `disk-full`
 */
export async function downloadFile(
	url: string,
	path: string,
	file: RemoteFile,
	context: RequestContext,
	onBytes: (done: number) => void,
): Promise<void> {
	const partial = `${path}.partial`;
	mkdirSync(dirname(path), { recursive: true });
	let failures = 0;
	for (;;) {
		const before = sizeOf(partial);
		try {
			await fetchRest(url, partial, file, context, onBytes);
			break;
		} catch (error) {
			const progressed = sizeOf(partial) > before;
			failures = progressed ? 1 : failures + 1;
			if (!isPassing(error) || failures >= attempts) throw withDisk(error, path);
			await sleep((context.pauseMs ?? 500) * 2 ** (failures - 1), undefined, { signal: context.signal });
		}
	}
	await check(partial, file, url);
	renameSync(partial, path);
}

async function fetchRest(
	url: string,
	partial: string,
	file: RemoteFile,
	context: RequestContext,
	onBytes: (done: number) => void,
): Promise<void> {
	let done = sizeOf(partial);
	if (done > file.size) {
		rmSync(partial);
		done = 0;
	}
	if (done === file.size && done > 0) return;
	const watch = new Watch(context.signal);
	const range: Record<string, string> = done > 0 ? { range: `bytes=${done}-` } : {};
	const response = await hubRequest(url, context, { ...range, "accept-encoding": "identity" }, watch);
	// A server that knows no ranges sends it all again.
	if (!new RegExp(`^bytes ${done}-`).test(response.headers.get("content-range") ?? "")) done = 0;
	const handle = await open(partial, done > 0 ? "a" : "w");
	try {
		for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
			watch.again();
			done += chunk.length;
			if (done > file.size) break;
			await handle.writeFile(chunk);
			onBytes(done);
		}
		await handle.sync();
	} catch (error) {
		throw watch.explain(error, url);
	} finally {
		watch.done();
		await handle.close();
	}
	if (done > file.size) {
		rmSync(partial);
		throw new ThaliaError("hub-size", `Expected ${file.size} bytes for ${file.path} but more came`);
	}
	if (done < file.size) {
		throw new ThaliaError(
			"hub-network",
			`Expected ${file.size} bytes for ${file.path} but the answer ended after ${done}`,
			{
				fix: "try again: what has come is kept",
			},
		);
	}
}

async function check(partial: string, file: RemoteFile, url: string): Promise<void> {
	const { sha256, gitSha1 } = file;
	const want = sha256 ?? gitSha1;
	if (want === undefined) return;
	const hash = createHash(sha256 === undefined ? "sha1" : "sha256");
	if (sha256 === undefined) hash.update(`blob ${file.size}\0`);
	for await (const chunk of createReadStream(partial, { highWaterMark: 2 ** 20 }))
		hash.update(chunk as Buffer);
	const got = hash.digest("hex");
	if (got === want) return;
	rmSync(partial);
	throw new ThaliaError(
		"hub-checksum",
		`Expected the hash ${want} for ${file.path} but what came has ${got}`,
		{
			fix: `try again; where it happens again, something between here and ${new URL(url).host} changes files`,
		},
	);
}

function sizeOf(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function withDisk(error: unknown, path: string): unknown {
	if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error;
	return diskFull(path, error);
}

export function diskFull(path: string, cause?: unknown): ThaliaError {
	return new ThaliaError("disk-full", `Expected room on the disk for ${path} but there is none`, {
		fix: "make room, or set THALIA_CACHE to a folder on another disk; what has come is kept",
		...(cause === undefined ? {} : { cause }),
	});
}
