import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fixturesDir } from "../testing/fixtures.ts";
import { ChatTemplate, readChatTemplate } from "./chat-template.ts";
import { loadTokenizer } from "./tokenizer.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-chat-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hello = [{ role: "user", content: "Hello" }];

function template(
	source: string,
	{ tokens = {}, timeLimit }: { tokens?: Record<string, string>; timeLimit?: number } = {},
) {
	return new ChatTemplate("here", new Map([["default", source]]), tokens, timeLimit);
}

interface ChatGolden {
	readonly chat: readonly {
		readonly messages: typeof hello;
		readonly add_generation_prompt: boolean;
		readonly text: string;
		readonly ids: number[];
	}[];
}

describe.skipIf(fixturesDir === undefined).each(["llama3_like", "qwen2_like", "smollm_like"])(
	"%s",
	(kind) => {
		test("conversations as transformers renders and tokenises them", () => {
			const dir = join(fixturesDir!, "tokenizers", kind);
			const tokenizer = loadTokenizer(dir);
			const { chat } = JSON.parse(readFileSync(join(dir, "golden.json"), "utf8")) as ChatGolden;
			expect(chat.length).toBeGreaterThan(0);
			for (const { messages, add_generation_prompt: addGenerationPrompt, text, ids } of chat) {
				expect(tokenizer.chatTemplate!.render(messages, { addGenerationPrompt })).toBe(text);
				expect(tokenizer.encode(text)).toEqual(ids);
			}
		});
	},
);

describe("what a template reads", () => {
	test("messages, special tokens, its own variables", () => {
		const source =
			"{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if enable_thinking %}<think>{% endif %}";
		const chat = template(source, { tokens: { bos_token: "<s>" } });
		expect(chat.render(hello, { enable_thinking: true })).toBe("<s>user: Hello\n<think>");
		expect(chat.render(hello)).toBe("<s>user: Hello\n");
	});

	test("the date", () => {
		expect(template("{{ strftime_now('%Y') }}").render(hello)).toMatch(/^20\d\d$/);
	});

	test("range, in its three forms", () => {
		const source = "{% for i in range(3) %}{{ i }}{% endfor %} {% for i in range(1, 3) %}{{ i }}{% endfor %}";
		expect(template(source).render(hello)).toBe("012 12");
		expect(template("{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}").render(hello)).toBe("531");
	});
});

describe("of several templates", () => {
	const chat = new ChatTemplate(
		"here",
		new Map([
			["default", "plain"],
			["tool_use", "tools"],
		]),
	);

	test.each([
		[{}, "plain"],
		[{ tools: [] }, "tools"],
		[{ template: "tool_use" }, "tools"],
	])("%j renders %s", (options, text) => {
		expect(chat.render(hello, options)).toBe(text);
	});

	test("one that is not there is refused", () => {
		expect(() => chat.render(hello, { template: "rag" })).toThrow(
			/one of default, tool_use for the chat template of here/,
		);
	});
});

describe("where it is found", () => {
	function read(config: Record<string, unknown>, file?: string) {
		const dir = mkdtempSync(join(folder, "model-"));
		if (file !== undefined) writeFileSync(join(dir, "chat_template.jinja"), file);
		return readChatTemplate(dir, config);
	}

	test("nowhere", () => {
		expect(read({})).toBeNull();
		expect(read({ chat_template: null })).toBeNull();
	});

	test("a text, a list of named ones, and a file before either", () => {
		const list = [
			{ name: "default", template: "A" },
			{ name: "rag", template: "B" },
		];
		expect(read({ chat_template: "A" })!.render(hello)).toBe("A");
		expect(read({ chat_template: list })!.render(hello, { template: "rag" })).toBe("B");
		expect(read({ chat_template: "A" }, "C")!.render(hello)).toBe("C");
	});

	test.each([[1], [{}], [[]], [[{ name: "default" }]], [["A"]]])("%j is refused", (value) => {
		expect(() => read({ chat_template: value })).toThrow(
			expect.objectContaining({ code: "chat-template-invalid" }),
		);
	});
});

describe("a template that is no good is an error, soon", () => {
	test.each([
		["does not parse", "{% for m in messages %}", "chat-template"],
		["refuses the messages", "{{ raise_exception('roles must alternate') }}", "chat-template"],
		["fails", "{{ messages | no_such_filter }}", "chat-template"],
		["counts to a billion", "{% for i in range(1000000000) %}x{% endfor %}", "chat-template"],
		[
			"does not end",
			"{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
			"chat-template-endless",
		],
	])("%s", (_, source, code) => {
		const begin = performance.now();
		expect(() => template(source, { timeLimit: 300 }).render(hello)).toThrow(
			expect.objectContaining({ code }),
		);
		expect(performance.now() - begin).toBeLessThan(10_000);
	});

	test("its own complaint is passed on", () => {
		expect(() => template("{{ raise_exception('roles must alternate') }}").render(hello)).toThrow(
			/roles must alternate/,
		);
	});
});
