import { classifyKl } from "../kl/classify.ts";
import type { KlConfig } from "../kl/config.ts";
import { explainKl } from "../kl/explain.ts";
import type { Candidate } from "./candidate.ts";
import { completed } from "./completed.ts";
import { Ask, someCoefficient, Undecided, Unreadable } from "./frameworks/ask.ts";
import { commonRules, ignoredRule, objectiveRules, versionRule } from "./frameworks/common-rules.ts";
import { refuseDistillation } from "./frameworks/distillation.ts";
import { refuseForeignKl } from "./frameworks/foreign-kl.ts";
import type { Framework, Reading, Remedy, Rule, Term } from "./frameworks/framework.ts";
import { type Changes, changeText } from "./remedy.ts";
import type { AuditedRun, AuditObjective, Finding, IgnoredSetting } from "./report.ts";
import type { Place } from "./source.ts";
import { takenDefaults } from "./taken-defaults.ts";
import { isUnknown, type Scalar } from "./value.ts";
import { compareVersions } from "./versions.ts";

export interface ChosenVersion {
	readonly version: string;
	readonly from: "flag" | "file" | "assumed";
	/** Where it is assumed, the least that a requirement allows. */
	readonly atLeast: string | null;
}

/** What one reading of a candidate comes to. */
interface Outcome {
	readonly objective: AuditObjective;
	readonly estimator: string | null;
	readonly place: AuditedRun["place"];
	readonly coefficient: number | null;
	readonly importance: "none" | "token" | null;
	readonly reason: string;
	readonly ignored: readonly IgnoredSetting[];
	readonly findings: readonly Finding[];
	readonly remedy: Remedy | null;
	/** Where the coefficient stands that it is about; null where the file does not hold it. */
	readonly at: Place | null;
}

/** Most readings of one candidate, of the possible values of its settings that are not known. */
const mostReadings = 600;

/** What a candidate's run follows. */
export function judge(framework: Framework, candidate: Candidate, chosen: ChosenVersion): AuditedRun {
	const [version, ...rest] = possibleVersions(framework, candidate, chosen);
	const { outcome, possible, reasons } = outcomeAt(framework, candidate, version);
	const others = new Set<AuditObjective>(possible);
	const elsewhere: string[] = [];
	for (const other of outcome.objective === "unknown" ? [] : rest) {
		const { objective } = outcomeAt(framework, candidate, other).outcome;
		if (objective === outcome.objective) continue;
		others.add(objective);
		elsewhere.push(`${objective} in ${other}`);
	}
	others.delete(outcome.objective);
	const change = changeOf(candidate, outcome, (changes) =>
		completed(
			framework,
			candidate,
			version,
			changes,
			(changed) => outcomeAt(framework, changed, version).outcome.objective,
		),
	);
	const defaults = outcome.objective === "unknown" ? [] : takenDefaults(framework, candidate, version);
	const assumes = elsewhere.length > 0 ? "assumes-version" : "certain";
	const certainty = outcome.objective === "unknown" ? "unknown" : assumes;
	const said = [
		outcome.reason,
		...(reasons.length > 0 && outcome.objective === "unknown" ? [`not known: ${reasons.join("; ")}`] : []),
		...(elsewhere.length > 0
			? [`this assumes version ${version}; the same settings mean ${elsewhere.join(", ")}`]
			: []),
		...(defaults.length > 0
			? [`this is what the script does by itself: its caller may choose ${defaults.join(", ")}`]
			: []),
	];
	return {
		framework: framework.name,
		frameworkVersion: version,
		versionFrom: chosen.from,
		estimator: outcome.estimator,
		place: outcome.place,
		coefficient: outcome.coefficient,
		importance: outcome.importance,
		objective: outcome.objective,
		alsoPossible: [...others],
		certainty,
		callerMayChoose: defaults,
		reason: said.filter((one) => one !== "").join("; "),
		ignored: outcome.ignored,
		findings: findingsOf(candidate, outcome, change, elsewhere),
		fix: change,
		line: candidate.line,
		column: candidate.column,
	};
}

