// What is read from rows of logits: log-probabilities, entropies, divergences.
#include "kernel-set.h"
#include "softmax.h"

namespace thalia::THALIA_SET {
namespace {

void statistics(const Logits& l, const int64_t* targets, float* logprob, float* entropy) {
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < l.rows; row++) {
    const float* z = l.z + row * l.vocabulary;
    const Softmax p = softmax(z, l.vocabulary, l.scale);
    logprob[row] = p.logprob(z[targets[row]]);
    entropy[row] = p.entropy();
  }
}

// Both distributions may miss normalisation by a rounding error e. As sum (p (log p - log q) - p + q) that is an error
// of order e^2; without the masses, which cancel in exact arithmetic, it would be of order e: more than the whole
// divergence of two policies that are close.
void divergences(const Logits& l, const float* q_, float* divergence, float* reverse) {
  const int64_t n = l.vocabulary;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < l.rows; row++) {
    const float *zp = l.z + row * n, *zq = q_ + row * n;
    const Softmax p = softmax(zp, n, l.scale), q = softmax(zq, n, l.scale);
    double forward = 0, backward = 0;
    for (int64_t chunk = 0; chunk < n; chunk += kChunk) {
      const int64_t end = n - chunk < kChunk ? n : chunk + kChunk;
      f32x16 of_p = {}, of_q = {};
      for (int64_t i = chunk; i < end; i += kLanes) {
        const f32x16 log_p = p.logprob(load(zp + i, end - i)), log_q = q.logprob(load(zq + i, end - i));
        const f32x16 u = log_p - log_q, mass_p = exp(log_p), mass_q = exp(log_q), excess = mass_p - mass_q;
        of_p += first(mass_p * u - excess, end - i);
        of_q += first(excess - mass_q * u, end - i);
      }
      forward += sum(of_p);
      backward += sum(of_q);
    }
    // Never negative but for rounding; what is no number stays none.
    divergence[row] = forward < 0 ? 0 : (float)forward;
    reverse[row] = backward < 0 ? 0 : (float)backward;
  }
}

}  // namespace

void add_logits(Kernels& k) {
  k.logit_statistics = statistics;
  k.logit_divergences = divergences;
}

}  // namespace thalia::THALIA_SET
