import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { SafetensorsFile, type TensorEntry } from "./safetensors.ts";

/** The tensors of a model folder: model.safetensors, or the shards of model.safetensors.index.json. */
export class Checkpoint {
	readonly dir: string;
	readonly entries: ReadonlyMap<string, TensorEntry>;
	readonly #files: readonly SafetensorsFile[];
	readonly #fileOf: ReadonlyMap<string, SafetensorsFile>;

	private constructor(
		dir: string,
		files: readonly SafetensorsFile[],
		fileOf: ReadonlyMap<string, SafetensorsFile>,
	) {
		this.dir = dir;
		this.#files = files;
		this.#fileOf = fileOf;
		this.entries = new Map([...fileOf].map(([name, file]) => [name, file.entries.get(name)!]));
	}

	/** @throws ThaliaError `checkpoint-missing`, `checkpoint-index`, and those of `SafetensorsFile.open` */
	static open(dir: string): Checkpoint {
		const single = join(dir, "model.safetensors");
		if (existsSync(single)) {
			const file = SafetensorsFile.open(single);
			return new Checkpoint(dir, [file], new Map([...file.entries.keys()].map((name) => [name, file])));
		}
		const index = join(dir, "model.safetensors.index.json");
		if (!existsSync(index)) {
			throw new ThaliaError(
				"checkpoint-missing",
				`Expected model.safetensors or model.safetensors.index.json in ${dir} but neither is there`,
				{
					fix: "give the folder of a model in Hugging Face layout",
				},
			);
		}
		return openShards(dir, index, (files, fileOf) => new Checkpoint(dir, files, fileOf));
	}

	/** The tensor's little-endian bytes in an array of their own. */
	read(name: string): Uint8Array<ArrayBuffer> {
		return this.#file(name).read(name);
	}

	/** Fills `into` with the tensor's bytes from `offset` on. */
	readInto(name: string, offset: number, into: Uint8Array): void {
		this.#file(name).readInto(name, offset, into);
	}

	#file(name: string): SafetensorsFile {
		const file = this.#fileOf.get(name);
		if (file !== undefined) return file;
		throw new ThaliaError("tensor-missing", `Expected tensor ${name} in ${this.dir} but it is not there`);
	}

	close(): void {
		for (const file of this.#files) file.close();
	}
}

function openShards(
	dir: string,
	index: string,
	make: (files: readonly SafetensorsFile[], fileOf: ReadonlyMap<string, SafetensorsFile>) => Checkpoint,
): Checkpoint {
	const weightMap = readWeightMap(index);
	const files = new Map<string, SafetensorsFile>();
	try {
		for (const shard of shardsOf(index)) files.set(shard, SafetensorsFile.open(join(dir, shard)));
		const fileOf = new Map<string, SafetensorsFile>();
		for (const [name, shard] of Object.entries(weightMap)) {
			const file = files.get(shard)!;
			if (!file.entries.has(name)) {
				throw new ThaliaError(
					"checkpoint-index",
					`${index}: expected tensor ${name} in ${shard} but it is not there`,
				);
			}
			fileOf.set(name, file);
		}
		return make([...files.values()], fileOf);
	} catch (error) {
		for (const file of files.values()) file.close();
		throw error;
	}
}

/** The files that an index names. @throws ThaliaError `checkpoint-index` */
export function shardsOf(index: string): string[] {
	const shards = [...new Set(Object.values(readWeightMap(index)))];
	for (const shard of shards) {
		if (basename(shard) !== shard) {
			throw new ThaliaError(
				"checkpoint-index",
				`${index}: expected file names in this folder but received ${shard}`,
			);
		}
	}
	return shards;
}

function readWeightMap(index: string): Record<string, string> {
	let json: unknown;
	try {
		json = JSON.parse(readFileSync(index, "utf8"));
	} catch (cause) {
		throw new ThaliaError("checkpoint-index", `${index}: expected JSON: ${(cause as Error).message}`, {
			cause,
		});
	}
	const map = (json as { weight_map?: unknown } | null)?.weight_map;
	if (map === null || typeof map !== "object" || !Object.values(map).every((v) => typeof v === "string")) {
		throw new ThaliaError(
			"checkpoint-index",
			`${index}: expected "weight_map" to name a file for each tensor`,
		);
	}
	return map as Record<string, string>;
}
