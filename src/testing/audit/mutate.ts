/** A stream of numbers from 0 to below `n`, the same for the same seed (mulberry32). */
export function draws(seed: number): (n: number) => number {
	let state = seed >>> 0;
	return (n) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
	};
}

/** What launch scripts and settings are made of, and what breaks parsers. */
const scraps = [
	...[
		"$",
		"${",
		"}",
		"$(",
		"$((",
		"`",
		'"',
		"'",
		"\\",
		"\\\n",
		"\n",
		"#",
		"(",
		")",
		"[",
		"]",
		"{",
		"<<EOF\n",
		"<<'EOF'\n",
		"EOF\n",
	],
	...[
		"=",
		"+=(",
		":-",
		"&&",
		"||",
		";;",
		"|",
		"&",
		";",
		" -- ",
		"for x in a b; do ",
		"done\n",
		"if true; then ",
		"fi\n",
		"case x in ",
		"esac\n",
	],
	...[
		"&a ",
		"*a",
		"<<: *a\n",
		"- ",
		": ",
		"!!binary ",
		"%YAML 2\n",
		"---\n",
		"\t",
		"{}",
		"[[",
		"]]\n",
		'"""',
		"'''",
		"lambda: ",
		"**",
		"def f(",
		"class A(",
	],
	...[
		"while [[ $# -gt 0 ]]; do ",
		'while getopts "a:b" o; do ',
		"shift 2\n",
		"set -- ",
		'"$@"',
		"break\n",
		"exit\n",
		"[ ",
		" ]",
		"((",
		"))",
		"${1#*=}",
		"${A%%",
		"*)",
		"%%writefile a.sh\\n",
		"%env A=",
		"!bash a.sh ",
		"cat > a.sh <<EOF\n",
		"bash a.sh\n",
	],
	...[
		"\u0000",
		"\ufeff",
		"\ud800",
		"\u2028",
		"é",
		"🙂",
		"1e999",
		"-0",
		"True",
		"null",
		"~",
		"algorithm.use_kl_in_reward=",
		"beta=",
		"GRPOConfig(",
		"$A$A$A",
	],
];

/** A text with a few changes: cut, doubled, swapped, or with something put in. */
export function mutated(text: string, others: readonly string[], draw: (n: number) => number): string {
	let result = text;
	for (let i = draw(6) + 1; i > 0; i--) {
		const from = draw(result.length + 1);
		const to = Math.min(result.length, from + draw(40));
		const scrap = scraps[draw(scraps.length)];
		switch (draw(6)) {
			case 0:
				result = result.slice(0, from) + result.slice(to);
				break;
			case 1:
				result = result.slice(0, to) + result.slice(from);
				break;
			case 2:
				result = result.slice(0, from) + scrap + result.slice(from);
				break;
			case 3:
				result = result.slice(0, from) + scrap.repeat(draw(30)) + result.slice(to);
				break;
			case 4:
				result = result.slice(0, from) + String.fromCharCode(draw(0x10000)) + result.slice(from + 1);
				break;
			case 5: {
				const other = others[draw(others.length)];
				result = result.slice(0, from) + other.slice(draw(other.length + 1)) + result.slice(to);
			}
		}
	}
	return result;
}
