import { z } from "zod";
import { describe } from "../errors.ts";
import { nearest } from "./nearest.ts";

export type Path = readonly (string | number)[];

/** Where a value came from: `recipe.yaml:12:3`, or the override that set it. */
export type Locate = (path: Path) => string;

/** One sentence for everything that is wrong with a recipe, each with its place. */
export function complaintsOf(schema: z.ZodType, value: unknown, error: z.ZodError, locate: Locate): string[] {
	return error.issues.flatMap((issue) => complain(issue));

	function complain(issue: z.core.$ZodIssue): string[] {
		const path = issue.path as Path;
		if (issue.code === "unrecognized_keys") {
			const known = keysAt(schema, path, value);
			return issue.keys.map((key) => {
				const right = nearest(key, known);
				const hint = right === undefined ? `known keys: ${known.join(", ")}` : `did you mean ${right}?`;
				return `${locate([...path, key])}: unknown key ${[...path, key].join(".")} (${hint})`;
			});
		}
		if (issue.code === "invalid_union") {
			const alternatives = flatten(issue.errors);
			const kinds = kindsOf(alternatives);
			if (kinds.length > 0) {
				return complain({
					code: "invalid_value",
					values: kinds,
					path: [...path, "kind"],
					message: "",
					input: value,
				});
			}
			// The alternative that is missed by least is the one that was meant.
			const closest = [...alternatives].sort((a, b) => distance(a) - distance(b)).at(0) ?? [];
			if (closest.length > 0) {
				return closest.flatMap((inner) => complain({ ...inner, path: [...path, ...inner.path] }));
			}
		}
		const received = at(value, path);
		const subject = path.length === 0 ? "the recipe" : path.join(".");
		const said = received === undefined ? "nothing" : describe(received);
		const hint = suggestion(issue, received);
		return [`${locate(path)}: Expected ${wanted(issue)} for ${subject} but received ${said}${hint}`];
	}
}

/** A union among the alternatives of a union is as many alternatives more. */
function flatten(alternatives: readonly Alternative[]): Alternative[] {
	return alternatives.flatMap((issues) => {
		const [first] = issues;
		return first.code === "invalid_union" && first.path.length === 0 && first.errors.length > 0
			? flatten(first.errors)
			: [issues];
	});
}

/** What is wrong with a value as one of a union's alternatives. */
type Alternative = readonly z.core.$ZodIssue[];

/** The kinds of a union of objects that each have one, where the value is of none of them. */
function kindsOf(alternatives: readonly Alternative[]): z.core.util.Primitive[] {
	const objects = alternatives.filter((issues) => !isOtherType(issues));
	const kinds = objects.map((issues) => issues.flatMap((issue) => (isOtherKind(issue) ? issue.values : [])));
	return kinds.every((values) => values.length > 0) ? kinds.flat() : [];
}

function isOtherKind(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueInvalidValue {
	return issue.code === "invalid_value" && issue.path.length === 1 && issue.path[0] === "kind";
}

function isOtherType(issues: Alternative): boolean {
	return issues.some(
		({ code, path }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value"),
	);
}

/** How far a value is from an alternative of a union: another type altogether is farthest. */
function distance(issues: Alternative): number {
	return (isOtherType(issues) ? 1000 : 0) + (issues.some(isOtherKind) ? 100 : 0) + issues.length;
}

const typeNames: Record<string, string> = {
	number: "a number",
	int: "a whole number",
	string: "a text",
	boolean: "true or false",
	object: "keys with values",
	array: "a list",
};

function wanted(issue: z.core.$ZodIssue): string {
	if (issue.code === "invalid_type") return typeNames[issue.expected] ?? issue.expected;
	if (issue.code === "invalid_value") {
		const values = issue.values.map((value) => (typeof value === "string" ? value : String(value)));
		return values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
	}
	if (issue.code === "too_small") {
		if (issue.origin === "array") return `at least ${issue.minimum} in the list`;
		if (issue.origin === "string") return "a text that is not empty";
		return `a number ${issue.inclusive === true ? "of at least" : "above"} ${issue.minimum}`;
	}
	if (issue.code === "too_big") {
		return `a number ${issue.inclusive === true ? "of at most" : "below"} ${issue.maximum}`;
	}
	return issue.message;
}

function suggestion(issue: z.core.$ZodIssue, received: unknown): string {
	if (issue.code !== "invalid_value" || typeof received !== "string") return "";
	const right = nearest(
		received,
		issue.values.filter((value) => typeof value === "string"),
	);
	return right === undefined ? "" : ` (did you mean ${right}?)`;
}

function at(value: unknown, path: Path): unknown {
	return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

/**
 * Keys that the schema allows at a path, over all alternatives of unions on the way: of those that are objects, the ones
 * whose required keys the value has, if it has those of any.
 */
function keysAt(schema: unknown, path: Path, value: unknown): string[] {
	const keys = new Set<string>();
	visit(schema, path, value);
	return [...keys];

	function visit(node: unknown, rest: Path, inner: unknown): void {
		if (
			node instanceof z.ZodDefault ||
			node instanceof z.ZodOptional ||
			node instanceof z.ZodNullable ||
			node instanceof z.ZodPrefault
		) {
			visit(node.unwrap(), rest, inner);
		} else if (node instanceof z.ZodPipe) {
			visit(node.in, rest, inner);
		} else if (node instanceof z.ZodUnion) {
			const meant = node.options.filter((option) => hasRequired(option, inner));
			for (const option of meant.length > 0 ? meant : node.options) visit(option, rest, inner);
		} else if (node instanceof z.ZodArray) {
			if (rest.length > 0) visit(node.element, rest.slice(1), at(inner, rest.slice(0, 1)));
		} else if (node instanceof z.ZodObject) {
			const shape = node.shape as Record<string, unknown>;
			if (rest.length === 0) for (const key of Object.keys(shape)) keys.add(key);
			else if (Object.hasOwn(shape, rest[0]))
				visit(shape[rest[0]], rest.slice(1), at(inner, rest.slice(0, 1)));
		}
	}
}

/** Whether a value has every key that an object cannot do without; what is no object does not say. */
function hasRequired(schema: unknown, value: unknown): boolean {
	if (!(schema instanceof z.ZodObject)) return true;
	return Object.entries(schema.shape as Record<string, z.ZodType>).every(
		([key, inner]) => inner.safeParse(undefined).success || at(value, [key]) !== undefined,
	);
}
