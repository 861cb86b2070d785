// What is made of the vocabulary head's logits, as operators on tensors. Logits are f32 [rows, vocabulary].
#include "kernel-arguments.h"
#include "registry.h"

namespace thalia {

static const float* floats(const Tensor& t, int64_t count) { return static_cast<const float*>(rows_of(t, at::kFloat, count)); }
static const float* maybe_floats(const MaybeTensor& t, int64_t count) {
  return static_cast<const float*>(maybe_rows_of(t, at::kFloat, count));
}

static Logits logits_of(const Tensor& t, double temperature) {
  TORCH_CHECK(t.dim() == 2 && t.size(1) > 0, "logits are [rows, vocabulary], not ", t.sizes());
  return {t.size(0), t.size(1), floats(t, t.numel()), static_cast<float>(1 / temperature)};
}

static const int64_t* targets_of(const Tensor& t, const Logits& l) {
  const auto* targets = static_cast<const int64_t*>(rows_of(t, at::kLong, l.rows));
  for (int64_t row = 0; row < l.rows; row++) {
    TORCH_CHECK(targets[row] >= 0 && targets[row] < l.vocabulary, "target ", targets[row], " of a vocabulary of ", l.vocabulary);
  }
  return targets;
}

static Tensor floats_for(const Tensor& logits) { return at::empty({logits.size(0)}, logits.options()); }
static float* memory(const Tensor& t) { return t.mutable_data_ptr<float>(); }

void register_head(Registry& r) {
  r.op("logitStatistics", [](const Tensor& logits, const Tensor& targets, double temperature) {
    const Logits l = logits_of(logits, temperature);
    auto logprob = floats_for(logits), entropy = floats_for(logits);
    kernels().logit_statistics(l, targets_of(targets, l), memory(logprob), memory(entropy));
    return std::tuple(logprob, entropy);
  });
  r.op("logitDivergences", [](const Tensor& logits, const Tensor& other, double temperature) {
    const Logits l = logits_of(logits, temperature);
    auto divergence = floats_for(logits), reverse = floats_for(logits);
    kernels().logit_divergences(l, floats(other, logits.numel()), memory(divergence), memory(reverse));
    return std::tuple(divergence, reverse);
  });
  // gradient [rows, vocabulary] is written; it may be the logits themselves
  r.op("logitGradient_", [](const Tensor& gradient, const Tensor& logits, const Tensor& targets, double temperature, const Tensor& d_logprob,
                            MaybeTensor d_entropy, MaybeTensor d_divergence, MaybeTensor other, MaybeTensor head) {
    const Logits l = logits_of(logits, temperature);
    const int64_t count = logits.numel();
    TORCH_CHECK(!d_divergence || other, "the gradient of a divergence needs the other model's logits");
    const LogitGradient g{l, targets_of(targets, l), floats(d_logprob, l.rows), maybe_floats(d_entropy, l.rows),
                          maybe_floats(d_divergence, l.rows), maybe_floats(other, count), maybe_floats(head, count)};
    kernels().logit_gradient[element(gradient)](g, rows_of(gradient, gradient.scalar_type(), count));
  });
  // without uniforms: the most likely token
  r.op("drawFromLogits", [](const Tensor& logits, MaybeTensor uniforms, double temperature) {
    const Logits l = logits_of(logits, temperature);
    auto tokens = at::empty({l.rows}, logits.options().dtype(at::kLong));
    auto drawn = floats_for(logits), logprob = floats_for(logits);
    kernels().draw({l, maybe_floats(uniforms, l.rows)}, tokens.mutable_data_ptr<int64_t>(), memory(drawn), memory(logprob));
    return std::tuple(tokens, drawn, logprob);
  });
}

}  // namespace thalia
