import type { SyntaxNode } from "@lezer/common";
import { childrenOf, isPunctuation } from "./tree.ts";

/** How a name came by its value. */
export interface Binding {
	/** The value's expression; null where it has none that stands still. */
	readonly value: SyntaxNode | null;
	/** Of a name without one, why. */
	readonly why: string;
}

/** Names of one function, or of the module. */
export interface Scope {
	readonly names: Map<string, Binding[]>;
	readonly parent: Scope | null;
}

export interface Names {
	readonly module: Scope;
	/** Scope of each function, by where it starts. */
	readonly functions: ReadonlyMap<number, Scope>;
	/** Modules and names that are imported, with their dots. */
	readonly imports: readonly string[];
	/** What an imported name was called before `as`. */
	readonly aliases: ReadonlyMap<string, string>;
	/** `name.attribute = value`, in the order of the file. */
	readonly attributes: readonly { readonly target: SyntaxNode; readonly value: SyntaxNode }[];
}

/** Which names a module and its functions give values to. */
export function namesOf(root: SyntaxNode, text: string): Names {
	const functions = new Map<number, Scope>();
	const imports: string[] = [];
	const aliases = new Map<string, string>();
	const attributes: { target: SyntaxNode; value: SyntaxNode }[] = [];
	const module: Scope = { names: new Map(), parent: null };
	const bind = (scope: Scope, name: SyntaxNode, binding: Binding): void => {
		const key = text.slice(name.from, name.to);
		scope.names.set(key, [...(scope.names.get(key) ?? []), binding].slice(-20));
	};
	const visit = (node: SyntaxNode, scope: Scope): void => {
		let inner = scope;
		switch (node.name) {
			case "FunctionDefinition":
			case "LambdaExpression": {
				inner = { names: new Map(), parent: scope };
				functions.set(node.from, inner);
				for (const name of node.getChild("ParamList")?.getChildren("VariableName") ?? [])
					bind(inner, name, { value: null, why: "is an argument" });
				break;
			}
			case "ClassDefinition":
				// Fields are no variables of the module.
				inner = { names: new Map(), parent: scope };
				break;
			case "AssignStatement":
				for (const { target, value } of assignments(node)) {
					if (target.name === "VariableName") bind(scope, target, { value, why: "is unpacked" });
					else if (target.name === "MemberExpression" && value !== null) attributes.push({ target, value });
				}
				break;
			case "UpdateStatement":
			case "ForStatement":
				for (const name of node.getChildren("VariableName"))
					bind(scope, name, {
						value: null,
						why: node.name === "ForStatement" ? "comes from a loop" : "is changed",
					});
				break;
			case "ImportStatement":
				readImport(node, text, imports, aliases);
				break;
		}
		for (const child of childrenOf(node)) visit(child, inner);
	};
	visit(root, module);
	return { module, functions, imports, aliases, attributes };
}

/** `a = b = 1` and `a, b = 1, 2` as pairs. */
export function assignments(node: SyntaxNode): { target: SyntaxNode; value: SyntaxNode | null }[] {
	const sides: SyntaxNode[][] = [[]];
	for (const child of childrenOf(node)) {
		if (child.name === "AssignOp") sides.push([]);
		else if (child.name !== "TypeDef" && !isPunctuation(child)) sides.at(-1)!.push(child);
	}
	const values = sides.pop() ?? [];
	if (sides.length === 0) return [];
	return sides.flatMap((targets) =>
		targets.map((target, i) => ({ target, value: targets.length === values.length ? values[i] : null })),
	);
}

function readImport(node: SyntaxNode, text: string, imports: string[], aliases: Map<string, string>): void {
	const written = text
		.slice(node.from, node.to)
		.replaceAll(/#.*$/gm, "")
		.replaceAll(/[()\\]/g, " ")
		.replaceAll(/\s+/g, " ");
	const from = /^from (\S+) import (.*)$/.exec(written);
	const module = from?.[1];
	const list = from === null ? written.replace(/^import /, "") : from[2];
	if (module !== undefined) imports.push(module);
	for (const part of list.split(",")) {
		const [name, alias = name] = part.trim().split(" as ");
		if (name === "") continue;
		imports.push(module === undefined ? name : `${module}.${name}`);
		aliases.set(alias.trim(), name);
	}
}
