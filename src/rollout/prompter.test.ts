import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { makePrompter } from "./prompter.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-prompter-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

writeByteTokenizer(root);
const plain = loadTokenizer(root);
const template =
	"{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<bot>{% endif %}";
writeFileSync(join(root, "chat_template.jinja"), template);
const chat = loadTokenizer(root);
const problem = { prompt: "2+2\n" };

test("a user's turn where the model has a chat template, and the text itself where it has none", () => {
	expect(chat.decode(makePrompter(chat)(problem))).toBe("<user>2+2\n<bot>");
	expect(chat.decode(makePrompter(chat, { system: "be brief" })(problem))).toBe(
		"<system>be brief<user>2+2\n<bot>",
	);
	expect(chat.decode(makePrompter(chat, { chat: false })(problem))).toBe("2+2\n");
	expect(plain.decode(makePrompter(plain)(problem))).toBe("2+2\n");
});

test("what asks for a template is refused where there is none", () => {
	const refusal = expect.objectContaining({ code: "chat-template" }) as unknown;
	expect(() => makePrompter(plain, { chat: true })).toThrow(refusal);
	expect(() => makePrompter(plain, { system: "be brief" })).toThrow(refusal);
});
