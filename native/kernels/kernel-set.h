// One set of kernels: what each file compiled for an instruction set adds to its table. THALIA_SET is the set's name.
#pragma once
#include "kernels.h"

namespace thalia::THALIA_SET {

void add_products(Kernels& kernels);
void add_pack_pairs(Kernels& kernels);
void add_rms_norm(Kernels& kernels);
void add_rope(Kernels& kernels);
void add_swiglu(Kernels& kernels);
void add_column_sums(Kernels& kernels);
void add_logits(Kernels& kernels);
void add_logit_gradient(Kernels& kernels);
void add_draw(Kernels& kernels);
void add_attention(Kernels& kernels);
void add_attention_backward(Kernels& kernels);
void add_decode_attention(Kernels& kernels);

}  // namespace thalia::THALIA_SET
