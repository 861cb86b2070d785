import { auditText } from "../../audit/audit.ts";
import { allCases as seeds } from "./all-cases.ts";
import { draws, mutated } from "./mutate.ts";

const texts = seeds.map(({ text }) => text);
const extensions = ["sh", "py", "yaml", "json", "toml", "ipynb"];

export interface Fuzzed {
	readonly runs: number;
	readonly errors: number;
	/** Longest of one input, ms. */
	readonly slowest: number;
}

/** Audits texts with random changes. @throws where one makes a defect, with the text */
export async function fuzz(count: number, seed: number): Promise<Fuzzed> {
	const draw = draws(seed);
	let [runs, errors, slowest] = [0, 0, 0];
	for (let i = 0; i < count; i++) {
		const { path, text } = seeds[draw(seeds.length)];
		const name = draw(8) === 0 ? `x.${extensions[draw(extensions.length)]}` : path;
		const changed = mutated(text, texts, draw);
		const start = performance.now();
		const file = await auditText(name, changed);
		slowest = Math.max(slowest, performance.now() - start);
		runs += file.runs.length;
		errors += file.errors.length;
		for (const { code, message } of file.errors) {
			// A parser's own complaint is an answer; a defect of ours reads like this.
			if (code !== "audit-parse" || /undefined|not a function|not iterable|null \(/.test(message))
				throw new Error(`${message}\n${name}\n${JSON.stringify(changed)}`);
		}
	}
	return { runs, errors, slowest };
}
