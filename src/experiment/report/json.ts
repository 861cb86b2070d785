import { toJsonLine } from "../../runs/json-lines.ts";
import type { Report } from "./model.ts";

/** All numbers of the report's tables; the curves are in the runs. */
export function jsonOf({ configurations, ...report }: Report): string {
	return toJsonLine({ ...report, configurations: configurations.map(({ curves, ...rest }) => rest) });
}
