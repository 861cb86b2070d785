import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import { type Candidate, normalKey, type Setting, type Shape } from "../../candidate.ts";
import type { Source } from "../../source.ts";
import { isUnknown, type Value } from "../../value.ts";
import type { Embedded, ReadFile } from "../reader.ts";
import { commandForm, readArguments } from "../shell/arguments.ts";
import { type Pieces, plainText } from "../shell/expand.ts";
import { type Program, programOf } from "../shell/program.ts";
import { ImportedConstants } from "./constants.ts";
import { Evaluator } from "./evaluate.ts";
import { type Addition, assignments, namesOf } from "./names.ts";
import { selfReference } from "./self-reference.ts";
import { SettingsReader, settingsClass } from "./settings.ts";
import { mayMatter } from "./texts.ts";
import { type Argument, argumentsOf, childrenOf, lastName, stringOf } from "./tree.ts";
import { elementsOf } from "./turns.ts";

/** Calls of frameworks that hold settings under other names. */
const knownCalls =
	/^(\w*(GRPO|RLOO|PPO)Trainer|grpo_defaults|get_default_grpo_config|PipelineTrainer|simple_grpo_loss|SimpleGRPOLoss|GRPOLoss)$/;
/** Calls that start a command which is a text. */
const starters = /^(system|run|call|check_call|check_output|Popen|getoutput|getstatusoutput)$/;
/** Settings that make any call or dict worth a look. */
const tellingKey = /(^|[._])(kl|beta|kld)([._]|$)|kl_|_kl/;
/** What fills a class of settings from a command line. */
const parsers =
	/^(TrlParser|HfArgumentParser|H4ArgumentParser|cli|entrypoint|ArgumentParser|pydantic_argv|parse_argv|load_expr_config|parse_args_into_dataclasses)$/;

/** Calls, dicts and classes that hold settings, and commands that are started. */
export function readPython(source: Source): ReadFile {
	const { candidates, embedded } = new Reader(source);
	return { candidates, embedded };
}

interface ClassOf {
	readonly bases: readonly string[];
	readonly settings: readonly Setting[];
	readonly node: SyntaxNode;
}

class Reader {
	readonly candidates: Candidate[] = [];
	/** Commands that are run as text. */
	readonly embedded: Embedded[] = [];
	readonly #source: Source;
	readonly #text: string;
	readonly #names;
	readonly #evaluator: Evaluator;
	readonly #settings: SettingsReader;
	readonly #classes = new Map<string, ClassOf>();
	readonly #instantiated = new Set<string>();
	readonly #seen = new Set<string>();
	/** Classes that a command line fills. */
	readonly #parsed = new Set<string>();
	readonly #selfReference: SyntaxNode | null;

