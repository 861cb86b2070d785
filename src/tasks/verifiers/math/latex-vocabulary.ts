import type { RelationSign } from "./ast.ts";

/** Signs and commands between two sides. */
export const relations = new Map<string, RelationSign>([
	["=", "="],
	["<", "<"],
	[">", ">"],
	["<=", "<="],
	[">=", ">="],
	["!=", "!="],
	["le", "<="],
	["leq", "<="],
	["leqslant", "<="],
	["leqq", "<="],
	["lt", "<"],
	["ge", ">="],
	["geq", ">="],
	["geqslant", ">="],
	["geqq", ">="],
	["gt", ">"],
	["ne", "!="],
	["neq", "!="],
	["in", "in"],
	["approx", "~"],
	["simeq", "~"],
	["sim", "~"],
	["cong", "~"],
	["equiv", "="],
	["coloneqq", "="],
]);

export const setOperators = new Map<string, "union" | "intersection" | "difference">([
	["cup", "union"],
	["bigcup", "union"],
	["union", "union"],
	["cap", "intersection"],
	["bigcap", "intersection"],
	["setminus", "difference"],
	["smallsetminus", "difference"],
	["backslash", "difference"],
]);

export const greek =
	/^(?:alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi|rho|varrho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega|ell|hbar|partial|nabla)$/;

export const ellipses = /^(?:ldots|dots|cdots|dotsc|dotsb|dotsm|vdots|ddots)$/;
