import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ThaliaError } from "../errors.ts";
import { writeRunFolder } from "../testing/run-folder.ts";
import { aRecord } from "../testing/run-records.ts";
import { loadRecords } from "./load-records.ts";
import { writeRecords } from "./records-file.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-load-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = (name: string) => {
	const path = join(root, name);
	mkdirSync(path, { recursive: true });
	return path;
};
const runs = folder("runs");
const dirs = ["a", "deeper/b"].map((name, i) => writeRunFolder(join(runs, name), i + 1));
// What is being written, and what lies too deep.
writeRunFolder(join(runs, ".unfinished-c"), 3);
writeRunFolder(join(runs, "1/2/3/4"), 4);

test("a run is what its files say", () => {
	expect(loadRecords([dirs[1]])).toMatchObject([
		{
			...{ name: "b", seed: 2, outcome: "finished", step: 2, steps: 2, seconds: 60, labels: {} },
			before: [{ domain: "in-domain", samples: 2, problems: [{ id: "1+1", greedy: 0, mean: 0 }] }],
			after: [{ problems: [{ greedy: 1, mean: 0.5 }] }],
			series: { step: [1, 2], reward: [0.25, 0.5], kl: [1, 2], entropy: [null, null] },
		},
	]);
});

test("run directories, a folder above them, and records of them are the same", () => {
	const records = loadRecords(dirs);
	expect(loadRecords([runs])).toEqual(records);
	for (const name of ["records.jsonl", "records.jsonl.gz"]) {
		const experiment = folder(`experiment-${name}`);
		writeRunFolder(join(experiment, "runs", "other"), 9);
		writeRecords(join(experiment, name), records);
		expect(loadRecords([join(experiment, name)])).toEqual(records);
		expect(loadRecords([experiment])).toEqual(records);
	}
});

test.each([
	["manifest.json", "{", "manifest.json"],
	["manifest.json", '{"steps":1}', "files that lack"],
	["config.yaml", "seed: [", "the run's recipe"],
	["config.yaml", "null", "k"],
	["config.yaml", "seed: x", "files that lack"],
	["evaluations.jsonl", '{"step":0}\n', "k"],
])("a run whose %s is %j is damaged, and named", (file, content, why) => {
	const damaged = folder("damaged");
	writeRunFolder(join(damaged, "sound"), 1);
	writeRunFolder(join(damaged, "broken"), 2);
	writeFileSync(join(damaged, "broken", file), content);
	expect(() => loadRecords([damaged])).toThrow(expect.objectContaining({ code: "run-damaged" }));
	const left: ThaliaError[] = [];
	expect(loadRecords([damaged], (error) => left.push(error))).toMatchObject([{ seed: 1 }]);
	expect(left).toHaveLength(1);
	expect(left[0].message).toContain(join(damaged, "broken"));
	expect(left[0].message).toContain(why);
});

test("a line that is no record is named, and left out where that is asked for", () => {
	const file = join(root, "damaged.jsonl");
	writeRecords(file, [aRecord()]);
	writeFileSync(file, `{"name":"x"}\n${readFileSync(file, "utf8")}`);
	expect(() => loadRecords([file])).toThrow(/damaged\.jsonl:1 but received/);
	const left: ThaliaError[] = [];
	expect(loadRecords([file], (error) => left.push(error))).toEqual([aRecord()]);
	expect(left).toMatchObject([{ code: "records-damaged" }]);
});

test("what holds no run is refused", () => {
	const empty = folder("empty");
	expect(() => loadRecords([runs, empty])).toThrow(
		expect.objectContaining({ code: "report-no-runs", message: `Expected runs at ${empty} or below it` }),
	);
	expect(() => loadRecords([join(root, "nowhere")])).toThrow(/nowhere to exist/);
	expect(() => loadRecords([join(dirs[0], "config.yaml")])).toThrow(/a file of records/);
});