	constructor(source: Source) {
		this.#source = source;
		this.#text = source.text;
		const root = parser.parse(source.text).topNode;
		this.#names = namesOf(root, source.text);
		this.#selfReference = selfReference(root, source.text);
		const defaults = new Map<string, Value>();
		const imported = new ImportedConstants(source.path, source.written.read, this.#names);
		this.#evaluator = new Evaluator(source.text, this.#names, defaults, imported);
		this.#settings = new SettingsReader(source, this.#names, this.#evaluator);
		this.#readDefaults(root, defaults);
		this.#visit(root, false);
		for (const [name, { bases, settings, node }] of this.#classes) {
			if (this.#instantiated.has(name)) continue;
			// A class that says nothing of a KL may get one where it is used.
			const tells = settings.some(({ key }) => /kl|beta/i.test(key));
			const elsewhere = tells ? null : "what is not set here may be set where the class is used";
			const open = this.#openOf(name) ?? elsewhere;
			this.#push(name, bases, settings, node.from, open, "fields");
		}
		for (const name of this.#parsed) {
			if (this.#classes.has(name) || this.candidates.some(({ program }) => program === name)) continue;
			this.#push(name, [], [], Math.max(0, source.text.lastIndexOf(name)), this.#openOf(name), "options");
		}
	}

	/** argparse's options and dataclass fields, by name: one name with two defaults has none. */
	#readDefaults(node: SyntaxNode, defaults: Map<string, Value>): void {
		const set = (name: string, value: Value): void => {
			const held = defaults.get(name);
			defaults.set(
				name,
				held === undefined || held === value ? value : { unknown: `${name} has several defaults` },
			);
		};
		if (
			node.name === "CallExpression" &&
			node.firstChild !== null &&
			lastName(node.firstChild, this.#text) === "add_argument"
		) {
			const args = argumentsOf(node, this.#text);
			const flags = args.flatMap(({ name, value }) =>
				name === null ? [stringOf(value, this.#text) ?? ""] : [],
			);
			const dest = args.find(({ name }) => name === "dest");
			const flag =
				dest === undefined
					? (flags.find((one) => one.startsWith("--")) ?? flags.at(0) ?? "")
					: (stringOf(dest.value, this.#text) ?? "");
			const fallback = args.find(({ name }) => name === "default");
			const action = args.find(({ name }) => name === "action");
			const kind = action === undefined ? null : stringOf(action.value, this.#text);
			if (fallback !== undefined) set(normalKey(flag), this.#evaluator.value(fallback.value));
			else if (kind === "store_true") set(normalKey(flag), false);
			else if (kind === "store_false") set(normalKey(flag), true);
			else set(normalKey(flag), { unknown: `--${normalKey(flag)} has no default` });
		}
		if (node.name === "ClassDefinition") {
			const { bases, settings, name } = this.#class(node);
			for (const { key, value } of settings) set(key, value);
			this.#classes.set(name, { bases, settings, node });
		}
		for (const child of childrenOf(node)) this.#readDefaults(child, defaults);
	}

	#class(node: SyntaxNode): { name: string; bases: string[]; settings: Setting[] } {
		const name = node.getChild("VariableName");
		const bases = childrenOf(node.getChild("ArgList") ?? node)
			.filter(
				(base) =>
					node.getChild("ArgList") !== null &&
					(base.name === "VariableName" || base.name === "MemberExpression"),
			)
			.map((base) => this.#original(lastName(base, this.#text)));
		const body = node.getChild("Body");
		const fields = (body?.getChildren("AssignStatement") ?? []).flatMap((statement) =>
			assignments(statement),
		);
		const settings = fields.flatMap(({ target, value }): readonly Setting[] =>
			target.name === "VariableName" && value !== null
				? this.#settings.setting(this.#slice(target), value, target.from)
				: [],
		);
		return { name: name === null ? "" : this.#slice(name), bases, settings };
	}

	#visit(node: SyntaxNode, inside: boolean): void {
		let within = inside;
		if (node.name === "CallExpression" && node.firstChild !== null)
			within = this.#call(node, node.firstChild, inside) || inside;
		else if (node.name === "DictionaryExpression" && !inside) {
			this.#inTurns(node, () => {
				const { settings, open } = this.#settings.dict(node, "", 0);
				if (settings.some(({ key }) => tellingKey.test(key)))
					this.#push("dict", [], settings, node.from, open, "dict");
			});
			within = true;
		} else if (/^(Array|Tuple|Binary)Expression$/.test(node.name)) this.#command(node);
		for (const child of childrenOf(node)) this.#visit(child, within);
	}

	#call(node: SyntaxNode, callee: SyntaxNode, inside: boolean): boolean {
		const name = this.#original(lastName(callee, this.#text));
		if (parsers.test(name)) {
			for (const [, found] of this.#slice(node).matchAll(/\b([A-Z]\w*)\b/g)) {
				const original = this.#original(found);
				if (settingsClass.test(original) && original !== name) this.#parsed.add(original);
			}
		}
		const args = argumentsOf(node, this.#text);
		if (name === "execute_train") this.#execute(args);
		if (starters.test(name) && args.length > 0 && /String$/.test(args[0].value.name))
			this.#script(args[0].value);
		const isSettings = settingsClass.test(name) || knownCalls.test(name);
		if (!isSettings && (inside || !args.some((arg) => arg.name !== null && tellingKey.test(arg.name))))
			return false;
		const ofClass = this.#classes.get(name);
		if (ofClass !== undefined) this.#instantiated.add(name);
		// A trainer of the file's own is told by what it does inside.
		const isOwn = ofClass !== undefined && !ofClass.bases.some((base) => /Trainer$/.test(base));
		if (isOwn && /Trainer$/.test(name)) return false;
		this.#inTurns(node, () => {
			const { settings, open } = this.#settings.arguments(node, "", 0);
			const all = [
				...(ofClass?.settings ?? []),
				...settings,
				...this.#settings.assignedLater(node),
				...(name === "PPOConfig" ? this.#reference() : []),
			];
			this.#push(name, ofClass?.bases ?? [], all, node.from, open);
		});
		return true;
	}

	/** That the reference is the policy itself is said of the policy's settings. */
	#reference(): readonly Setting[] {
		const at = this.#selfReference;
		return at === null ? [] : [{ key: "reference_is_policy", value: true, ...this.#source.place(at.from) }];
	}

	/** slime's launchers: `execute_train(train_args=..., train_script="train_async.py")`. */
	#execute(args: readonly Argument[]): void {
		const named = (key: string) => args.find(({ name }) => name === key)?.value;
		const [given, script] = [named("train_args"), named("train_script")];
		const file = script === undefined ? "train.py" : this.#evaluator.value(script);
		if (given !== undefined) this.#script(given, `python3 ${typeof file === "string" ? file : "train.py"} `);
	}

	/** `os.system("python ...")` */
	#script(node: SyntaxNode, before = ""): void {
		this.#inTurns(node, () => {
			const pieces = this.#evaluator
				.pieces(node)
				.map((piece) => ("unknown" in piece ? placeholder(piece.unknown) : piece.text));
			const text = `${before}${pieces.join("")}`;
			if (!this.embedded.some((one) => one.text === text))
				this.embedded.push({ kind: "sh", text, at: node.from, expands: false });
		});
	}

	/** Once for every turn of the loops around a place: a turn that changes nothing is no run of its own. */
	#inTurns(node: SyntaxNode, read: () => void): void {
		for (const turns of this.#evaluator.turnsAt(node)) this.#evaluator.in(turns, read);
	}

	/** `["python", "-m", "verl.trainer.main_ppo", ...]`, with what is added to it. */
	#command(node: SyntaxNode): void {
		const isSum = node.name === "BinaryExpression";
		const [first] = isSum ? childrenOf(node) : [node];
		if (node.parent?.name === "BinaryExpression") return;
		const name = assignedTo(node);
		if (!isSum && name !== null && this.#names.parts.has(this.#slice(name))) return;
		if (!/^(Array|Tuple)Expression$|^VariableName$|^BinaryExpression$/.test(first.name)) return;
		this.#inTurns(node, () => {
			const words = this.#words(node, name);
			const program = programOf(words) ?? (this.#isArgv(node) ? argvProgram(words) : null);
			if (program === null) return;
			const given = words.slice(program.from);
			const { settings, bases, open } = readArguments(given, this.#source);
			const form = commandForm(given, program.name);
			this.#add({
				...{ form, shape: "words", program: program.name, hints: [], settings, bases, open },
				...this.#source.place(node.from),
			});
		});
	}

	/** Whether a list is what a program that is started within this one takes for its command line. */
	#isArgv(node: SyntaxNode): boolean {
		const target =
			node.parent?.name === "AssignStatement" ? assignments(node.parent).at(0)?.target : undefined;
		return target !== undefined && this.#slice(target) === "sys.argv";
	}

	/** The words of a list or of lists that are joined, and of those that are added to its name. */
	#words(node: SyntaxNode, name: SyntaxNode | null): Pieces[] {
		const added = this.#names.additions.filter(
			(one) => name !== null && one.node.from > name.from && this.#slice(one.target) === this.#slice(name),
		);
		return [...this.#listed(node, 0), ...added.flatMap((one) => this.#added(one, node))];
	}

