import { type Node, partsOf, some, withParts } from "./ast.ts";

/**
 * The values of an expression with a plus-minus sign, the upper signs first: of `1 \pm \sqrt{2}`, two. Signs that stand
 * in one expression belong together. One without such a sign is alone.
 */
export function expandSigns(node: Node): readonly Node[] {
	if (!some(node, ({ kind }) => kind === "either-sign")) return [node];
	return [withSign(node, 1), withSign(node, -1)];
}

function withSign(node: Node, upper: 1 | -1): Node {
	const parts = partsOf(node).map((part) => withSign(part, upper));
	if (node.kind !== "either-sign") return parts.length === 0 ? node : withParts(node, parts);
	return node.sign === upper ? parts[0] : { kind: "negative", of: parts[0] };
}
