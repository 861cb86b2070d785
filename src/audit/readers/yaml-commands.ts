import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from "yaml";
import type { Embedded } from "./reader.ts";

/** Keys whose values are a shell's: SkyPilot, Kubernetes, workflows, compose files, jobs of clusters. */
const shellKey = /^(run|commands?|cmd|script|before_script|args|arguments|entrypoint|shell)$/i;
const variablesKey = /^(envs?|environment|env_vars|variables)$/i;
const deepest = 40;

interface Variable {
	readonly name: string;
	readonly value: string;
}

/** Shell scripts and commands that a file of jobs holds, with the variables that it gives them. */
export function yamlCommands(document: Document, text: string): Embedded[] {
	const found: Embedded[] = [];
	const visit = (node: unknown, variables: readonly Variable[], depth: number): void => {
		if (depth > deepest) return;
		if (isAlias(node)) return;
		if (isSeq(node)) for (const item of node.items) visit(item, variables, depth + 1);
		if (!isMap(node)) return;
		const all = [...variables, ...variablesOf(node)];
		found.push(...commandsIn(node, all, text));
		for (const { value } of node.items) visit(value, all, depth + 1);
	};
	visit(document.contents, [], 0);
	return found;
}

function commandsIn(map: YAMLMap, variables: readonly Variable[], text: string): Embedded[] {
	const entries = map.items.flatMap(({ key, value }) =>
		isScalar(key) && shellKey.test(String(key.value)) ? [{ name: String(key.value), value }] : [],
	);
	const lists = entries.filter(({ value }) => isSeq(value) && value.items.every((item) => isScalar(item)));
	const words = lists.filter(({ name, value }) => !isScript(name, value));
	const found: Embedded[] = [];
	for (const { name, value } of entries) {
		if (isScalar(value) && typeof value.value === "string")
			found.push(embedded(value.value, bodyAt(value, text), variables));
		else if (lists.some((list) => list.value === value) && isScript(name, value)) {
			const lines = textsOf(value);
			found.push(embedded(lines.join("\n"), (value as Node).range?.[0] ?? 0, variables));
		}
	}
	// Kubernetes' `command` and `args` are one command, a word an item.
	if (words.length > 0) {
		const isShell = words.some(({ value }) =>
			textsOf(value).some((word) => /(^|\/)(ba|z|da)?sh$/.test(word)),
		);
		const scripts = isShell ? words.flatMap(({ value }) => scriptsIn(value, text, variables)) : [];
		if (scripts.length > 0) return [...found, ...scripts];
		const ordered = [...words].sort((a, b) => Number(isArguments(a.name)) - Number(isArguments(b.name)));
		const line = ordered.flatMap(({ value }) => textsOf(value).map(quoted)).join(" ");
		const [first] = ordered;
		found.push(embedded(line, (first.value as Node).range?.[0] ?? 0, variables));
	}
	return found;
}

/** The script of `[bash, -c, script]`, whose last item may be alone in `args`. */
function scriptsIn(value: unknown, text: string, variables: readonly Variable[]): Embedded[] {
	if (!isSeq(value)) return [];
	return value.items.flatMap((item) =>
		isScalar(item) && typeof item.value === "string" && /\s/.test(item.value.trim())
			? [embedded(item.value, bodyAt(item, text), variables)]
			: [],
	);
}

/** Whether a list is of lines, each a command, not of words. */
function isScript(name: string, value: unknown): boolean {
	if (/^(script|before_script|commands)$/i.test(name)) return true;
	const [first = ""] = textsOf(value);
	return !isArguments(name) && /\s/.test(first) && /^[\w./-]+\s/.test(first);
}

function isArguments(name: string): boolean {
	return /^arg/i.test(name);
}

function textsOf(value: unknown): string[] {
	return isSeq(value) ? value.items.map((item) => (isScalar(item) ? String(item.value) : "")) : [];
}

/** Within single quotes nothing expands, and a cluster's own `$(NAME)` is not the shell's. */
function quoted(word: string): string {
	return `'${word.replaceAll("'", `'\\''`)}'`;
}

function embedded(script: string, at: number, variables: readonly Variable[]): Embedded {
	// What a workflow or template puts in is not known: a variable that nothing sets stands for it.
	const shown = script.replaceAll(/\$?\{\{[^{}]*\}\}/g, "$__template");
	const given = variables.map(({ name, value }) => `export ${name}=${quoted(value)};`).join(" ");
	return { kind: "sh", text: `${given}${shown}`, at, expands: false };
}

/** Where the first line of a scalar's text stands: of a block that is the line after its mark. */
function bodyAt(node: Scalar, text: string): number {
	const at = node.range?.[0] ?? 0;
	if (node.type !== "BLOCK_LITERAL" && node.type !== "BLOCK_FOLDED") return at;
	const end = text.indexOf("\n", at);
	return end === -1 ? at : end + 1;
}

/** `NAME: value`, `- NAME=value`, `- name: NAME` with `value: ...`. */
function variablesOf(map: YAMLMap): Variable[] {
	return map.items.flatMap(({ key, value }) => {
		if (!isScalar(key) || !variablesKey.test(String(key.value))) return [];
		if (isMap(value)) return value.items.flatMap(({ key: name, value: held }) => variable(name, held));
		if (!isSeq(value)) return [];
		return value.items.flatMap((item) => {
			if (isMap(item)) return variable(item.get("name", true), item.get("value", true));
			const pair = isScalar(item) ? /^([A-Za-z_]\w*)=(.*)$/s.exec(String(item.value)) : null;
			return pair === null ? [] : [{ name: pair[1], value: pair[2] }];
		});
	});
}

function variable(name: unknown, value: unknown): Variable[] {
	if (!isScalar(name) || !isScalar(value) || value.value === null) return [];
	const [key, text] = [String(name.value), value.source ?? ""];
	return /^[A-Za-z_]\w*$/.test(key) && !/\{\{|[\n$]/.test(text) ? [{ name: key, value: text }] : [];
}