/** The versions that are possible, the one that is taken first: what is assumed, brought within what the file allows. */
function possibleVersions(
	framework: Framework,
	candidate: Candidate,
	{ version, from, atLeast }: ChosenVersion,
): string[] {
	if (from !== "assumed") return [version];
	const span = framework.spans?.(candidate) ?? {};
	const within = (one: string): string => {
		const least = [atLeast, span.atLeast].find((bound) => bound != null && compareVersions(one, bound) < 0);
		if (least != null) return least;
		return span.atMost !== undefined && compareVersions(one, span.atMost) > 0 ? span.atMost : one;
	};
	const likely = span.likely === undefined ? [] : [span.likely];
	return [
		...new Set([...likely, version, framework.assumed, ...(span.others ?? framework.others)].map(within)),
	];
}

function findingsOf(
	candidate: Candidate,
	outcome: Outcome,
	change: AuditedRun["fix"],
	elsewhere: readonly string[],
): Finding[] {
	const main = objectiveRules[outcome.objective];
	const fix = change.change === "" ? null : change.change;
	const at = outcome.at ?? candidate;
	const objective =
		main === undefined ? [] : [{ ...findingAt(main, at), ...pathOf(at.file, candidate), fix }];
	const version = elsewhere.length === 0 ? [] : [findingAt(versionRule, candidate, elsewhere.join(", "))];
	return [...objective, ...outcome.findings.map((finding) => ({ ...finding, fix })), ...version];
}

function findingAt(
	rule: Rule,
	{ line, column, evidence }: { line: number; column: number; evidence: string },
	more?: string,
): Finding {
	const message = more === undefined ? rule.message : `${rule.message}: ${more}`;
	return { rule: rule.id, severity: rule.severity, message, line, column, evidence, fix: null };
}

/** The outcome at a version, over all values that settings which are not known may have. */
function outcomeAt(
	framework: Framework,
	candidate: Candidate,
	version: string,
): { outcome: Outcome; possible: AuditObjective[]; reasons: string[] } {
	const outcomes: Outcome[] = [];
	const reasons = new Set<string>();
	const pending: ReadonlyMap<string, Scalar>[] = [new Map()];
	for (let decisions = pending.pop(); decisions !== undefined; decisions = pending.pop()) {
		if (outcomes.length + pending.length > mostReadings) {
			const possible = [...new Set(outcomes.map(({ objective }) => objective))];
			return { outcome: unknownOutcome("too much is not known"), possible, reasons: [...reasons] };
		}
		try {
			const ask = new Ask(candidate, version, decisions);
			refuseDistillation(ask);
			const reading = framework.read(ask);
			refuseForeignKl(ask);
			outcomes.push(outcomeOf(framework, ask, reading));
		} catch (error) {
			if (error instanceof Undecided) {
				reasons.add(error.reason);
				for (const option of error.options) pending.push(new Map([...decisions, [error.key, option]]));
			} else if (error instanceof Unreadable) outcomes.push(unknownOutcome(error.reason));
			else throw error;
		}
	}
	const [first, ...others] = outcomes;
	const possible = [...new Set(outcomes.map(({ objective }) => objective))];
	if (possible.length === 1) return { outcome: agreed(first, others), possible: [], reasons: [...reasons] };
	return {
		outcome: undecided(outcomes),
		possible: possible.filter((one) => one !== "unknown"),
		reasons: [...reasons],
	};
}

