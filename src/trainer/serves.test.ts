import { expect, test } from "vitest";
import { ThaliaError } from "../errors.ts";
import { classifyKl } from "../kl/classify.ts";
import type { KlConfig } from "../kl/config.ts";
import { flatOf } from "../kl/fix.ts";
import { klFromFlat } from "../kl/flat.ts";
import { namedConfigs } from "../kl/named.ts";
import { assertServes, checkTopK } from "./serves.ts";

const sampling = { entropy: true, fullVocabularyKl: false, lora: true, fullFineTune: false };

function refusal(check: () => void): ThaliaError {
	try {
		check();
	} catch (error) {
		if (error instanceof ThaliaError) return error;
		throw error;
	}
	throw new Error("nothing was refused");
}

test("an engine that knows sampled tokens alone refuses what reads the vocabulary, with what follows the same", () => {
	const vocabulary: KlConfig[] = [
		{ place: "loss", estimator: "full", beta: 1 },
		{ place: "loss", estimator: "rao-blackwell", beta: 1 },
		{ place: "loss", estimator: "rao-blackwell-local", beta: 1 },
		{ place: "loss", estimator: "top-k", topK: 4, beta: 1 },
		{ place: "both", estimator: "full", beta: 1, credit: "sequence", logprobs: "current" },
	];
	for (const kl of vocabulary) {
		expect(() => {
			assertServes({ ...sampling, fullVocabularyKl: true }, kl);
		}).not.toThrow();
		const { code, fix } = refusal(() => {
			assertServes(sampling, kl);
		});
		expect(code).toBe("kl-unsupported");
		const changes = [...(fix ?? "").matchAll(/kl\.(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]);
		const nearest = klFromFlat({ ...flatOf(kl), ...(Object.fromEntries(changes) as object) });
		expect(classifyKl(nearest, false).objective, fix).toBe(classifyKl(kl, false).objective);
		assertServes(sampling, nearest);
	}
	const samples = namedConfigs.filter(
		({ config }) => config.place !== "none" && /^k\d|abs/.test(config.estimator),
	);
	expect(samples.length).toBeGreaterThan(15);
	for (const { config } of samples) assertServes(sampling, config);
});

test("a head of more tokens than the vocabulary has is refused", () => {
	const kl: KlConfig = { place: "loss", estimator: "top-k", topK: 300, beta: 1 };
	checkTopK(kl, 300);
	const { message, fix } = refusal(() => {
		checkTopK(kl, 299);
	});
	expect(message).toContain("at most the vocabulary's 299 for kl.topK but received 300");
	expect(fix).toContain("kl.estimator=full");
});
