import { z } from "zod";
import { verifierKinds } from "../verifiers/index.ts";
import { cardNames } from "./card-names.ts";
import { parseTemplate } from "./template.ts";
import { TRANSFORMS } from "./transforms.ts";

// How data sets are described: a card's file, and an entry of a recipe's task.

const text = z.string().min(1);
const count = z.int().min(1);
const oneOrMore = z.union([text, z.array(text).min(1)]);

const template = text.superRefine((value, context) => {
	try {
		parseTemplate(value);
	} catch (error) {
		context.addIssue({
			code: "custom",
			message: (error as Error).message.replace(/^Expected (.*) in .*/, "$1"),
		});
	}
});

/** Columns by name, the first that a row has; `as` says what is made of its value. */
const column = z.union([text, z.strictObject({ from: oneOrMore, as: z.enum(TRANSFORMS) })]);
const field = z.union([
	column,
	z.array(column).min(1),
	// Of several columns, a list.
	z.strictObject({ columns: z.array(text).min(2) }),
]);

const fields = z.strictObject({
	id: field.optional(),
	question: field.optional(),
	answer: field.optional(),
	solution: field.optional(),
	choices: field.optional(),
	level: field.optional(),
	subject: field.optional(),
});

const verifierName = z.enum([...verifierKinds.keys()]);
const verifier = z.union([
	verifierName,
	z.strictObject({ name: verifierName, options: z.record(text, z.unknown()).default({}) }),
]);

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const scalars = z.union([scalar, z.array(scalar).min(1)]);
/** Rows that stay: a field or column with this value, one of these, none of these, or with any value at all. */
const filter = z.record(
	text,
	z.union([scalars, z.strictObject({ not: scalars }), z.strictObject({ present: z.boolean() })]),
);

export const SPLITS = ["train", "test", "dev", "validation"] as const;

/** Files by split. In a repository a `*` stands for any part of a name. */
const files = z.strictObject({
	train: oneOrMore.optional(),
	test: oneOrMore.optional(),
	dev: oneOrMore.optional(),
	validation: oneOrMore.optional(),
});

const hub = z.strictObject({
	id: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "an owner and a name (owner/name)"),
	config: text.optional(),
	revision: text.optional(),
	files: files.optional(),
});

const testFraction = z.number().min(0).max(1);

const shots = z.strictObject({
	/** Whose first rows are the examples. */
	split: z.enum(SPLITS),
	/** How one is written; they come where the prompt has {shots}. */
	example: template,
	/** How many, where a recipe does not say. */
	count: z.int().min(0).default(0),
});

const oneCard = z.strictObject({
	name: text,
	description: text,
	licence: text,
	/** In the data folder. */
	files: files.optional(),
	/** Where they are else; several, where splits are in several repositories. */
	hub: z.union([hub, z.array(hub).min(1)]).optional(),
	fields: fields.default({}),
	prompt: template,
	/** The right answer as the verifier takes it. */
	gold: template.default("{answer}"),
	verifier,
	shots: shots.optional(),
	filter: filter.default({}),
	/** Of training only, besides. */
	trainFilter: filter.default({}),
	/** Of data that is not split: the share for testing. */
	testFraction: testFraction.optional(),
});

const groupCard = z.strictObject({
	name: text,
	description: text,
	/** Cards and families that are taken together, in equal shares. */
	group: z.array(z.union([z.strictObject({ dataset: text }), z.strictObject({ family: text })])).min(1),
});

export const cardSchema = z.union([oneCard, groupCard]);

export type Card = z.output<typeof oneCard>;
export type GroupCard = z.output<typeof groupCard>;
export type Fields = z.output<typeof fields>;
export type Field = z.output<typeof field>;
export type Filter = z.output<typeof filter>;
export type Files = z.output<typeof files>;
export type Hub = z.output<typeof hub>;
export type VerifierChoice = z.output<typeof verifier>;

/** What an entry of a recipe may say of any data set. */
const choices = {
	/** In tables and rollouts; default: of the card, the file or the repository. */
	name: text.optional(),
	/** Share of the problems, 1 where it is left out. */
	weight: z.number().positive().optional(),
	/** So many problems of each split at most, always the same ones. */
	limit: count.optional(),
	filter: filter.optional(),
	prompt: template.optional(),
	/** What becomes of rows that lack something. */
	badRows: z.enum(["refuse", "skip"]).optional(),
};

/** What it says of data that has no card. */
const own = {
	...choices,
	fields: fields.optional(),
	gold: template.optional(),
	verifier,
	testFraction: testFraction.optional(),
};

/** A data set by its card: one that is shipped, or the path of one's own. */
export const cardEntry = z.strictObject({
	dataset: z.string().superRefine((value, context) => {
		if (cardNames.includes(value) || /\.ya?ml$/.test(value)) return;
		context.addIssue({ code: "invalid_value", values: [...cardNames], input: value });
	}),
	...choices,
	/** Examples before each question. */
	shots: z.int().min(0).optional(),
	verifier: verifier.optional(),
});

/** One's own rows in a file. */
export const fileEntry = z
	.strictObject({ file: text, testFile: text.optional(), ...own })
	.refine(({ testFile, testFraction: share }) => testFile === undefined || share === undefined, {
		path: ["testFraction"],
		message: "nothing beside testFile",
	});

/** A data set of a repository on the Hugging Face hub. */
export const hubEntry = z.strictObject({ hub: hub.shape.id, ...hub.omit({ id: true }).shape, ...own });

export type CardEntry = z.output<typeof cardEntry>;
export type FileEntry = z.output<typeof fileEntry>;
export type HubEntry = z.output<typeof hubEntry>;
export type DatasetEntry = CardEntry | FileEntry | HubEntry;
