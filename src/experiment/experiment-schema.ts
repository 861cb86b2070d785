import { z } from "zod";
import { positiveInt, seed } from "../recipe/fields.ts";

/** What a label or a name may be: it becomes part of a folder's name. */
const label = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9.+-]*$/, "letters, digits, dots, dashes and plus signs");

/** A setting of the recipe, as an override names it: `kl.beta`. */
const field = z
	.string()
	.regex(/^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*$/, "a setting's path, such as kl.beta");

const overrides = z.record(field, z.unknown());

/** Values of one setting; or named sets of settings. */
const axis = z.union([
	z.array(z.union([z.number(), z.string(), z.boolean()])).min(1),
	z.record(label, overrides.nullable()),
]);

/** Labels by axis: one of them, or any of several. */
const where = z.record(
	z.string(),
	z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))]),
);

const grid = {
	/** A run of each configuration for each of these. */
	seeds: z.array(seed).min(1),
	/**
	 * By name. An axis with a list of values is a setting of that name (`kl.beta: [0.05, 0.1]`); one with named sets of
	 * settings may have any name (`kl: { none: { kl.place: none } }`).
	 */
	axes: z.record(z.string(), axis),
	/** Axes that mean nothing to some configurations: these have them not. */
	without: z.array(z.strictObject({ axis: z.string(), where })),
	/** Configurations that are not run. */
	skip: z.array(where),
	/** Settings of every run, over the recipe's. */
	settings: overrides,
};

/** A grid of runs of one recipe. */
export const experimentSchema = z.strictObject({
	/** Default: the file's name. */
	name: label.optional(),
	/** What the report's first line says. */
	title: z.string().min(1).optional(),
	/** The recipe, looked for beside this file, here, and where Thalia is. */
	recipe: z.string().min(1),
	...grid,
	axes: grid.axes.default({}),
	without: grid.without.default([]),
	skip: grid.skip.default([]),
	settings: grid.settings.default({}),
	/** What every other configuration is compared with, at the same labels of the axes that are not named. */
	baseline: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
	/** The axis that is a strength, along which KL is matched. */
	strength: z.string().default("kl.beta"),
	/** Show what the paper published beside the table. */
	paper: z.boolean().default(false),
	/** What is kept of a run beside its record: everything, or its metrics without checkpoints and rollouts. */
	keep: z.enum(["everything", "metrics"]).default("everything"),
	/** Runs at once; default: as many as the cores and the memory have room for. */
	jobs: positiveInt.optional(),
	/** What `--quick` has instead, axis by axis and setting by setting. */
	quick: z.strictObject(grid).partial().optional(),
});

export type ExperimentFile = z.output<typeof experimentSchema>;
export type Axis = z.output<typeof axis>;
export type Where = z.output<typeof where>;
