import type { SyntaxNode } from "@lezer/common";
import { argumentsOf, childrenOf, lastName } from "./tree.ts";

/**
 * The reference that the PPO trainers of a file are given, where it is the very model that they train:
 * `PPOTrainer(config, model, model, tokenizer)`. Null where one of them has another, or none.
 */
export function selfReference(root: SyntaxNode, text: string): SyntaxNode | null {
	const references = callsOf(root, text).map((call) => {
		const args = argumentsOf(call, text);
		const given = args.filter(({ name }) => name === null).map(({ value }) => value);
		const at = (name: string, place: number) =>
			args.find((one) => one.name === name)?.value ?? given.at(place) ?? null;
		const [model, reference] = [at("model", 1), at("ref_model", 2)];
		const isSame =
			model?.name === "VariableName" &&
			reference?.name === "VariableName" &&
			text.slice(model.from, model.to) === text.slice(reference.from, reference.to);
		return isSame ? reference : null;
	});
	return references.includes(null) ? null : (references.at(0) ?? null);
}

function callsOf(node: SyntaxNode, text: string): SyntaxNode[] {
	const callee = node.name === "CallExpression" ? node.firstChild : null;
	const own = callee !== null && lastName(callee, text) === "PPOTrainer" ? [node] : [];
	return [...own, ...childrenOf(node).flatMap((child) => callsOf(child, text))];
}
