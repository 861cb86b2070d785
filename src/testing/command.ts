import { thalia } from "./child.ts";

/** What `thalia` answers to JSON lines. Another exit code than 0, or a word on stderr, is a failure. */
export async function answersOf<T>(args: readonly string[], lines: readonly unknown[]): Promise<T[]> {
	const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
	const { code, stdout, stderr } = await thalia(args, { input }).ended;
	if (code !== 0 || stderr !== "") throw new Error(`thalia ${args.join(" ")}: exit code ${code}\n${stderr}`);
	return jsonLines(stdout);
}

/** The one JSON result that `thalia` prints. Progress on stderr is fine. */
export async function resultOf<T>(args: readonly string[]): Promise<T> {
	const { code, stdout, stderr } = await thalia(args).ended;
	if (code !== 0) throw new Error(`thalia ${args.join(" ")}: exit code ${code}\n${stderr}`);
	const results = jsonLines<T>(stdout);
	if (results.length !== 1) throw new Error(`expected one result but received ${stdout}`);
	return results[0];
}

/** What `thalia` says to bad input: exit code 2, nothing on stdout, and all of it below its own name, without a stack. */
export async function refusalOf(args: readonly string[], input?: string): Promise<string> {
	const { code, stdout, stderr } = await thalia(args, input === undefined ? {} : { input }).ended;
	const said = stderr.split("\n").every((line) => line === "" || /^(thalia: |\()/.test(line));
	if (code !== 2 || stdout !== "" || !said)
		throw new Error(`thalia ${args.join(" ")}: exit code ${code}, stdout ${stdout}, stderr ${stderr}`);
	return stderr;
}

export function jsonLines<T>(text: string): T[] {
	if (text !== "" && !text.endsWith("\n")) throw new Error(`the last line is cut off: ${text.slice(-80)}`);
	return text
		.split("\n")
		.slice(0, -1)
		.map((line) => JSON.parse(line) as T);
}