/** Outcomes that follow the same: what they differ in is not known. */
function agreed(first: Outcome, others: readonly Outcome[]): Outcome {
	const all = [first, ...others];
	const same = <T>(of: (outcome: Outcome) => T): T | null =>
		all.every((one) => of(one) === of(first)) ? of(first) : null;
	return {
		...first,
		...{ estimator: same((one) => one.estimator), place: same((one) => one.place) },
		...{ coefficient: same((one) => one.coefficient), importance: same((one) => one.importance) },
		ignored: first.ignored.filter(({ key }) =>
			others.every(({ ignored }) => ignored.some((one) => one.key === key)),
		),
		findings: inAll(all),
	};
}

function undecided(outcomes: readonly Outcome[]): Outcome {
	// Where it acts at all, its form may still be known.
	const acting = outcomes.filter(({ place }) => place !== "none" && place !== null);
	const { estimator, place, importance } =
		acting.length === 0 ? unknownOutcome("") : agreed(acting[0], acting.slice(1));
	const remedy = togetherOf([...acting, ...outcomes].flatMap((one) => one.remedy ?? []));
	return { ...unknownOutcome(""), estimator, place, importance, remedy, findings: inAll(outcomes) };
}

/** What any of them has to change. */
function togetherOf(remedies: readonly Remedy[]): Remedy | null {
	const first = remedies.at(0);
	if (first?.possible !== true) return first ?? null;
	const changes = new Map(remedies.flatMap((one) => (one.possible ? one.changes : [])).reverse());
	const keys = new Set(remedies.flatMap((one) => one.changes.map(([key]) => key)));
	return {
		possible: true,
		changes: [...keys].flatMap((key) => (changes.has(key) ? [[key, changes.get(key)!]] : [])),
	};
}

function inAll(outcomes: readonly Outcome[]): Finding[] {
	const [first, ...others] = outcomes;
	return first.findings.filter(({ rule, line }) =>
		others.every(({ findings }) => findings.some((one) => one.rule === rule && one.line === line)),
	);
}

function unknownOutcome(reason: string): Outcome {
	return {
		...{ objective: "unknown", estimator: null, place: null, coefficient: null, importance: null, reason },
		...{ ignored: [], findings: [], remedy: null, at: null },
	};
}

function outcomeOf(framework: Framework, ask: Ask, reading: Reading): Outcome {
	const acting = reading.terms.filter(({ beta }) => beta !== 0);
	const ignored = ignoredOf(ask, reading);
	const objective = objectiveOf(acting, reading, ignored);
	const [term] = acting;
	const place = acting.length > 1 ? "both" : acting.length === 1 ? term.place : "none";
	const betas = new Set(acting.map(({ beta }) => beta));
	const beta = acting.length === 0 ? 0 : betas.size > 1 || term.beta === someCoefficient ? null : term.beta;
	const estimators = new Set(acting.map(({ estimator }) => estimator));
	return {
		objective,
		estimator: acting.length === 0 ? null : [...estimators].join(" and "),
		place,
		coefficient: beta,
		importance: acting.length === 0 ? null : (term.importance ?? "none"),
		reason: reasonOf(objective, acting, reading, ignored),
		ignored: ignored.map(({ shown }) => shown),
		findings: [...ownFindings(framework, ask, reading), ...ignored.map(({ finding }) => finding)],
		remedy: objective === "sequence-reverse-kl" ? null : reading.remedy,
		at: acting.length === 0 ? null : (ask.at(term.key) ?? null),
	};

	function ignoredOf(asked: Ask, { ignored: all = [] }: Reading) {
		return all.flatMap(({ key, why, rule, coefficient }) => {
			const setting = asked.at(key);
			if (setting === undefined) return [];
			const { line, column, value } = setting;
			// Whether one that is not known would act is asked for both.
			const held = coefficient && isUnknown(value) ? asked.number(key, 0) : value;
			const shown: IgnoredSetting = {
				key: setting.key,
				value: isUnknown(value) ? null : value,
				line,
				column,
				why,
			};
			const base = framework.rules.find(({ id }) => id === rule) ?? ignoredRule;
			const acts = coefficient && held !== 0 && held !== null && held !== false;
			const severity = acts && acting.length === 0 && base.severity === "warning" ? "error" : base.severity;
			const finding = {
				...findingAt(base, setting, why),
				severity: acts ? severity : ("note" as const),
				...pathOf(setting.file, asked.candidate),
			};
			return [{ shown, finding, acts }];
		});
	}
}

