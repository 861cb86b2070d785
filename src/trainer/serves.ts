import type { EngineCapabilities } from "../engine/engine.ts";
import { expected, ThaliaError } from "../errors.ts";
import { type KlConfig, needsVocabulary } from "../kl/config.ts";

/** Refuses a KL that the engine cannot give, with what comes nearest. @throws ThaliaError `kl-unsupported` */
export function assertServes({ fullVocabularyKl }: EngineCapabilities, kl: KlConfig): void {
	if (kl.place === "none" || !needsVocabulary(kl) || fullVocabularyKl) return;
	const complete = kl.estimator === "rao-blackwell" || kl.place === "both";
	const nearest = complete
		? "kl.place=reward kl.estimator=k1 kl.credit=reward-to-go has the same expected gradient"
		: "kl.place=loss kl.estimator=k2 has the same expected gradient";
	throw new ThaliaError(
		"kl-unsupported",
		`Expected an engine with the whole vocabulary's KL for kl.estimator "${kl.estimator}" but this one samples it`,
		{ fix: nearest },
	);
}

/** @throws ThaliaError `kl-config-invalid` for a head of more tokens than there are */
export function checkTopK(kl: KlConfig, vocabSize: number): void {
	const topK = kl.place === "loss" ? (kl.topK ?? 0) : 0;
	if (topK <= vocabSize) return;
	const fix = "kl.estimator=full is the whole vocabulary";
	throw expected("kl-config-invalid", `at most the vocabulary's ${vocabSize}`, "kl.topK", topK, fix);
}
