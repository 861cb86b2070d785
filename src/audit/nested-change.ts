import type { Form } from "./candidate.ts";

/** A change of one setting within its section: lines that go, then lines that come. */
export interface NestedChange {
	readonly section: readonly string[];
	readonly lines: readonly { readonly sign: "-" | "+"; readonly text: string }[];
}

interface Section {
	readonly sections: Map<string, Section>;
	readonly lines: NestedChange["lines"][number][];
}

/**
 * Changes as a diff in the form of a file that nests: the sections around a change stand there as the file has them, or
 * come with it.
 * @param held what the file has under a section's name: a section, a value (as it is written), or nothing
 */
export function nestedDiff(
	changes: readonly NestedChange[],
	form: Form,
	held: (section: readonly string[]) => "section" | { readonly value: string } | null,
): string[] {
	const top: Section = { sections: new Map(), lines: [] };
	for (const { section, lines } of changes) {
		let at = top;
		for (const name of section) {
			const inner: Section = at.sections.get(name) ?? { sections: new Map(), lines: [] };
			at.sections.set(name, inner);
			at = inner;
		}
		at.lines.push(...lines);
	}
	return form === "toml" ? tables(top, [], held) : nested(top, [], form, held);
}

function nested(
	{ sections, lines }: Section,
	path: readonly string[],
	form: Form,
	held: Parameters<typeof nestedDiff>[2],
): string[] {
	const indent = "  ".repeat(path.length);
	const [end, close] = form === "yaml" ? ["", null] : [",", "},"];
	const own = lines.map(({ sign, text }) => `${sign} ${indent}${text}${end}`);
	const inner = [...sections].flatMap(([name, section]) => {
		const below = [...path, name];
		const there = held(below);
		const sign = there === "section" ? " " : "+";
		const goes =
			there === null || there === "section" ? [] : [`- ${indent}${keyOf(name, form)} ${there.value}${end}`];
		return [
			...goes,
			`${sign} ${indent}${keyOf(name, form)}${close === null ? "" : " {"}`,
			...nested(section, below, form, held),
			...(close === null ? [] : [`${sign} ${indent}${close}`]),
		];
	});
	return [...own, ...inner];
}

function tables(
	{ sections, lines }: Section,
	path: readonly string[],
	held: Parameters<typeof nestedDiff>[2],
): string[] {
	const head =
		path.length === 0 || lines.length === 0
			? []
			: [`${held(path) === "section" ? " " : "+"} [${path.join(".")}]`];
	return [
		...head,
		...lines.map(({ sign, text }) => `${sign} ${text}`),
		...[...sections].flatMap(([name, section]) => tables(section, [...path, name], held)),
	];
}

function keyOf(name: string, form: Form): string {
	return form === "yaml" ? `${name}:` : `"${name}":`;
}
