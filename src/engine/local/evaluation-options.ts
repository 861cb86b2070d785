import { expected } from "../../errors.ts";
import type { AccumulateOptions, EvaluateOptions } from "../engine.ts";

/** @throws ThaliaError `evaluation-option` */
export function temperatureOf({ temperature = 1 }: EvaluateOptions): number {
	if (!(temperature > 0 && temperature < Infinity)) {
		throw expected("evaluation-option", "a finite number above 0", "temperature", temperature);
	}
	return temperature;
}

/** @throws ThaliaError `evaluation-option` */
export function topKOf({ divergence }: AccumulateOptions, vocabSize: number): number | undefined {
	const topK = divergence?.topK;
	if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1 && topK <= vocabSize)) {
		throw expected(
			"evaluation-option",
			`an integer from 1 to the vocabulary's ${vocabSize}`,
			"the divergence's top-k",
			topK,
			"leave it out to differentiate over the whole vocabulary",
		);
	}
	return topK;
}
