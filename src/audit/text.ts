import type { AuditedFile, AuditedRun, AuditObjective, AuditReport, Finding } from "./report.ts";

type Style = (text: string) => string;

/** Colours of a stream; those of `picocolors` do. */
export interface Styles {
	readonly bold: Style;
	readonly dim: Style;
	readonly green: Style;
	readonly red: Style;
	readonly yellow: Style;
	readonly cyan: Style;
}

/** What a person reads: a heading a run, its findings with their places, and the change. */
export function auditText({ files }: AuditReport, styles: Styles): string {
	const shown = files.filter(({ runs, errors }) => runs.length > 0 || errors.length > 0);
	const runs = files.reduce((sum, file) => sum + file.runs.length, 0);
	const parts = shown.map((file) => fileText(file, styles));
	const counted = `${runs} ${runs === 1 ? "run" : "runs"} in ${files.length} ${files.length === 1 ? "file" : "files"}`;
	return [...parts, styles.dim(runs === 0 ? `no training run found in ${files.length} files` : counted)].join(
		"\n\n",
	);
}

function fileText({ path, runs, errors }: AuditedFile, styles: Styles): string {
	const lines = errors.map(({ message }) => `${styles.red("not read")}  ${message}`);
	return [styles.bold(path), ...lines, ...runs.map((run) => runText(path, run, styles))].join("\n");
}

function runText(path: string, run: AuditedRun, styles: Styles): string {
	const {
		framework,
		frameworkVersion,
		versionFrom,
		objective,
		estimator,
		place,
		coefficient,
		reason,
		fix,
		line,
	} = run;
	const where =
		versionFrom === "assumed"
			? `as of ${frameworkVersion}, assumed`
			: `${frameworkVersion}, by ${versionFrom}`;
	const term =
		place === null || place === "none" || estimator === null
			? ""
			: `${estimator} in ${place}, coefficient ${coefficient ?? "not known"}`;
	const lines = [
		`  ${styleOf(objective, styles)(objective)}${term === "" ? "" : `  ${term}`}`,
		styles.dim(`  line ${line}: ${framework} (${where})`),
		`  ${reason}`,
		...(run.alsoPossible.length === 0
			? []
			: [`  ${styles.yellow("also possible")}: ${run.alsoPossible.join(", ")}`]),
		...run.findings.map((finding) => findingText(path, finding, styles)),
	];
	if (fix.change !== "")
		lines.push(
			`  ${fix.possible ? "k1 in the reward by" : "nearest by"}`,
			...fix.change.split("\n").map((one) => diffLine(one, styles)),
		);
	if (fix.nearest !== "") lines.push(`  ${styles.dim("not possible here; nearest:")} ${fix.nearest}`);
	return lines.join("\n");
}

function findingText(
	path: string,
	{ rule, severity, message, line, column, evidence, path: other }: Finding,
	styles: Styles,
): string {
	const style = severity === "error" ? styles.red : severity === "warning" ? styles.yellow : styles.cyan;
	const at = `${other ?? path}:${line}:${column}`;
	return `  ${style(severity.padEnd(7))}  ${message} ${styles.dim(`[${rule}]`)}\n           ${styles.dim(at)}  ${evidence}`;
}

function diffLine(text: string, { red, green }: Styles): string {
	return `    ${text.startsWith("-") ? red(text) : text.startsWith("+") ? green(text) : text}`;
}

function styleOf(objective: AuditObjective, { green, red, yellow, dim }: Styles): Style {
	switch (objective) {
		case "sequence-reverse-kl":
			return green;
		case "none":
			return dim;
		case "double":
		case "silently-ignored":
		case "sign-flipped":
		case "zero-mean-noise":
		case "reverse-minus-forward":
			return red;
		default:
			return yellow;
	}
}
