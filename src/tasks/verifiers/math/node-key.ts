import { type Node, partsOf } from "./ast.ts";

/** A text that two nodes share when they are written alike, whatever their spelling in LaTeX. */
export function keyOf(node: Node): string {
	switch (node.kind) {
		case "number":
			return `${node.value.n}/${node.value.d}`;
		case "symbol":
		case "constant":
		case "named-set":
			return `'${node.name}'`;
		case "text":
			return JSON.stringify(node.text.toLowerCase().trim());
		case "based":
			return `${node.digits}_${node.base}`;
		default: {
			const parts = partsOf(node).map(keyOf).join(",");
			const { kind, name, operator, open, close, sign, signs, unit } = node as Record<
				string,
				string | number | readonly string[] | undefined
			> &
				Node;
			const own = [
				name,
				operator,
				open,
				close,
				sign,
				unit,
				Array.isArray(signs) ? signs.join(" ") : undefined,
			];
			const shape = node.kind === "matrix" ? node.rows.map(({ length }) => length).join(" ") : "";
			return `${kind}[${own.filter((part) => part !== undefined).join(";")}${shape}](${parts})`;
		}
	}
}
