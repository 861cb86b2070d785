import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Checkpoint } from "./checkpoint.ts";
import { writeSafetensors } from "./safetensors.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-checkpoint-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folder(index?: unknown, shards: Record<string, string[]> = {}): string {
	const dir = mkdtempSync(join(root, "model-"));
	if (index !== undefined)
		writeFileSync(
			join(dir, "model.safetensors.index.json"),
			typeof index === "string" ? index : JSON.stringify(index),
		);
	for (const [name, tensors] of Object.entries(shards)) {
		writeSafetensors(
			join(dir, name),
			tensors.map((tensor, i) => ({ name: tensor, dtype: "U8", shape: [1], data: () => Uint8Array.of(i) })),
		);
	}
	return dir;
}

test("shards are read as one", () => {
	const dir = folder(
		{ weight_map: { a: "1.safetensors", b: "2.safetensors", c: "1.safetensors" } },
		{
			"1.safetensors": ["a", "c"],
			"2.safetensors": ["b"],
		},
	);
	const checkpoint = Checkpoint.open(dir);
	expect([...checkpoint.entries.keys()].sort()).toEqual(["a", "b", "c"]);
	expect(checkpoint.read("c")).toEqual(Uint8Array.of(1));
	const part = new Uint8Array(1);
	checkpoint.readInto("c", 0, part);
	expect(part).toEqual(Uint8Array.of(1));
	expect(() => checkpoint.readInto("c", 1, part)).toThrow(RangeError);
	expect(() => checkpoint.read("d")).toThrow(expect.objectContaining({ code: "tensor-missing" }));
	checkpoint.close();
});

test.each<[string, () => string, string]>([
	["an empty folder", () => folder(), "checkpoint-missing"],
	["an index that is not JSON", () => folder("{"), "checkpoint-index"],
	["an index without a map", () => folder({}), "checkpoint-index"],
	["a map of numbers", () => folder({ weight_map: { a: 1 } }), "checkpoint-index"],
	["a shard outside the folder", () => folder({ weight_map: { a: "../x.safetensors" } }), "checkpoint-index"],
	["a missing shard", () => folder({ weight_map: { a: "1.safetensors" } }), "safetensors-missing"],
	[
		"a shard that was cut off",
		() => {
			const dir = folder({ weight_map: { a: "1.safetensors" } }, { "1.safetensors": ["a", "b"] });
			const shard = join(dir, "1.safetensors");
			truncateSync(shard, statSync(shard).size - 1);
			return dir;
		},
		"safetensors-truncated",
	],
	[
		"a shard without its tensor",
		() => folder({ weight_map: { a: "1.safetensors" } }, { "1.safetensors": ["b"] }),
		"checkpoint-index",
	],
])("refuses %s", (_, make, code) => {
	expect(() => Checkpoint.open(make())).toThrow(expect.objectContaining({ code }));
});
