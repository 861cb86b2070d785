import { InvalidArgumentError, Option } from "commander";

export const formatOption = () =>
	new Option("--format <format>", "how the result is printed").choices(["text", "json"]).default("text");

export const dtypeOption = () =>
	new Option("--dtype <dtype>", "precision of the weights").choices(["f32", "bf16"]).default("f32");

export const threadsOption = () =>
	new Option("--threads <n>", "threads; default one a core").argParser(whole(1));

/** A whole number from `least`. */
export function whole(least: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (text.trim() === "" || !Number.isSafeInteger(value) || value < least)
			throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
		return value;
	};
}

/** A finite number from `least` to `most`. */
export function between(least: number, most = Infinity): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most) {
			const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
			throw new InvalidArgumentError(`Expected a number ${range}.`);
		}
		return value;
	};
}

/** Prints a result on stdout as one line of JSON. */
export function printJson(value: unknown): void {
	process.stdout.write(`${JSON.stringify(value)}\n`);
}
