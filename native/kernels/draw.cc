// Draws one token a row by inverting the cumulative distribution.
#include "kernel-set.h"
#include "softmax.h"

namespace thalia::THALIA_SET {
namespace {

// The first token whose cumulative weight exceeds u times the total: its chunk first, then the token in there.
inline int64_t inverted(const Softmax& p, const float* z, int64_t n, const double* chunk_sums, double u) {
  // Strictly below the total even after rounding, so that there is such a token.
  const double limit = p.sum * (1 - 0x1p-23), product = u * p.sum, aim = product < limit ? product : limit;
  double before = 0;
  int64_t chunk = 0;
  for (; chunk + kChunk < n && !(before + chunk_sums[chunk / kChunk] > aim); chunk += kChunk) {
    before += chunk_sums[chunk / kChunk];
  }
  const int64_t end = n - chunk < kChunk ? n : chunk + kChunk;
  int64_t token = chunk;
  for (int64_t i = chunk; i < end; i += kLanes) {
    const f32x16 e = exp(p.shifted(load(z + i, end - i)));
    for (int64_t k = 0; k < kLanes && i + k < end; k++) {
      if (!(e[k] > 0)) continue;
      token = i + k;
      before += e[k];
      if (before > aim) return token;
    }
  }
  // The chunk's own sum was larger by its rounding: its last token with a probability above 0.
  return token;
}

inline int64_t position_of(const float* z, int64_t n, float value) {
  int64_t i = 0;
  while (i + 1 < n && z[i] != value) i++;
  return i;
}

void draw(const Draw& d, int64_t* tokens, float* drawn_logprob, float* logprob) {
  const int64_t n = d.from.vocabulary;
#pragma omp parallel
  {
    double* chunk_sums = new double[(n + kChunk - 1) / kChunk];
#pragma omp for schedule(static)
    for (int64_t row = 0; row < d.from.rows; row++) {
      const float* z = d.from.z + row * n;
      const Softmax policy = softmax(z, n, 1, chunk_sums);
      const Softmax drawn = d.uniforms && d.from.scale != 1 ? softmax(z, n, d.from.scale, chunk_sums) : policy;
      // The largest logit weighs 1, unless it is infinite.
      if (!(policy.sum >= 1 && policy.sum < INFINITY && drawn.sum >= 1 && drawn.sum < INFINITY)) {
        tokens[row] = 0;
        drawn_logprob[row] = logprob[row] = NAN;
        continue;
      }
      const int64_t token =
          d.uniforms ? inverted(drawn, z, n, chunk_sums, d.uniforms[row]) : position_of(z, n, policy.most);
      tokens[row] = token;
      drawn_logprob[row] = d.uniforms ? drawn.logprob(z[token]) : 0;
      logprob[row] = policy.logprob(z[token]);
    }
    delete[] chunk_sums;
  }
}

}  // namespace

void add_draw(Kernels& k) { k.draw = draw; }

}  // namespace thalia::THALIA_SET
