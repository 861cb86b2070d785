import { existsSync } from "node:fs";
import { join } from "node:path";
import { countParameters } from "../engine/local/memory.ts";
import { Checkpoint } from "../formats/checkpoint.ts";
import { type DecoderConfig, readDecoderConfig } from "../formats/hf-config.ts";
import { notFinite } from "../formats/not-finite.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";

/** What a model folder holds. */
export interface ModelSummary {
	readonly path: string;
	readonly config: DecoderConfig;
	readonly parameters: number;
	/** Bytes of the weights on the disk, by element type. */
	readonly stored: Readonly<Record<string, number>>;
	/** Null where the folder has none. */
	readonly tokenizer: { readonly vocabSize: number; readonly eosTokenId: number | null } | null;
	readonly chatTemplate: boolean;
	/** Bytes that the weights take once loaded. */
	readonly memory: { readonly f32: number; readonly bf16: number };
	/** Names of tensors with a NaN or an infinity in them, where that was asked for. */
	readonly notFinite?: readonly string[];
}

/** Reads a model folder's descriptions and headers, and with `weights` every weight. @throws ThaliaError for what is wrong with it */
export function inspectModel(path: string, { weights = false }: { weights?: boolean } = {}): ModelSummary {
	const config = readDecoderConfig(path);
	const checkpoint = Checkpoint.open(path);
	try {
		const stored: Record<string, number> = {};
		for (const { dtype, byteLength } of checkpoint.entries.values())
			stored[dtype] = (stored[dtype] ?? 0) + byteLength;
		const tokenizer = existsSync(join(path, "tokenizer.json")) ? loadTokenizer(path) : undefined;
		const parameters = countParameters(config);
		return {
			path,
			config,
			parameters,
			stored,
			tokenizer:
				tokenizer === undefined ? null : { vocabSize: tokenizer.vocabSize, eosTokenId: tokenizer.eosTokenId },
			chatTemplate: (tokenizer?.chatTemplate ?? null) !== null,
			memory: { f32: 4 * parameters, bf16: 2 * parameters },
			...(weights ? { notFinite: notFinite(checkpoint) } : {}),
		};
	} finally {
		checkpoint.close();
	}
}
