import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import type { Problem } from "../tasks/family.ts";
import { examplesOf, makePrompter } from "./prompter.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-prompter-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

writeByteTokenizer(root);
const plain = loadTokenizer(root);
const template =
	"{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<bot>{% endif %}";
writeFileSync(join(root, "chat_template.jinja"), template);
const chat = loadTokenizer(root);
const problem = { id: "p", family: "sum", prompt: "2+2\n" };
const example = (id: string, family = "sum", solution = `#${id}`): Problem => ({
	...{ id, family, level: 1, prompt: `${id}?`, answer: id, solution },
});

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

test("examples come before, as turns or as text: of the family, never the problem, the same for all", () => {
	const pool = [
		example("other", "product"),
		example("p"),
		example("3"),
		example("3"),
		example("4", "sum", ""),
		example("5"),
		example("6"),
	];
	const task = { problems: () => pool };
	const testOnly = {
		problems: () => {
			throw new Error("no training problems");
		},
	};
	const examples = examplesOf([testOnly, task]);
	const shots = { shots: 2 };
	expect(chat.decode(makePrompter(chat, shots, examples)(problem))).toBe(
		"<user>3?<assistant>#3<user>5?<assistant>#5<user>2+2\n<bot>",
	);
	expect(plain.decode(makePrompter(plain, shots, examples)(problem))).toBe("3?\n#3\n\n5?\n#5\n\n2+2\n");
	expect(plain.decode(makePrompter(plain, shots)(problem))).toBe("2+2\n");
	expect(() => makePrompter(plain, { shots: 4 }, examples)(problem)).toThrow(
		expect.objectContaining({ code: "prompt-shots" }),
	);
});
