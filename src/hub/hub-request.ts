import { ThaliaError } from "../errors.ts";
import { nameOf, type Repository } from "./repository.ts";
import { accessToken, endpoint, timeoutMs } from "./settings.ts";

export interface RequestContext {
	readonly repository: Repository;
	readonly fetch: typeof fetch;
	readonly signal?: AbortSignal | undefined;
	/** Before the second attempt at a file; doubled before each other. */
	readonly pauseMs?: number | undefined;
}

/** What may be different the next time. */
const passing = new Set(["hub-network", "hub-timeout", "hub-busy"]);

export function isPassing(error: unknown): boolean {
	return error instanceof ThaliaError && passing.has(error.code);
}

/**
 * A request to the hub, with the user's token: an answer that is no success is an error that says what to do.
 * `watch` ends it when nothing has come for a while; call it again with everything that does.
 * @throws ThaliaError `hub-not-found`, `hub-revision`, `hub-gated`, `hub-token`, `hub-file`, `hub-busy`, `hub-response`,
 * `hub-network`, `hub-timeout`
 */
export async function hubRequest(
	url: string,
	context: RequestContext,
	headers: Readonly<Record<string, string>> = {},
	watch: Watch = new Watch(context.signal),
): Promise<Response> {
	const token = accessToken();
	try {
		// A redirect to another host (where the large files are) does not take the authorization along.
		const response = await context.fetch(url, {
			headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
			signal: watch.signal,
		});
		if (response.ok) return response;
		throw await refusal(response, context.repository, token !== undefined);
	} catch (error) {
		throw watch.explain(error, url);
	}
}

/** Ends a request when nothing has come for a while, or when the caller's signal says so. */
export class Watch {
	readonly #timeout = timeoutMs();
	readonly #controller = new AbortController();
	readonly #outer: AbortSignal | undefined;
	#timer: NodeJS.Timeout | undefined;
	#late = false;

	constructor(outer: AbortSignal | undefined) {
		this.#outer = outer;
		this.again();
	}

	get signal(): AbortSignal {
		const own = this.#controller.signal;
		return this.#outer === undefined ? own : AbortSignal.any([own, this.#outer]);
	}

	/** Something has come. */
	again(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			this.#late = true;
			this.#controller.abort();
		}, this.#timeout);
		this.#timer.unref();
	}

	done(): void {
		clearTimeout(this.#timer);
	}

	/** What a failure of the request means. An interruption by the caller stays what it is. */
	explain(error: unknown, url: string): unknown {
		this.done();
		if (error instanceof ThaliaError) return error;
		if (this.#outer?.aborted === true) return this.#outer.reason as unknown;
		const host = new URL(url).host;
		if (this.#late) {
			return new ThaliaError(
				"hub-timeout",
				`Expected an answer of ${host} within ${this.#timeout / 1000} s`,
				{
					fix: `try again: what has come is kept. HF_HUB_DOWNLOAD_TIMEOUT sets the seconds`,
					cause: error,
				},
			);
		}
		if (!isNetworkFailure(error)) return error;
		const { cause } = error as { cause?: { code?: string; message?: string } };
		const why = cause?.code ?? cause?.message ?? (error as Error).message;
		return new ThaliaError("hub-network", `Expected to reach ${host} but there is no connection (${why})`, {
			fix: "check the network; where there is none, `thalia models fetch` on a machine that has it and copy the cache (THALIA_CACHE), or give the folder of a model",
			cause: error,
		});
	}
}

/** What undici throws for everything between here and the server, also while a body is being read. */
function isNetworkFailure(error: unknown): boolean {
	const { name, code } = error as { name?: string; code?: string };
	return name === "TypeError" || code?.startsWith("UND_ERR") === true || code === "ECONNRESET";
}

async function refusal(response: Response, repository: Repository, withToken: boolean): Promise<ThaliaError> {
	const { status, headers } = response;
	const reason = headers.get("x-error-code");
	const said = headers.get("x-error-message") ?? (await bodyError(response));
	const name = nameOf(repository);
	const page = `${endpoint()}/${repository.type === "dataset" ? "datasets/" : ""}${repository.id}`;
	if (reason === "GatedRepo" || status === 403) {
		return new ThaliaError("hub-gated", `Expected access to ${name} but its authors must grant it: ${said}`, {
			fix: `accept the licence on ${page}, and set HF_TOKEN to a token of that account${withToken ? " (the present one has no access)" : ""}`,
		});
	}
	if (reason === "RevisionNotFound") {
		return new ThaliaError(
			"hub-revision",
			`Expected a branch, tag or commit of ${repository.id} but it has no ${JSON.stringify(repository.revision ?? "main")}`,
			{ fix: `see ${page}/tree/main for those that it has` },
		);
	}
	if (reason === "EntryNotFound") {
		return new ThaliaError(
			"hub-file",
			`Expected ${new URL(response.url).pathname} at the hub but it is not there`,
		);
	}
	if (status === 401 && /invalid (credentials|user token)/i.test(said)) {
		return new ThaliaError("hub-token", `Expected a valid access token but the hub says: ${said}`, {
			fix: "set HF_TOKEN to one from the settings page of your account, or unset it",
		});
	}
	// Without a token, one that does not exist is answered as one that is private.
	if (status === 401 || status === 404) {
		return new ThaliaError(
			"hub-not-found",
			`Expected a ${repository.type} at ${page} but there is none, or it is private`,
			{
				fix: "check the spelling; for a private one set HF_TOKEN",
			},
		);
	}
	if (status === 429 || status >= 500) {
		return new ThaliaError("hub-busy", `Expected an answer for ${name} but the hub says ${status}: ${said}`, {
			fix: "try again later: what has come is kept",
		});
	}
	return new ThaliaError(
		"hub-response",
		`Expected an answer for ${name} but the hub says ${status}: ${said}`,
	);
}

async function bodyError(response: Response): Promise<string> {
	const text = await response.text().catch(() => "");
	try {
		const { error, message } = JSON.parse(text) as { error?: string; message?: string };
		return error ?? message ?? response.statusText;
	} catch {
		return text.length > 0 && text.length < 200 ? text : response.statusText;
	}
}
