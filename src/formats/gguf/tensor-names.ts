const perLayer: Record<string, string> = {
	attn_norm: "input_layernorm",
	attn_q: "self_attn.q_proj",
	attn_k: "self_attn.k_proj",
	attn_v: "self_attn.v_proj",
	attn_output: "self_attn.o_proj",
	attn_q_norm: "self_attn.q_norm",
	attn_k_norm: "self_attn.k_norm",
	ffn_norm: "post_attention_layernorm",
	ffn_gate: "mlp.gate_proj",
	ffn_up: "mlp.up_proj",
	ffn_down: "mlp.down_proj",
};

const others: Record<string, string> = {
	"token_embd.weight": "model.embed_tokens.weight",
	"output_norm.weight": "model.norm.weight",
	"output.weight": "lm_head.weight",
};

/** Read with the configuration, and no parameter. */
export const ropeFrequencies = "rope_freqs.weight";

/** What Hugging Face calls a tensor of llama.cpp's; undefined for one that no supported model has. */
export function huggingFaceName(name: string): string | undefined {
	if (Object.hasOwn(others, name)) return others[name];
	const match = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
	if (match === null || !Object.hasOwn(perLayer, match[2])) return undefined;
	return `model.layers.${match[1]}.${perLayer[match[2]]}.${match[3]}`;
}
