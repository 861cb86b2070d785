import { Command } from "commander";
import { openScorer } from "../engine/local/open.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { modelTokenizer } from "./model-tokenizer.ts";
import { namedModel } from "./named-model.ts";
import { dtypeOption, jsonLinesOption, modelOption, printJson, requires, threadsOption } from "./options.ts";
import { StatusLine } from "./status-line.ts";
import { readInputLines } from "./stdin.ts";

interface Options {
	readonly model: string;
	readonly reference?: string;
	readonly lora?: string;
	readonly dtype: "f32" | "bf16";
	readonly threads?: number;
}

export function scoreCommand(): Command {
	return new Command("score")
		.description("log-probs and entropies of given tokens, and KL divergences to a reference")
		.usage("--model <model> [options] < lines.jsonl")
		.addOption(modelOption())
		.hook("preAction", requires("--model"))
		.option(
			"--reference <model>",
			'adds "kl", KL(model || reference), and "kl_reverse", over the whole vocabulary',
		)
		.option("--lora <dir>", "a PEFT adapter on the model")
		.addOption(dtypeOption())
		.addOption(threadsOption())
		.addOption(jsonLinesOption())
		.addHelpText(
			"after",
			`
Reads JSON lines {"tokens":[...]} or {"text":"..."} from standard input and
writes one for each:
  tokens      as given, or as the tokenizer has them
  logprobs    log-prob (nats) of token t given those before it; first: null
  entropy     of the distribution of what follows token t
  kl          KL(model || reference) of the same distribution, with --reference
  kl_reverse  KL(reference || model)
All lines are checked before the first is scored.`,
		)
		.action(async (options: Options) => {
			await score(options);
		});
}

async function score({ lora, dtype, threads, ...named }: Options): Promise<void> {
	const model = await namedModel(named.model);
	const reference = named.reference === undefined ? undefined : await namedModel(named.reference);
	const scorer = await openScorer({
		model,
		dtype,
		...(reference === undefined ? {} : { reference }),
		...(lora === undefined ? {} : { lora }),
		...(threads === undefined ? {} : { threads }),
	});
	const line = new StatusLine();
	try {
		let tokenizer: Tokenizer | undefined;
		const lines = await readInputLines(
			() => (tokenizer ??= modelTokenizer(model)),
			(tokens) => scorer.check(tokens),
		);
		for (const [i, { tokens }] of lines.entries()) {
			// In a terminal the answers themselves show how far it is.
			if (!process.stdout.isTTY) line.show(`${i} of ${lines.length} lines`);
			const { klReverse, ...rest } = scorer.score(tokens);
			printJson(klReverse === undefined ? rest : { ...rest, kl_reverse: klReverse });
		}
	} finally {
		line.clear();
		scorer.dispose();
	}
}
