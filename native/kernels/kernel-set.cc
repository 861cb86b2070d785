#include "kernel-set.h"

namespace thalia::THALIA_SET {

void fill(Kernels& kernels) {
  add_products(kernels);
  add_pack_pairs(kernels);
  add_rms_norm(kernels);
  add_rope(kernels);
  add_swiglu(kernels);
  add_column_sums(kernels);
  add_logits(kernels);
  add_logit_gradient(kernels);
  add_draw(kernels);
  add_attention(kernels);
  add_attention_backward(kernels);
  add_decode_attention(kernels);
}

}  // namespace thalia::THALIA_SET
