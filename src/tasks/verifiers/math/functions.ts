/** Functions of one argument, by the name that an answer gives them, and the name that they have here. */
export const functionNames = new Map<string, string>([
	...[
		"sin cos tan sec csc cot sinh cosh tanh coth exp ln abs floor ceil sqrt cbrt arcsin arccos arctan arccot arcsec arccsc",
		"sech csch cis arg Re Im det gcd lcm max min deg dim ker tr rank sgn sign log lg",
	]
		.join(" ")
		.split(" ")
		.map((name) => [name, name] as const),
	["tg", "tan"],
	["ctg", "cot"],
	["cotg", "cot"],
	["cosec", "csc"],
	["arctg", "arctan"],
	["sh", "sinh"],
	["ch", "cosh"],
	["th", "tanh"],
	["asin", "arcsin"],
	["acos", "arccos"],
	["atan", "arctan"],
	["sign", "sgn"],
]);

/** Those whose argument needs no parentheses: `\sin 2x`. */
export const takesBareArgument =
	/^(?:sin|cos|tan|sec|csc|cot|sinh|cosh|tanh|coth|sech|csch|cis|ln|lg|log|exp|arcsin|arccos|arctan|arccot|arcsec|arccsc|arg|Re|Im|det|deg|dim|ker|tr|rank|sgn)$/;

export const inverses = new Map([
	["sin", "arcsin"],
	["cos", "arccos"],
	["tan", "arctan"],
	["cot", "arccot"],
	["sec", "arcsec"],
	["csc", "arccsc"],
]);

export const isTrigonometric = (name: string): boolean => /^(?:sin|cos|tan|sec|csc|cot|cis)$/.test(name);
