import type { DecoderConfig } from "../../formats/hf-config.ts";

/** A tensor of a Hugging Face checkpoint: rows of the parameter that holds it. */
export interface Part {
	readonly name: string;
	readonly rows: number;
}

/**
 * One trainable tensor. Projections that read the same input are one matrix (query, key and value; gate and up), so
 * that they are one product: `parts` are its rows in the checkpoint's names.
 */
export interface ParameterSpec {
	readonly name: string;
	readonly shape: readonly number[];
	readonly parts: readonly Part[];
	readonly init: "normal" | "zero" | "one";
}

export function parameterSpecs(c: DecoderConfig): ParameterSpec[] {
	const specs: ParameterSpec[] = [];
	const matrix = (name: string, columns: number, parts: readonly Part[]) => {
		specs.push({ name, shape: [rowsOf(parts), columns], parts, init: "normal" });
	};
	const vector = (name: string, parts: readonly Part[], init: "zero" | "one") => {
		specs.push({ name, shape: [rowsOf(parts)], parts, init });
	};
	const queries = c.numHeads * c.headDim;
	const keys = c.numKvHeads * c.headDim;

	matrix("embed", c.hiddenSize, [{ name: "model.embed_tokens.weight", rows: c.vocabSize }]);
	for (let layer = 0; layer < c.numLayers; layer++) {
		const hf = `model.layers.${layer}`;
		const own = `layers.${layer}`;
		const projections = (kind: "weight" | "bias"): Part[] => [
			{ name: `${hf}.self_attn.q_proj.${kind}`, rows: queries },
			{ name: `${hf}.self_attn.k_proj.${kind}`, rows: keys },
			{ name: `${hf}.self_attn.v_proj.${kind}`, rows: keys },
		];
		const gateUp = (kind: "weight" | "bias"): Part[] => [
			{ name: `${hf}.mlp.gate_proj.${kind}`, rows: c.intermediateSize },
			{ name: `${hf}.mlp.up_proj.${kind}`, rows: c.intermediateSize },
		];
		vector(`${own}.inputNorm`, [{ name: `${hf}.input_layernorm.weight`, rows: c.hiddenSize }], "one");
		matrix(`${own}.qkv`, c.hiddenSize, projections("weight"));
		if (c.qkvBias) vector(`${own}.qkvBias`, projections("bias"), "zero");
		if (c.qkNorm) {
			vector(`${own}.qNorm`, [{ name: `${hf}.self_attn.q_norm.weight`, rows: c.headDim }], "one");
			vector(`${own}.kNorm`, [{ name: `${hf}.self_attn.k_norm.weight`, rows: c.headDim }], "one");
		}
		matrix(`${own}.output`, queries, [{ name: `${hf}.self_attn.o_proj.weight`, rows: c.hiddenSize }]);
		if (c.outputBias)
			vector(`${own}.outputBias`, [{ name: `${hf}.self_attn.o_proj.bias`, rows: c.hiddenSize }], "zero");
		vector(`${own}.postNorm`, [{ name: `${hf}.post_attention_layernorm.weight`, rows: c.hiddenSize }], "one");
		matrix(`${own}.gateUp`, c.hiddenSize, gateUp("weight"));
		if (c.mlpBias) vector(`${own}.gateUpBias`, gateUp("bias"), "zero");
		matrix(`${own}.down`, c.intermediateSize, [{ name: `${hf}.mlp.down_proj.weight`, rows: c.hiddenSize }]);
		if (c.mlpBias)
			vector(`${own}.downBias`, [{ name: `${hf}.mlp.down_proj.bias`, rows: c.hiddenSize }], "zero");
	}
	vector("finalNorm", [{ name: "model.norm.weight", rows: c.hiddenSize }], "one");
	if (!c.tieWordEmbeddings) matrix("head", c.hiddenSize, [{ name: "lm_head.weight", rows: c.vocabSize }]);
	return specs;
}

function rowsOf(parts: readonly Part[]): number {
	return parts.reduce((sum, part) => sum + part.rows, 0);
}
