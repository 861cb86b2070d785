import { nameOf, shortAxis } from "../format.ts";
import type { ConfigurationReport, Report } from "../model.ts";
import type { Column } from "./section.ts";

export function axisColumns({ axes }: Report): Column[] {
	return axes.length === 0 ? [{ head: "configuration" }] : axes.map((axis) => ({ head: shortAxis(axis) }));
}

export function axisCells({ axes }: Report, { labels }: Pick<ConfigurationReport, "labels">): string[] {
	return axes.length === 0 ? [nameOf(labels)] : axes.map((axis) => labels[axis] ?? "");
}

export function collapsedOf({ outcomes, seeds }: ConfigurationReport): string {
	return `${outcomes.collapsed ?? 0}/${seeds.length}`;
}
