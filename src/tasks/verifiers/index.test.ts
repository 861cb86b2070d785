import { describe, expect, test } from "vitest";
import { ThaliaError } from "../../errors.ts";
import { makeVerifier, optionNames, verifierKinds } from "./index.ts";

const thrown = (act: () => unknown): ThaliaError => {
	try {
		act();
	} catch (error) {
		if (error instanceof ThaliaError) return error;
		throw error;
	}
	throw new Error("nothing was thrown");
};

describe("the registry", () => {
	test.each([...verifierKinds])("%s is made from its defaults", (name, kind) => {
		expect(kind.name).toBe(name);
		expect(kind.description).not.toBe("");
		expect(makeVerifier(name)).toBeDefined();
		expect(optionNames(kind)).toBeInstanceOf(Array);
	});

	test("a name that there is not", () => {
		expect(thrown(() => makeVerifier("mat"))).toMatchObject({
			code: "verifier-unknown",
			fix: "did you mean math?",
		});
		expect(thrown(() => makeVerifier("something else")).fix).toBeUndefined();
		expect(thrown(() => makeVerifier("exat")).message).toMatch(
			/^Expected one of .*exact.* but received "exat"$/,
		);
	});

	test("options that there are not, or with wrong values", () => {
		const { code, message } = thrown(() => makeVerifier("exact", { trmi: true }));
		expect(code).toBe("recipe-invalid");
		expect(message).toContain("unknown key trmi (did you mean trim?)");
		expect(thrown(() => makeVerifier("exact", { trim: "yes" })).message).toContain("for trim but received");
	});
});

describe("exact", () => {
	test("to the character, white space around it aside", () => {
		const exact = makeVerifier("exact");
		expect(exact.verify({ gold: "a b", completion: " a b\n" })).toMatchObject({
			correct: true,
			extracted: "a b",
		});
		expect(exact.compare("a b", "a  b")).toMatchObject({ correct: false });
		expect(exact.compare("a", "A")).toMatchObject({ correct: false });
	});

	test("options", () => {
		expect(makeVerifier("exact", { trim: false }).compare("a", "a ")).toMatchObject({ correct: false });
		expect(makeVerifier("exact", { ignoreCase: true }).compare("a", "A")).toMatchObject({ correct: true });
	});
});

describe("regex", () => {
	test("a pattern that backtracks without end gives no verdict", () => {
		const verifier = makeVerifier("regex", { seconds: 0.05 });
		expect(thrown(() => verifier.compare("(a+)+", `${"a".repeat(40)}b`)).code).toBe("verifier-endless");
	});

	test("the whole text, or a part", () => {
		expect(makeVerifier("regex").compare("\\d+", " 42 ")).toMatchObject({ correct: true, extracted: "42" });
		expect(makeVerifier("regex").compare("\\d+", "42 or so")).toMatchObject({
			correct: false,
			extracted: null,
		});
		expect(makeVerifier("regex").compare("a|b", "ab")).toMatchObject({ correct: false });
		expect(makeVerifier("regex", { match: "anywhere" }).compare("x=(\\d+)", "so x=42 then")).toMatchObject({
			correct: true,
			extracted: "42",
		});
		expect(makeVerifier("regex", { match: "end" }).compare("42", "it is 42")).toMatchObject({
			correct: true,
		});
		expect(makeVerifier("regex", { flags: "iu" }).compare("yes", "YES")).toMatchObject({ correct: true });
	});

	test.each(["", "(", "a)(b"])("%j is no pattern", (gold) => {
		expect(thrown(() => makeVerifier("regex").compare(gold, "a")).code).toBe("gold-invalid");
	});
});

describe("math", () => {
	test("an empty gold answer is an error, not a wrong answer", () => {
		for (const gold of ["", " ", "$$", "."])
			expect(thrown(() => makeVerifier("math").compare(gold, "5")).code).toBe("gold-invalid");
		expect(thrown(() => makeVerifier("math").verify({ gold: "", completion: "5" })).code).toBe(
			"gold-invalid",
		);
	});

	test("what is found, and why", () => {
		const math = makeVerifier("math");
		expect(math.verify({ gold: "1/2", completion: "so $\\boxed{0.5}$" })).toEqual({
			correct: true,
			extracted: "0.5",
			reason: "the same value",
		});
		expect(math.verify({ gold: "5", completion: "It is \\boxed{3} and \\boxed{5}." })).toMatchObject({
			extracted: "5",
		});
		expect(math.verify({ gold: "5", completion: "" })).toEqual({
			correct: false,
			extracted: null,
			reason: "no answer found",
		});
	});

	test("an answer that says it is one", () => {
		expect(makeVerifier("math").compare("5", "The answer is $5$.")).toMatchObject({
			correct: true,
			extracted: "5",
		});
		expect(makeVerifier("math").compare("5", "The answer is 6.")).toMatchObject({
			correct: false,
			extracted: "6",
		});
	});

	test("gsm8k reads what follows the hashes", () => {
		const gsm8k = makeVerifier("gsm8k");
		expect(gsm8k.verify({ gold: "1200", completion: "6*200=1200\n#### 1,200" })).toMatchObject({
			correct: true,
		});
		expect(gsm8k.verify({ gold: "5", completion: "\\boxed{4}\n#### 5" })).toMatchObject({ correct: true });
		expect(gsm8k.verify({ gold: "5", completion: "#### " })).toMatchObject({
			correct: false,
			extracted: null,
		});
		expect(gsm8k.verify({ gold: "18", completion: "So she makes $18 every day." })).toMatchObject({
			correct: true,
		});
	});
});
