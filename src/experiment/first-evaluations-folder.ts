import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation } from "../eval/summarise.ts";
import { writeFileAtomic } from "../runs/atomic.ts";
import type { FirstEvaluations } from "../trainer/train.ts";

interface Kept {
	readonly key: string;
	readonly evaluations: readonly Evaluation[];
}

/** Evaluations before training on the disk: the cells of a grid that begin with the same policy need one between them. */
export function firstEvaluationsIn(dir: string): FirstEvaluations {
	const pathOf = (key: string) =>
		join(dir, `${createHash("sha256").update(key).digest("hex").slice(0, 16)}.json`);
	return {
		find(key) {
			const path = pathOf(key);
			if (!existsSync(path)) return undefined;
			try {
				const kept = JSON.parse(readFileSync(path, "utf8")) as Kept;
				return kept.key === key ? kept.evaluations : undefined;
			} catch {
				// Damaged: it is made again, and written over.
				return undefined;
			}
		},
		keep(key, evaluations) {
			mkdirSync(dir, { recursive: true });
			const kept: Kept = { key, evaluations };
			// Cells that begin together write the same at once, each in a file of its own first.
			const own = `${pathOf(key)}.${process.pid}`;
			writeFileAtomic(own, JSON.stringify(kept));
			renameSync(own, pathOf(key));
		},
	};
}
