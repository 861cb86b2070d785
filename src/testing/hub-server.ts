import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HubRepository {
	readonly files: Readonly<Record<string, string | Buffer>>;
	/** Those with this ending are large ones, kept elsewhere. Default: .safetensors */
	readonly lfs?: string;
	/** Only with this token. */
	readonly token?: string;
}

/** How the next answer to a request for this file goes wrong. */
export type Mishap = "cut" | "stall" | "busy" | "changed" | "longer" | "no-ranges";

export const commit = "0123456789abcdef0123456789abcdef01234567";

/**
 * What the Hugging Face hub does of HTTP, as far as fetching goes: commit of a revision, listing by pages, files with
 * redirects to another host for the large ones, ranges, refusals. One commit, called main and v1.
 */
export class HubServer {
	/** Of every request: its path, and whether it had an authorization. */
	readonly requests: {
		readonly path: string;
		readonly range: string | undefined;
		readonly authorized: boolean;
	}[] = [];
	/** By path; the first is taken by the next request. */
	readonly mishaps = new Map<string, Mishap[]>();
	readonly #repositories: Readonly<Record<string, HubRepository>>;
	readonly #hub: Server;
	readonly #storage: Server;

	private constructor(repositories: Readonly<Record<string, HubRepository>>) {
		this.#repositories = repositories;
		this.#hub = createServer((request, response) => this.#answer(request, response));
		this.#storage = createServer((request, response) => this.#store(request, response));
	}

	/** Repositories by `models/owner/name` or `datasets/owner/name`. */
	static async start(repositories: Readonly<Record<string, HubRepository>>): Promise<HubServer> {
		const server = new HubServer(repositories);
		for (const one of [server.#hub, server.#storage])
			await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
		return server;
	}

	get url(): string {
		return urlOf(this.#hub);
	}

	/** How often a path was asked for. */
	count(part: string): number {
		return this.requests.filter(({ path }) => path.includes(part)).length;
	}

	async close(): Promise<void> {
		for (const one of [this.#hub, this.#storage]) {
			one.closeAllConnections();
			await new Promise((resolve) => one.close(resolve));
		}
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		const url = this.#note(request);
		const api = /^\/api\/((?:models|datasets)\/[^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
		const file = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
		const key =
			api?.[1] ?? (file === null ? "" : `${(file[1] as string | undefined) ?? "models/"}${file[2]}`);
		const revision = decodeURIComponent(api?.[3] ?? file?.[3] ?? "");
		if (!Object.hasOwn(this.#repositories, key)) {
			refuse(response, 401, "RepoNotFound", "Invalid username or password.");
			return;
		}
		const repository = this.#repositories[key];
		const given = request.headers.authorization;
		if (given === "Bearer expired") {
			refuse(response, 401, undefined, "Invalid credentials in Authorization header");
		} else if (repository.token !== undefined && given !== `Bearer ${repository.token}`) {
			refuse(response, given === undefined ? 401 : 403, "GatedRepo", "Access to this model is restricted.");
		} else if (!["main", "v1", commit].includes(revision)) {
			refuse(response, 404, "RevisionNotFound", "Invalid rev id");
		} else if (api?.[2] === "revision") {
			json(response, { _id: "1", id: key.slice(key.indexOf("/") + 1), sha: commit, lastModified: 0 });
		} else if (api?.[2] === "tree") {
			this.#list(url, repository, response);
		} else {
			this.#resolve(decodeURIComponent(file![4]), key, repository, request, response);
		}
	}

	/** Two entries a page. */
	#list(url: URL, repository: HubRepository, response: ServerResponse): void {
		const start = Number(url.searchParams.get("cursor") ?? 0);
		const entries = [
			{ type: "directory", path: "folder", size: 0, oid: "0" },
			...Object.entries(repository.files).map(([path, content]) =>
				entryOf(path, Buffer.from(content), isLarge(path, repository)),
			),
		];
		const next = new URL(url);
		next.searchParams.set("cursor", String(start + 2));
		if (start + 2 < entries.length)
			response.setHeader("Link", `<${this.url}${next.pathname}${next.search}>; rel="next"`);
		json(response, entries.slice(start, start + 2));
	}

	#resolve(
		path: string,
		key: string,
		repository: HubRepository,
		request: IncomingMessage,
		response: ServerResponse,
	): void {
		if (!Object.hasOwn(repository.files, path)) {
			refuse(response, 404, "EntryNotFound", "Entry not found");
		} else if (isLarge(path, repository)) {
			response.writeHead(302, {
				location: `${urlOf(this.#storage)}/${key}/${path}`,
				"x-linked-size": Buffer.from(repository.files[path]).length,
			});
			response.end();
		} else {
			this.#send(path, Buffer.from(repository.files[path]), request, response);
		}
	}

	#store(request: IncomingMessage, response: ServerResponse): void {
		const url = this.#note(request);
		const [, type, owner, name, ...path] = decodeURIComponent(url.pathname).split("/");
		const { files } = this.#repositories[`${type}/${owner}/${name}`];
		this.#send(path.join("/"), Buffer.from(files[path.join("/")]), request, response);
	}

	#send(path: string, content: Buffer, request: IncomingMessage, response: ServerResponse): void {
		const mishap = this.mishaps.get(path)?.shift();
		if (mishap === "busy") {
			refuse(response, 503, undefined, "overloaded");
			return;
		}
		const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
		const start = asked === null || mishap === "no-ranges" ? 0 : Number(asked[1]);
		if (start > 0)
			response.setHeader("content-range", `bytes ${start}-${content.length - 1}/${content.length}`);
		const own = mishap === "changed" ? Buffer.from(content.map((byte) => byte ^ 1)) : content;
		const body = mishap === "longer" ? Buffer.concat([own, own]) : own.subarray(start);
		response.writeHead(start > 0 ? 206 : 200, { "content-length": body.length });
		if (mishap !== "cut" && mishap !== "stall") {
			response.end(body);
			return;
		}
		response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
			// Long enough for what was sent to arrive first.
			if (mishap === "cut") setTimeout(() => response.destroy(), 20);
		});
	}

	#note(request: IncomingMessage): URL {
		const url = new URL(request.url!, this.url);
		const { range, authorization } = request.headers;
		this.requests.push({ path: url.pathname, range, authorized: authorization !== undefined });
		return url;
	}
}

function isLarge(path: string, { lfs = ".safetensors" }: HubRepository): boolean {
	return path.endsWith(lfs);
}

function entryOf(path: string, content: Buffer, large: boolean) {
	const size = content.length;
	if (!large) {
		const oid = createHash("sha1").update(`blob ${size}\0`).update(content).digest("hex");
		return { type: "file", path, size, oid };
	}
	const oid = createHash("sha256").update(content).digest("hex");
	return { type: "file", path, size, oid: "f".repeat(40), lfs: { oid, size, pointerSize: 134 } };
}

function refuse(response: ServerResponse, status: number, code: string | undefined, error: string): void {
	if (code !== undefined) response.setHeader("x-error-code", code);
	response.statusCode = status;
	json(response, { error });
}

function json(response: ServerResponse, value: unknown): void {
	response.setHeader("content-type", "application/json");
	response.end(JSON.stringify(value));
}

function urlOf(server: Server): string {
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
