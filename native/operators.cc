// The arithmetic: one line an operator, named as in torch.
#include <ATen/CPUGeneratorImpl.h>

#include "registry.h"

namespace thalia {

using Ints = std::vector<int64_t>;
using Tensors = std::vector<Tensor>;
using MaybeTensor = std::optional<Tensor>;

void register_operators(Registry& r) {
  r.op("add", [](const Tensor& a, const Tensor& b) { return a + b; });
  r.op("sub", [](const Tensor& a, const Tensor& b) { return a - b; });
  r.op("mul", [](const Tensor& a, const Tensor& b) { return a * b; });
  r.op("div", [](const Tensor& a, const Tensor& b) { return a / b; });
  r.op("addScalar", [](const Tensor& a, double b) { return a + b; });
  r.op("mulScalar", [](const Tensor& a, double b) { return a * b; });
  r.op("add_", [](const Tensor& a, const Tensor& b) { a.add_(b); });
  r.op("mul_", [](const Tensor& a, const Tensor& b) { a.mul_(b); });
  r.op("mulScalar_", [](const Tensor& a, double b) { a.mul_(b); });
  r.op("neg", [](const Tensor& t) { return -t; });
  r.op("exp", [](const Tensor& t) { return t.exp(); });
  r.op("log", [](const Tensor& t) { return t.log(); });
  r.op("cos", [](const Tensor& t) { return t.cos(); });
  r.op("sin", [](const Tensor& t) { return t.sin(); });
  r.op("silu", [](const Tensor& t) { return at::silu(t); });
  r.op("exp_", [](const Tensor& t) { t.exp_(); });
  r.op("sub_", [](const Tensor& a, const Tensor& b) { a.sub_(b); });

  r.op("lt", [](const Tensor& a, const Tensor& b) { return a < b; });
  r.op("ge", [](const Tensor& a, const Tensor& b) { return a >= b; });
  r.op("maskedFill", [](const Tensor& t, const Tensor& mask, double value) { return t.masked_fill(mask, value); });

  r.op("sum", [](const Tensor& t, Ints dims, bool keep) { return t.sum(dims, keep); });
  r.op("mean", [](const Tensor& t, Ints dims, bool keep) { return t.mean(dims, keep); });
  r.op("amax", [](const Tensor& t, Ints dims, bool keep) { return t.amax(dims, keep); });
  r.op("argmax", [](const Tensor& t, int64_t dim) { return t.argmax(dim); });
  r.op("logsumexp", [](const Tensor& t, int64_t dim, bool keep) { return t.logsumexp(dim, keep); });
  r.op("softmax", [](const Tensor& t, int64_t dim) { return t.softmax(dim); });
  r.op("logSoftmax", [](const Tensor& t, int64_t dim) { return t.log_softmax(dim); });
  r.op("cumsum", [](const Tensor& t, int64_t dim) { return t.cumsum(dim); });
  r.op("sort", [](const Tensor& t, int64_t dim, bool descending) { return t.sort(dim, descending); });
  r.op("topk", [](const Tensor& t, int64_t k, int64_t dim) { return t.topk(k, dim); });
  r.op("searchsorted", [](const Tensor& sorted, const Tensor& values, bool right) { return at::searchsorted(sorted, values, false, right); });
  r.op("isFinite", [](const Tensor& t) { return t.isfinite().all().item().toBool(); });
  r.op("sumOfSquares", [](Tensors ts) {
    double total = 0;
    for (const auto& t : ts) total += std::pow(t.norm(2, at::kFloat).item().toDouble(), 2);
    return total;
  });

  // Noise from a generator of its own: the same seed gives the same numbers wherever else numbers are drawn.
  r.op("normal_", [](const Tensor& t, double mean, double deviation, int64_t seed) {
    t.normal_(mean, deviation, at::detail::createCPUGenerator(static_cast<uint64_t>(seed)));
  });
  r.op("uniform_", [](const Tensor& t, double low, double high, int64_t seed) {
    t.uniform_(low, high, at::detail::createCPUGenerator(static_cast<uint64_t>(seed)));
  });
  r.op("bernoulli_", [](const Tensor& t, double probability, int64_t seed) {
    t.bernoulli_(probability, at::detail::createCPUGenerator(static_cast<uint64_t>(seed)));
  });

  r.op("matmul", [](const Tensor& a, const Tensor& b) { return at::matmul(a, b); });
  r.op("addmm_", [](const Tensor& t, const Tensor& a, const Tensor& b) { t.addmm_(a, b); });
  r.op("embedding", [](const Tensor& weight, const Tensor& ids) { return at::embedding(weight, ids); });
  r.op("rmsNorm", [](const Tensor& x, const Tensor& weight, double epsilon) { return at::rms_norm(x, {weight.size(0)}, weight, epsilon); });
  r.op("rope", [](const Tensor& x, const Tensor& cos, const Tensor& sin) {
    auto halves = x.chunk(2, -1);
    return x * cos + at::cat({-halves[1], halves[0]}, -1) * sin;
  });
  r.op("attention", [](const Tensor& q, const Tensor& k, const Tensor& v, MaybeTensor mask, bool causal, bool grouped) {
    return at::scaled_dot_product_attention(q, k, v, mask, 0.0, causal, std::nullopt, grouped);
  });

  r.op("fusedAdamW_", [](Tensors params, Tensors grads, Tensors m, Tensors v, Tensors steps, double lr, double beta1, double beta2, double decay, double epsilon, double grad_divisor) {
    auto scale = at::full({}, grad_divisor, at::kFloat);
    at::_fused_adamw_(params, grads, m, v, {}, steps, lr, beta1, beta2, decay, epsilon, false, false, scale);
  });
}

}  // namespace thalia
