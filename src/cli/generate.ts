import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Completion, Engine, SamplingOptions } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { expected } from "../errors.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { textOf } from "../rollout/collect.ts";
import { modelTokenizer } from "./model-tokenizer.ts";
import { namedModel } from "./named-model.ts";
import {
	between,
	dtypeOption,
	jsonLinesOption,
	modelOption,
	printJson,
	requires,
	threadsOption,
	whole,
} from "./options.ts";
import { StatusLine } from "./status-line.ts";
import { type InputLine, readInputLines } from "./stdin.ts";

/** Completions sampled together. */
const batchRows = 64;

interface Options {
	readonly model: string;
	readonly maxTokens: number;
	readonly temperature: number;
	readonly topK: number;
	readonly topP: number;
	readonly minP: number;
	readonly seed: number;
	readonly n: number;
	readonly ignoreEos?: boolean;
	readonly dtype: "f32" | "bf16";
	readonly threads?: number;
}

export function generateCommand(): Command {
	return new Command("generate")
		.description("sample completions of given prompts")
		.usage("--model <model> [options] < lines.jsonl")
		.addOption(modelOption())
		.hook("preAction", requires("--model"))
		.option("--max-tokens <n>", "longest completion", whole(1), 64)
		.option("--temperature <t>", "0 is greedy", between(0), 1)
		.option("--top-k <k>", "keep the k most likely tokens; 0 keeps all", whole(0), 0)
		.option("--top-p <p>", "keep the most likely tokens that reach this probability", between(0, 1), 1)
		.option("--min-p <p>", "drop tokens less likely than this share of the most likely", between(0, 1), 0)
		.option("--seed <n>", "the same seed gives the same completions", whole(0), 0)
		.option("--n <n>", "completions of each prompt", whole(1), 1)
		.option("--ignore-eos", "go on to --max-tokens after an end-of-sequence token")
		.addOption(dtypeOption())
		.addOption(threadsOption())
		.addOption(jsonLinesOption())
		.addHelpText(
			"after",
			`
Reads JSON lines {"tokens":[...]} or {"text":"..."} from standard input and
writes one for each:
  {"completions":[{"tokens":[...],"text":"...","logprobs":[...],
                   "finish":"stop|length"}]}
logprobs are in nats, under the model as it is (temperature 1, nothing cut off).
A model folder without a tokenizer takes and gives tokens only. All lines are
checked before the first is completed.`,
		)
		.action(async (given: Options) => {
			const options = { ...given, model: await namedModel(given.model) };
			const { model, dtype, threads } = options;
			const hasTokenizer = existsSync(join(model, "tokenizer.json"));
			const tokenizer = hasTokenizer ? modelTokenizer(model) : undefined;
			const engine = await openLocalEngine({ model, dtype, ...(threads === undefined ? {} : { threads }) });
			try {
				await generate(engine, tokenizer, options);
			} finally {
				await engine.close();
			}
		});
}

async function generate(engine: Engine, tokenizer: Tokenizer | undefined, options: Options): Promise<void> {
	const { maxTokens, temperature, topK, topP, minP, seed, n } = options;
	const sampling: SamplingOptions = {
		...{ maxTokens, temperature, topK, topP, minP, seed },
		...(options.ignoreEos === true ? { stopTokens: [] } : {}),
	};
	const lines = await readInputLines(
		() => tokenizer ?? modelTokenizer(options.model),
		(tokens) => {
			checkPrompt(tokens, engine, maxTokens);
		},
	);
	const status = new StatusLine();
	const promptsAtOnce = Math.max(1, Math.floor(batchRows / n));
	let tokensBefore = 0;
	for (let start = 0; start < lines.length; start += promptsAtOnce) {
		const batch = lines.slice(start, start + promptsAtOnce);
		// The line is the id, so that a prompt's completions do not depend on how lines are batched.
		const requests = batch.map(({ number, tokens }: InputLine) => ({
			prompt: Int32Array.from(tokens),
			count: n,
			id: number,
		}));
		const completions = await engine.sample(requests, sampling, (tokens) => {
			status.show(`${start} of ${lines.length} prompts, ${tokensBefore + tokens} tokens`);
		});
		tokensBefore += completions.reduce((sum, { tokens }) => sum + tokens.length, 0);
		status.clear();
		for (let i = 0; i < batch.length; i++) {
			const own = completions.slice(i * n, (i + 1) * n);
			printJson({ completions: own.map((completion) => toJson(completion, tokenizer)) });
		}
	}
}

function checkPrompt(
	tokens: readonly number[],
	{ vocabSize, maxPositions }: Engine,
	maxTokens: number,
): void {
	if (tokens.length === 0) throw expected("empty-prompt", "at least one token", "a prompt", "none");
	const bad = tokens.find((token) => token < 0 || token >= vocabSize);
	if (bad !== undefined) throw expected("token-range", `tokens from 0 to ${vocabSize - 1}`, "a prompt", bad);
	if (tokens.length + maxTokens > maxPositions) {
		const what = `at most ${maxPositions} positions`;
		throw expected("too-many-positions", what, "prompt and --max-tokens together", tokens.length + maxTokens);
	}
}

function toJson(completion: Completion, tokenizer: Tokenizer | undefined) {
	return {
		tokens: [...completion.tokens],
		...(tokenizer === undefined ? {} : { text: textOf(tokenizer, completion) }),
		logprobs: [...completion.logprobs],
		finish: completion.finish,
	};
}
