import { Command } from "commander";
import { readPeftConfig } from "../engine/local/lora/peft-config.ts";
import { ThaliaError } from "../errors.ts";
import { convertGguf } from "../formats/gguf/convert.ts";
import { cachedModels } from "../hub/cached-models.ts";
import { inspectModel, type ModelSummary } from "../hub/inspect-model.ts";
import { knownModels } from "../hub/known-models.ts";
import { cacheDir } from "../hub/settings.ts";
import { colors } from "./colors.ts";
import { namedModel } from "./named-model.ts";
import { dtypeOption, formatOption, printJson } from "./options.ts";
import { StatusLine } from "./status-line.ts";

interface Options {
	readonly format: "text" | "json";
}

export function modelsCommand(): Command {
	const command = new Command("models").description("fetch, list, convert and inspect models").addHelpText(
		"after",
		`
A model is named by a folder in Hugging Face layout, a .gguf file, owner/name of
the Hugging Face hub (owner/name@revision for a branch, tag or commit), or a
short name: ${Object.keys(knownModels).join(", ")}. The same names do for --model and recipes.`,
	);
	for (const sub of [
		fetchCommand(),
		listCommand(),
		pathCommand(),
		convertCommand(),
		mergeCommand(),
		inspectCommand(),
	])
		command.addCommand(sub);
	return command;
}

function fetchCommand(): Command {
	return new Command("fetch")
		.description("fetch a model into the cache, and print its folder")
		.argument("<model>", "owner/name, owner/name@revision, or a short name")
		.action(async (name: string) => {
			process.stdout.write(`${await namedModel(name)}\n`);
		});
}

function listCommand(): Command {
	return new Command("list")
		.description("the models in the cache")
		.addOption(formatOption())
		.action(({ format }: Options) => {
			const models = cachedModels();
			if (format === "json") {
				printJson(models);
			} else if (models.length === 0) {
				process.stdout.write(`no models in ${cacheDir()}\n`);
			} else {
				for (const { id, source, bytes, path } of models)
					process.stdout.write(`${colors.stdout.bold(id)}  ${megabytes(bytes)}, ${source}\n    ${path}\n`);
			}
		});
}

function pathCommand(): Command {
	return new Command("path")
		.description("the folder of a model that is in the cache; nothing is fetched")
		.argument("<model>", "as for fetch")
		.action(async (name: string) => {
			process.stdout.write(`${await namedModel(name, { cachedOnly: true })}\n`);
		});
}

function convertCommand(): Command {
	return new Command("convert")
		.description("write the model of a GGUF file as a folder in Hugging Face layout, every value kept")
		.argument("<file>", "a .gguf file")
		.argument("<dir>", "a new or empty folder")
		.action((file: string, dir: string) => {
			const line = new StatusLine();
			try {
				convertGguf(file, dir, {
					onProgress: (share) => line.show(`converting ${Math.floor(100 * share)}%`),
				});
			} finally {
				line.clear();
			}
			process.stdout.write(`${dir}\n`);
		});
}

function mergeCommand(): Command {
	return new Command("merge")
		.description("write an adapter and its base as one model in Hugging Face layout")
		.argument("<adapter>", "a PEFT folder, such as the checkpoint of a run with LoRA")
		.argument("<dir>", "a new or empty folder")
		.option("--base <model>", "what the adapter adds to (default: what its adapter_config.json names)")
		.addOption(dtypeOption("of the weights that are written"))
		.action(
			async (adapter: string, dir: string, { base, dtype }: { base?: string; dtype: "f32" | "bf16" }) => {
				const named = base ?? readPeftConfig(adapter).base;
				if (named === null) {
					throw new ThaliaError(
						"adapter-base",
						`Expected base_model_name_or_path in ${adapter} but there is none`,
						{
							fix: "name the model with --base",
						},
					);
				}
				const folder = await namedModel(named);
				// Not imported above: what needs no libtorch works where it does not load.
				const { mergeIntoFolder } = await import("../engine/local/lora/merge-folder.ts");
				mergeIntoFolder(folder, adapter, dir, dtype);
				process.stdout.write(`${dir}\n`);
			},
		);
}

function inspectCommand(): Command {
	return new Command("inspect")
		.description("what a model is: architecture, parameters, context, tokenizer, memory to load it")
		.argument("<model>", "a folder, a .gguf file, or a name")
		.option("--weights", "read every weight too, and say where one is not finite (exit code 1)")
		.addOption(formatOption())
		.action(async (name: string, { format, weights = false }: Options & { weights?: boolean }) => {
			const summary = inspectModel(await namedModel(name), { weights });
			if (format === "json") printJson(summary);
			else process.stdout.write(`${formatSummary(summary)}\n`);
			const bad = summary.notFinite ?? [];
			if (bad.length > 0) {
				throw new ThaliaError(
					"weights-not-finite",
					`Expected finite weights in ${summary.path} but ${bad.length} tensors have others, ${bad[0]} the first`,
					{ fix: "fetch the model again; if they are its own, nothing can be computed with it" },
				);
			}
		});
}

function formatSummary({
	path,
	config: c,
	parameters,
	stored,
	tokenizer,
	chatTemplate,
	memory,
	notFinite,
}: ModelSummary) {
	const heads =
		c.numHeads === c.numKvHeads
			? `${c.numHeads} heads`
			: `${c.numHeads} heads, ${c.numKvHeads} of keys and values`;
	const ends = c.eosTokenIds.length === 0 ? "none" : c.eosTokenIds.join(", ");
	const rows = {
		folder: path,
		architecture: `${c.architecture}, ${c.numLayers} layers, hidden size ${c.hiddenSize}, ${heads}`,
		parameters: `${(parameters / 1e6).toFixed(1)} million${c.tieWordEmbeddings ? ", embeddings tied" : ""}`,
		"stored as": Object.entries(stored)
			.map(([dtype, bytes]) => `${dtype} (${megabytes(bytes)})`)
			.join(", "),
		context: `${c.maxPositions} tokens`,
		vocabulary: `${c.vocabSize} tokens, end of sequence: ${ends}`,
		tokenizer: tokenizer === null ? "none" : `${tokenizer.vocabSize} tokens`,
		"chat template": chatTemplate ? "yes" : "no",
		"weights need": `${megabytes(memory.f32)} in f32, ${megabytes(memory.bf16)} in bf16 (training needs more: thalia train --dry-run)`,
		...(notFinite === undefined
			? {}
			: { weights: notFinite.length === 0 ? "all finite" : `not finite in ${notFinite.join(", ")}` }),
	};
	return Object.entries(rows)
		.map(([key, value]) => `${key.padEnd(14)} ${value}`)
		.join("\n");
}

function megabytes(bytes: number): string {
	return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
