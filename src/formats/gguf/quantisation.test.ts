import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type blocks, dequantise } from "./quantisation.ts";

type Quantised = Exclude<keyof typeof blocks, "F32" | "F16" | "BF16">;
type Golden = Record<Quantised, { readonly bytes: string; readonly values: string }>;

const golden = JSON.parse(
	readFileSync(new URL("quantisation.golden.json", import.meta.url), "utf8"),
) as Golden;

test.each(Object.keys(golden) as Quantised[])(
	"%s: random blocks to the bit as gguf-py dequantises them",
	(type) => {
		const values = dequantise(type, Buffer.from(golden[type].bytes, "hex"));
		expect(Buffer.from(values.buffer).toString("hex")).toBe(golden[type].values);
	},
);
