// The softmax of one row of logits, which stays in the second-level cache between the passes over it.
#pragma once
#include "simd.h"

namespace thalia {
namespace {

// Terms are added in f32 within a chunk, 64 to a lane, and the chunks in f64: the sum of a vocabulary of any size is as
// exact as its terms.
constexpr int64_t kChunk = 1024;

// The first n lanes; the others 0.
inline f32x16 first(f32x16 v, int64_t n) {
  if (n >= kLanes) return v;
  const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < (int32_t)n ? v : f32x16{};
}

// What is no number does not count.
inline float largest(const float* z, int64_t n) {
  f32x16 most[4];
  for (int k = 0; k < 4; k++) most[k] = splat(-INFINITY);
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int k = 0; k < 4; k++) most[k] = larger(load(z + i + k * kLanes), most[k]);
  }
  float all = largest(larger(larger(most[0], most[1]), larger(most[2], most[3])));
  for (; i < n; i++) all = z[i] > all ? z[i] : all;
  return all;
}

// log p = (z - most) scale - log_sum
struct Softmax {
  float most, scale, log_sum;
  double sum;       // of exp((z - most) scale)
  double weighted;  // of exp((z - most) scale) (z - most) scale

  f32x16 shifted(f32x16 z) const { return (z - most) * scale; }
  f32x16 logprob(f32x16 z) const { return (z - most) * scale - log_sum; }
  float logprob(float z) const { return (z - most) * scale - log_sum; }
  // No term of it is negative: it loses nothing where p is nearly certain.
  float entropy() const { return (float)(log(sum) - weighted / sum); }
};

// chunk_sums: the share of each chunk in `sum`, or null.
inline Softmax softmax(const float* z, int64_t n, float scale, double* chunk_sums = nullptr) {
  Softmax s{largest(z, n), scale, 0, 0, 0};
  // An infinite logit makes the sum infinite, or 0 where there is no other.
  if (!(s.most - s.most == 0)) s.most = 0;
  for (int64_t chunk = 0; chunk < n; chunk += kChunk) {
    const int64_t end = n - chunk < kChunk ? n : chunk + kChunk;
    f32x16 sums = {}, weighted = {};
    for (int64_t i = chunk; i < end; i += kLanes) {
      const f32x16 x = s.shifted(load(z + i, end - i)), e = exp(x);
      sums += first(e, end - i);
      weighted += first(e * x, end - i);
    }
    const double part = sum(sums);
    if (chunk_sums) chunk_sums[chunk / kChunk] = part;
    s.sum += part;
    s.weighted += sum(weighted);
  }
  s.log_sum = (float)log(s.sum);
  return s;
}

}  // namespace
}  // namespace thalia
