import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { describe, expected, ThaliaError } from "../errors.ts";
import { isTimeout, withTimeLimit } from "../time-limit.ts";

/** One turn of a conversation; templates read what else it has (tool calls, reasoning) too. */
export interface ChatMessage {
	readonly role: string;
	readonly content: string | null | readonly unknown[];
	readonly [key: string]: unknown;
}

export interface RenderOptions {
	/** End with what the assistant's answer begins with. Default false. */
	readonly addGenerationPrompt?: boolean;
	/** Which of several templates; default: "tool_use" where there are `tools` and it exists, else "default". */
	readonly template?: string;
	/** Whatever else the template reads: `tools`, `enable_thinking`, ... */
	readonly [variable: string]: unknown;
}

/** What a rendering may take. Real templates need a thousandth of it. */
const longestRendering = 5000;
/** Items of one `range(...)`: a list of a billion would fill the memory before the time is up. */
const longestRange = 100_000;
/** The library's own `range` can only be hidden from within. The line's end belongs to the block: nothing is rendered. */
const preamble = "{% set range = bounded_range %}\n";

/** A model's own way of writing a conversation as text, in Jinja. */
export class ChatTemplate {
	/** The text of each template by its name; "default" is the usual one. */
	readonly sources: ReadonlyMap<string, string>;
	readonly #from: string;
	readonly #tokens: SpecialTokens;
	readonly #timeLimit: number;
	readonly #parsed = new Map<string, Template>();

	/** `from` is named in errors; `tokens` are the special ones that a template may write (`bos_token`, ...). */
	constructor(
		from: string,
		sources: ReadonlyMap<string, string>,
		tokens: SpecialTokens = {},
		timeLimit = longestRendering,
	) {
		this.#from = from;
		this.sources = sources;
		this.#tokens = tokens;
		this.#timeLimit = timeLimit;
	}

	/**
	 * The conversation as text, to be tokenised without adding special tokens: the template has written them.
	 * @throws ThaliaError `chat-template` (it does not parse, it refuses these messages), `chat-template-endless`
	 */
	render(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
		const { addGenerationPrompt = false, template, ...variables } = options;
		const name = template ?? this.#usual(variables);
		try {
			return withTimeLimit(this.#timeLimit, () =>
				this.#parse(name).render({
					bounded_range: range,
					...this.#tokens,
					...variables,
					messages,
					add_generation_prompt: addGenerationPrompt,
				}),
			);
		} catch (cause) {
			if (cause instanceof ThaliaError) throw cause;
			throw isTimeout(cause) ? this.#endless() : this.#failed(cause as Error);
		}
	}

	#usual(variables: Readonly<Record<string, unknown>>): string {
		if (variables["tools"] !== undefined && this.sources.has("tool_use")) return "tool_use";
		// A list without a "default" has one template for everything.
		return this.sources.has("default") ? "default" : ([...this.sources.keys()].at(0) ?? "default");
	}

	/** Not before it is used: a template that does not parse is no reason to refuse a model that is used without it. */
	#parse(name: string): Template {
		const source = this.sources.get(name);
		if (source === undefined) {
			const known = [...this.sources.keys()].join(", ");
			throw expected("chat-template", `one of ${known}`, `the chat template of ${this.#from}`, name);
		}
		const parsed = this.#parsed.get(name) ?? new Template(preamble + source);
		this.#parsed.set(name, parsed);
		return parsed;
	}

	#endless(): ThaliaError {
		return new ThaliaError(
			"chat-template-endless",
			`Expected the chat template of ${this.#from} to render within ${this.#timeLimit} ms but it did not`,
			{ fix: "look for a loop in it that does not end" },
		);
	}

	#failed(cause: Error): ThaliaError {
		return new ThaliaError(
			"chat-template",
			`Expected the chat template of ${this.#from} to render these messages but it failed: ${cause.message}`,
			{ cause, fix: "correct the messages, or the template in the model's folder" },
		);
	}
}

/**
 * The chat template of a model folder: chat_template.jinja, or `chat_template` of tokenizer_config.json, which is one
 * text or a list of named ones. Null where there is none.
 * @throws ThaliaError `chat-template-invalid`
 */
export function readChatTemplate(
	dir: string,
	config: Readonly<Record<string, unknown>>,
): ChatTemplate | null {
	const file = join(dir, "chat_template.jinja");
	const tokens = specialTokens(config);
	if (existsSync(file)) {
		return new ChatTemplate(file, new Map([["default", readFileSync(file, "utf8")]]), tokens);
	}
	const value = config["chat_template"];
	if (value === undefined || value === null) return null;
	const from = join(dir, "tokenizer_config.json");
	return new ChatTemplate(from, namedSources(value, from), tokens);
}

function namedSources(value: unknown, from: string): ReadonlyMap<string, string> {
	if (typeof value === "string") return new Map([["default", value]]);
	const named = Array.isArray(value) && value.length > 0 && value.every(isNamed);
	if (named) return new Map(value.map(({ name, template }) => [name, template]));
	throw new ThaliaError(
		"chat-template-invalid",
		`${from}: Expected a text, or a list of {"name", "template"}, for chat_template but received ${describe(value)}`,
		{ fix: "take the file that the model was published with" },
	);
}

function isNamed(value: unknown): value is { name: string; template: string } {
	const { name, template } = (value ?? {}) as Record<string, unknown>;
	return typeof name === "string" && typeof template === "string";
}

export type SpecialTokens = Readonly<Partial<Record<string, string>>>;

/** `bos_token`, `eos_token` and the like, as a text or as {"content": text}. */
export function specialTokens(config: Readonly<Record<string, unknown>>): SpecialTokens {
	return Object.fromEntries(
		Object.entries(config).flatMap(([key, value]) => {
			if (!/^(bos|eos|pad|unk|sep|cls|mask)_token$/.test(key)) return [];
			const text =
				typeof value === "string" ? value : (value as { content?: unknown } | null | undefined)?.content;
			return typeof text === "string" ? [[key, text]] : [];
		}),
	);
}

/** Python's, but never longer than a template needs. */
function range(start: number, stop?: number, step = 1): number[] {
	const [from, to] = stop === undefined ? [0, start] : [start, stop];
	if (step === 0) throw new Error("range() step must not be zero");
	const length = Math.max(0, Math.ceil((to - from) / step));
	if (!(length <= longestRange)) throw new Error(`range(...) of more than ${longestRange} items`);
	return Array.from({ length }, (_, i) => from + i * step);
}
