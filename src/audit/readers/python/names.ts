import type { SyntaxNode } from "@lezer/common";
import { type Change, changeOf, subscriptOf } from "./changes.ts";
import { argumentsOf, childrenOf, isPunctuation, stringOf } from "./tree.ts";
import { type Loop, loopOf } from "./turns.ts";

/** How a name came by its value. */
export interface Binding {
	/** The value's expression; null where it has none that stands still. */
	readonly value: SyntaxNode | null;
	/** Of a name without one, why. */
	readonly why: string;
	/** Of a loop's variable, the loop and which of its targets it is. */
	readonly loop?: { readonly of: Loop; readonly index: number };
	/** Of a function's parameter. */
	readonly parameter?: Parameter;
}

/** `name += [...]`, `name.extend([...])`, `name.append(item)`, `helper(name, "--option", value)`. */
export interface Addition {
	readonly target: SyntaxNode;
	readonly node: SyntaxNode;
	readonly value: SyntaxNode;
	/** Whether it is one item, not a list of them. */
	readonly isOne: boolean;
	/** What stands behind the one item. */
	readonly behind?: SyntaxNode;
}

export interface Parameter {
	/** Where its function starts. */
	readonly of: number;
	readonly name: string;
	readonly position: number;
	readonly fallback: SyntaxNode | null;
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
	/** What is added to lists, in the order of the file. */
	readonly additions: readonly Addition[];
	/** What is done to dicts after they are made, in the order of the file. */
	readonly changes: readonly Change[];
	/** Names of lists that others are made of: `name + [...]`, `[*name]`. */
	readonly parts: ReadonlySet<string>;
	/** Calls of each function of the module, by where it starts. */
	readonly calls: ReadonlyMap<number, readonly SyntaxNode[]>;
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
	/** Functions of the module; null of a name that two have. */
	const defined = new Map<string, number | null>();
	const called: SyntaxNode[] = [];
	const additions: Addition[] = [];
	const changes: Change[] = [];
	const parts = new Set<string>();
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
				for (const { name, parameter } of parametersOf(node, text))
					bind(inner, name, { value: null, why: "is an argument", parameter });
				const named = node.getChild("VariableName");
				if (scope === module && named !== null) {
					const key = text.slice(named.from, named.to);
					defined.set(key, defined.has(key) ? null : node.from);
				}
				break;
			}
			case "ClassDefinition":
				// Fields are no variables of the module.
				inner = { names: new Map(), parent: scope };
				break;
			case "AssignStatement":
				for (const { target, value } of assignments(node)) {
					if (target.name === "VariableName") bind(scope, target, { value, why: "is unpacked" });
					else if (target.name === "MemberExpression" && value !== null) {
						attributes.push({ target, value });
						const at = subscriptOf(target);
						if (at?.name.name === "VariableName")
							changes.push({ target: at.name, node, kind: "set", key: at.key, value });
					}
				}
				break;
			case "CallExpression":
				if (node.firstChild?.name === "VariableName") called.push(node);
				break;
			case "BinaryExpression":
				for (const name of node.getChildren("VariableName")) parts.add(text.slice(name.from, name.to));
				break;
			case "ArrayExpression":
				for (const name of node.getChildren("VariableName"))
					if (name.prevSibling?.name === "*") parts.add(text.slice(name.from, name.to));
				break;
			case "UpdateStatement":
				for (const name of changeOf(node, text) === null ? node.getChildren("VariableName").slice(0, 1) : [])
					bind(scope, name, { value: null, why: "is changed" });
				break;
			case "ImportStatement":
				readImport(node, text, imports, aliases);
				break;
		}
		const addition = additionOf(node, text);
		if (addition !== null) additions.push(addition);
		const change = changeOf(node, text);
		if (change !== null) changes.push(change);
		const loop = loopOf(node);
		for (const [index, target] of (loop?.targets ?? []).entries())
			if (loop !== null && target.name === "VariableName")
				bind(scope, target, { value: null, why: "comes from a loop", loop: { of: loop, index } });
		for (const child of childrenOf(node)) visit(child, inner);
	};
	visit(root, module);
	const calls = new Map<number, SyntaxNode[]>();
	for (const call of called) {
		const at = defined.get(text.slice(call.firstChild!.from, call.firstChild!.to));
		if (at !== undefined && at !== null) calls.set(at, [...(calls.get(at) ?? []), call]);
	}
	return { module, functions, calls, additions, changes, parts, imports, aliases, attributes };
}

function additionOf(node: SyntaxNode, text: string): Addition | null {
	if (node.name === "UpdateStatement") {
		const [target, value] = [node.firstChild, node.lastChild];
		const isSum = node.getChild("UpdateOp") !== null && text.slice(node.from, node.to).includes("+=");
		return target?.name === "VariableName" && value !== null && isSum
			? { target, node, value, isOne: false }
			: null;
	}
	const callee = node.name === "CallExpression" ? node.firstChild : null;
	const method = /\.(append|extend)$/.exec(callee === null ? "" : text.slice(callee.from, callee.to))?.[1];
	const target = callee?.firstChild;
	const given = callee === null ? [] : argumentsOf(node, text).map((one) => one.value);
	const [list, option, behind] = [given.at(0), given.at(1), given.at(2)];
	if (list?.name === "VariableName" && option !== undefined && /^--[a-z]/.test(stringOf(option, text) ?? ""))
		return { target: list, node, value: option, isOne: true, ...(behind === undefined ? {} : { behind }) };
	const value = given.at(0);
	if (method === undefined || target?.name !== "VariableName" || value === undefined) return null;
	return { target, node, value, isOne: method === "append" };
}

/** `(a, b=1, *, c: float = 2)`; what is gathered by stars is none. */
function parametersOf(node: SyntaxNode, text: string): { name: SyntaxNode; parameter: Parameter }[] {
	const found: { name: SyntaxNode; parameter: Parameter }[] = [];
	let position = 0;
	let pending: SyntaxNode[] = [];
	const flush = (): void => {
		const name = pending.find((one) => one.name === "VariableName");
		const equals = pending.findIndex((one) => one.name === "AssignOp");
		if (name !== undefined && pending[0] === name) {
			const fallback = equals === -1 ? null : (pending.at(equals + 1) ?? null);
			const parameter = {
				of: node.from,
				name: text.slice(name.from, name.to),
				position: position++,
				fallback,
			};
			found.push({ name, parameter });
		}
		pending = [];
	};
	const list = node.getChild("ParamList");
	for (const child of list === null ? [] : childrenOf(list)) {
		if (child.name === "(" || child.name === ")" || child.name === "Comment") continue;
		if (child.name === ",") flush();
		else pending.push(child);
	}
	flush();
	return found;
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
