// d(loss)/d(logits). With L, H and D the cotangents of the log-probability, the entropy and the divergence, and
// u = log p - log q:  scale (L (onehot - p) - H p (log p + entropy) + D p (u - sum p u)).
#include "kernel-set.h"
#include "softmax.h"

namespace thalia::THALIA_SET {
namespace {

// What the divergence sums: u, or where it is over some tokens alone u + 1 there and 0 elsewhere. Over all tokens the
// ones cancel; left out, they take the rounding error of the normalisers with them.
inline f32x16 summed(f32x16 log_p, f32x16 log_q, const float* head, int64_t n) {
  const f32x16 u = log_p - log_q;
  return head ? load(head, n) > f32x16{} ? u + 1.f : f32x16{} : u;
}

inline float mean_of_summed(const Softmax& p, const Softmax& q, const float* zp, const float* zq, const float* head, int64_t n) {
  double mean = 0;
  for (int64_t chunk = 0; chunk < n; chunk += kChunk) {
    const int64_t end = n - chunk < kChunk ? n : chunk + kChunk;
    f32x16 part = {};
    for (int64_t i = chunk; i < end; i += kLanes) {
      const f32x16 log_p = p.logprob(load(zp + i, end - i)), log_q = q.logprob(load(zq + i, end - i));
      part += first(exp(log_p) * summed(log_p, log_q, head ? head + i : nullptr, end - i), end - i);
    }
    mean += sum(part);
  }
  return (float)mean;
}

// A part of the loss that is not there is not multiplied by zero: the logarithm of p may be infinite.
template <class T, bool kEntropy, bool kDivergence>
void gradient_of(const LogitGradient& g, T* gradient) {
  const int64_t n = g.p.vocabulary;
  const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < g.p.rows; row++) {
    const float* zp = g.p.z + row * n;
    const Softmax p = softmax(zp, n, g.p.scale);
    const float *zq = nullptr, *head = nullptr;
    Softmax q{};
    float entropy = 0, d_entropy = 0, mean = 0, d_divergence = 0;
    const float d_logprob = g.d_logprob[row] * g.p.scale;
    if (kEntropy) {
      entropy = p.entropy();
      d_entropy = g.d_entropy[row] * g.p.scale;
    }
    if (kDivergence) {
      zq = g.q + row * n;
      head = g.head ? g.head + row * n : nullptr;
      q = softmax(zq, n, g.p.scale);
      mean = mean_of_summed(p, q, zp, zq, head, n);
      d_divergence = g.d_divergence[row] * g.p.scale;
    }
    T* out = gradient + row * n;
    for (int64_t i = 0; i < n; i += kLanes) {
      const f32x16 log_p = p.logprob(load(zp + i, n - i));
      f32x16 of_p = splat(-d_logprob);
      if (kEntropy) of_p -= d_entropy * (log_p + entropy);
      if (kDivergence) {
        const f32x16 log_q = q.logprob(load(zq + i, n - i));
        of_p += d_divergence * (summed(log_p, log_q, head ? head + i : nullptr, n - i) - mean);
      }
      const f32x16 of_target = lane == (int32_t)(g.targets[row] - i) ? splat(d_logprob) : f32x16{};
      store(out + i, exp(log_p) * of_p + of_target, n - i);
    }
  }
}

template <class T>
void gradient(const LogitGradient& g, void* out_) {
  T* out = (T*)out_;
  if (g.d_divergence) return g.d_entropy ? gradient_of<T, true, true>(g, out) : gradient_of<T, false, true>(g, out);
  return g.d_entropy ? gradient_of<T, true, false>(g, out) : gradient_of<T, false, false>(g, out);
}

}  // namespace

void add_logit_gradient(Kernels& k) {
  k.logit_gradient[kF32] = gradient<float>;
  k.logit_gradient[kBf16] = gradient<bf16>;
}

}  // namespace thalia::THALIA_SET