function ownFindings(framework: Framework, ask: Ask, { findings = [] }: Reading): Finding[] {
	const rules = [...framework.rules, ...commonRules];
	return findings.map(({ rule: id, key }) => {
		const setting = key === undefined ? undefined : ask.at(key);
		const rule = rules.find((one) => one.id === id)!;
		return {
			...findingAt(rule, setting ?? ask.candidate),
			...pathOf(setting?.file ?? ask.candidate.file, ask.candidate),
		};
	});
}

function pathOf(file: string, candidate: Candidate): { path?: string } {
	return file === candidate.file ? {} : { path: file };
}

function objectiveOf(
	acting: readonly Term[],
	{ instead }: Reading,
	ignored: readonly { readonly acts: boolean }[],
): AuditObjective {
	if (instead !== undefined) return instead.objective;
	if (acting.length === 0) return ignored.some(({ acts }) => acts) ? "silently-ignored" : "none";
	if (acting.some(({ beta }) => beta < 0)) return "sign-flipped";
	return acting.length > 1 ? "double" : classifyKl(configOf(acting[0]), false).objective;
}

function reasonOf(
	objective: AuditObjective,
	acting: readonly Term[],
	{ instead }: Reading,
	ignored: readonly { readonly shown: IgnoredSetting; readonly acts: boolean }[],
): string {
	if (instead !== undefined) return instead.reason;
	const what = acting.map(({ estimator, place, key }) => `${estimator} in ${place} (${key})`).join(" and ");
	switch (objective) {
		case "silently-ignored":
			return ignored
				.filter(({ acts }) => acts)
				.map(({ shown }) => `${shown.key}: ${shown.why}`)
				.join("; ");
		case "none":
			return "no KL acts";
		case "double":
			return `${what} act together`;
		case "sign-flipped":
			return `${what}: the coefficient is negative`;
		default:
			return `${what}: ${explainKl(configOf(acting[0]), false).reason}`;
	}
}

/** As the trainer's own KL is configured; as on-policy as the framework takes its batch to be. */
function configOf(term: Term): KlConfig {
	const { estimator, beta, importance, differentiateImportance, to, credit = "sequence", discount } = term;
	const common = {
		...{ estimator, beta },
		...(importance === undefined ? {} : { importance }),
		...(to === undefined ? {} : { to }),
	};
	if (term.place === "loss")
		return {
			place: "loss",
			...common,
			...(differentiateImportance === undefined ? {} : { differentiateImportance }),
		};
	return {
		place: "reward",
		...common,
		credit,
		logprobs: "current",
		...(discount === undefined ? {} : { discount }),
	};
}

/** @param complete the changes that lead where they should; null where they do not */
function changeOf(
	candidate: Candidate,
	{ objective, remedy }: Outcome,
	complete: (changes: Changes) => Changes | null,
): AuditedRun["fix"] {
	if (objective === "sequence-reverse-kl") return { possible: true, change: "", nearest: "" };
	if (remedy === null) return { possible: false, change: "", nearest: "" };
	if (!remedy.possible)
		return { possible: false, change: changeText(candidate, remedy.changes), nearest: remedy.nearest };
	const changes = complete(remedy.changes);
	if (changes !== null) return { possible: true, change: changeText(candidate, changes), nearest: "" };
	// Of what is not known nothing is promised.
	if (objective === "unknown") return { possible: false, change: "", nearest: "" };
	const nearest = "settings that this file does not say are in the way";
	return { possible: false, change: changeText(candidate, remedy.changes), nearest };
}
