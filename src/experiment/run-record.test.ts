import { join } from "node:path";
import { expect, test } from "vitest";
import { portable } from "./run-record.ts";

test("the settings of a record are the same wherever the run was made", () => {
	const commit = "0123456789abcdef0123456789abcdef01234567";
	const settings = {
		model: "/home/anyone/.cache/thalia/packages/smollm2-135m-instruct-b179c9523d0e/model",
		reference: `/cache/hub/models--owner--tiny/snapshots/${commit}`,
		task: [{ module: join(process.cwd(), "tasks", "mine.ts") }],
		heldOut: { entries: [{ dataset: "mmlu-science" }], dataDir: "/anywhere/data" },
		other: "/elsewhere/model",
		beta: 0.1,
		lora: null,
	};
	expect(portable(settings)).toEqual({
		model: "smollm2-135m-instruct",
		reference: `owner/tiny@${commit}`,
		task: [{ module: join("tasks", "mine.ts") }],
		heldOut: { entries: [{ dataset: "mmlu-science" }] },
		other: "/elsewhere/model",
		beta: 0.1,
		lora: null,
	});
});