	/** `*rest` in a list is as what it stands for. */
	#word(element: SyntaxNode, depth: number): Pieces[] {
		if (element.name === "*") return [];
		return element.prevSibling?.name === "*"
			? this.#listed(element, depth)
			: [this.#evaluator.pieces(element)];
	}

	#listed(part: SyntaxNode, depth: number): Pieces[] {
		const target = part.name === "VariableName" ? this.#evaluator.resolve(part) : part;
		if (depth < 6 && target !== null && !isUnknown(target)) {
			if (/^(Array|Tuple)Expression$/.test(target.name))
				return elementsOf(target).flatMap((element) => this.#word(element, depth + 1));
			if (target.name === "BinaryExpression")
				return childrenOf(target)
					.filter(({ name }) => name !== "ArithOp")
					.flatMap((side) => this.#listed(side, depth + 1));
		}
		return [[{ unknown: `${this.#slice(part).slice(0, 40)} is added`, at: part.from }]];
	}

	/** What a condition adds may be there or not: it is told where it could matter. */
	#added({ node, value, isOne, behind }: Addition, list: SyntaxNode): Pieces[] {
		const one = [value, ...(behind === undefined ? [] : [behind])];
		const words = isOne ? one.map((word) => this.#evaluator.pieces(word)) : this.#listed(value, 0);
		const reached = this.#evaluator.reached(node, list);
		if (reached === false) return [];
		if (reached === true || !words.some((word) => mayMatter(word))) return words;
		return [[{ unknown: "a condition adds to it", at: value.from }]];
	}

	#push(
		program: string,
		bases: readonly string[],
		settings: readonly Setting[],
		at: number,
		open: string | null,
		shape?: Shape,
	): void {
		const hints = [...bases, ...this.#names.imports];
		this.#add({
			form: "python",
			...(shape === undefined ? {} : { shape }),
			program,
			hints,
			settings,
			bases: [],
			open,
			...this.#source.place(at),
		});
	}

	#add(candidate: Candidate): void {
		const { line, column, program, settings } = candidate;
		const same = JSON.stringify([line, column, program, settings.map(({ key, value }) => [key, value])]);
		if (this.#seen.has(same)) return;
		this.#seen.add(same);
		this.candidates.push(candidate);
	}

	#openOf(name: string): string | null {
		return this.#parsed.has(name) ? "what is not set here comes from the command line" : null;
	}

	#original(name: string): string {
		return this.#names.aliases.get(name) ?? name;
	}

	#slice({ from, to }: SyntaxNode): string {
		return this.#text.slice(from, to);
	}
}

/** The module that a command line says first, where it says more. */
function argvProgram(words: readonly Pieces[]): Program | null {
	const name = words.length < 2 ? null : plainText(words[0]);
	const says = words
		.slice(1)
		.some((word) => word.some((piece) => "text" in piece && piece.text.includes("=")));
	return name !== null && says && /^\w+(\.\w+)+$/.test(name) ? { name, from: 1 } : null;
}

/** The name that a statement gives a value to; null where the value is none of its own. */
function assignedTo(value: SyntaxNode): SyntaxNode | null {
	const statement = value.parent;
	if (statement?.name !== "AssignStatement") return null;
	const target = assignments(statement).at(0)?.target;
	return target?.name === "VariableName" ? target : null;
}

/** A variable that nothing sets, for what is not known; of arguments that are said to be of something else, by their name. */
function placeholder(reason: string): string {
	const of =
		/(wandb|model|ckpt|perf|optimizer|sglang|vllm|eval|data|log|rollout|misc|backend|ci|lora|parallel)_args/i.exec(
			reason,
		)?.[1];
	return of === undefined ? "$__not_known" : `$${of.toUpperCase()}_ARGS`;
}
