import { type Command, InvalidArgumentError, Option } from "commander";
import { toJsonLine } from "../runs/json-lines.ts";

export const formatOption = () =>
	new Option("--format <format>", "how the result is printed").choices(["text", "json"]).default("text");

export const dtypeOption = (what = "of the weights") =>
	new Option("--dtype <dtype>", `precision ${what}`).choices(["f32", "bf16"]).default("f32");

export const threadsOption = () =>
	new Option("--threads <n>", "threads of one operation (default: one a core)").argParser(whole(1));

export const modelOption = () =>
	new Option(
		"--model <model>",
		"a model folder, such as a run's checkpoint, a .gguf file, or a name (see `thalia models`) (required)",
	);

/** Of a command whose results are JSON lines whatever is asked for. */
export const jsonLinesOption = () =>
	new Option("--format <format>", "JSON lines are all there is").choices(["json"]).default("json");

/**
 * For `hook("preAction", ...)`. commander's own check comes before misspelt options are named, so that of `--modle`
 * it would only say that `--model` is missing.
 */
export function requires(flag: string): (command: Command) => void {
	return (command) => {
		const option = command.options.find(({ long }) => long === flag)!;
		if (command.getOptionValue(option.attributeName()) !== undefined) return;
		command.error(`error: option '${option.flags}' is required`, {
			code: "commander.missingMandatoryOptionValue",
		});
	};
}

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

/** Prints a result on stdout as one line of JSON; what is not finite as "NaN", "Infinity", "-Infinity", not as null. */
export function printJson(value: unknown): void {
	process.stdout.write(toJsonLine(value));
}
