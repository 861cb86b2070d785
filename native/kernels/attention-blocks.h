// What the attention kernels share: a block of queries against a block of keys, all in f32 and in the cache
// (Dao 2023, FlashAttention-2).
#pragma once
#include "kernels.h"
#include "products.h"
#include "transposition.h"

namespace thalia {
namespace {

constexpr int64_t kBlock = 64;  // keys of a block, and rows of the queries stacked against it

inline int64_t most_of(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t blocks_of(int64_t rows) { return (rows + kBlock - 1) / kBlock; }
inline int64_t sixteens(int64_t n) { return (n + 15) / 16; }

// Sizes that follow from a model's heads. The query heads of a key-value head are stacked as so many rows of one block.
struct Heads {
  int64_t size, width;  // width: size up to whole vectors
  int64_t group;        // query heads of a key-value head
  int64_t rows, stack;  // tokens of a block of queries; its rows, with room for whole tiles
  int64_t keys_at, values_at, stride;  // in a row of qkv
  float scale;

  Heads(int64_t heads, int64_t kv_heads, int64_t size)
      : size(size),
        width(sixteens(size) * 16),
        group(heads / kv_heads),
        rows(most_of(1, kBlock / group)),
        stack((rows * group + 3) / 4 * 4),
        keys_at(heads * size),
        values_at((heads + kv_heads) * size),
        stride((heads + 2 * kv_heads) * size),
        scale(1.f / sqrtf((float)size)) {}
};

// What a thread keeps for its next call: fresh pages would cost more than a small call's work.
struct KeptMemory {
  float* floats = nullptr;
  int64_t count = 0;
  bool lent = false;
  ~KeptMemory() { delete[] floats; }
};
inline KeptMemory& kept_memory() {
  static thread_local KeptMemory kept;
  return kept;
}

// Memory of one thread during a call, dealt out in whole cache lines.
class Scratch {
 public:
  explicit Scratch(int64_t floats) {
    const int64_t count = floats + 256;
    KeptMemory& kept = kept_memory();
    if (count <= kMostKept && !kept.lent) {
      if (kept.count < count) {
        delete[] kept.floats;
        kept.floats = new float[kept.count = count];
      }
      kept.lent = true;
      next_ = kept.floats;
    } else {
      next_ = own_ = new float[count];
    }
    next_ = (float*)(((uintptr_t)next_ + 63) / 64 * 64);
  }
  ~Scratch() {
    if (!own_) kept_memory().lent = false;
    delete[] own_;
  }
  Scratch(const Scratch&) = delete;
  float* take(int64_t floats) {
    float* taken = next_;
    next_ += sixteens(floats) * 16;
    return taken;
  }

 private:
  static constexpr int64_t kMostKept = 1 << 19;
  float *own_ = nullptr, *next_;
};

// e^x for x <= 88, 0 below -87: `exp` without the cases that a score less the row's largest never is.
inline wide exp_of_score(wide x) {
  const wide least = splat_wide(-87.f), magic = splat_wide(12582912.f), clamped = least > x ? least : x;
  const wide shifted = clamped * 1.44269504088896341f + magic, n = shifted - magic;
  const wide r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  wide p = splat_wide(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  // The integer n stands in the low bits of `shifted`.
  p = (wide)((wide_int)p + ((wide_int)shifted << 23));
  return x < least ? wide{} : p;
}

// Lanes below n of a, the others of b.
inline wide first_lanes(int64_t n, wide a, wide b) {
  if (n >= kWide) return a;
  constexpr int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  wide_int lane;
  memcpy(&lane, numbers, sizeof lane);
  return lane < (int32_t)n - wide_int{} ? a : b;
}

inline float largest_lane(wide v) {
  f32x4 q[kWide / 4];
  memcpy(q, &v, sizeof v);
  for (int64_t i = 1; i < kWide / 4; i++) q[0] = q[0] > q[i] ? q[0] : q[i];
  const float a = q[0][0] > q[0][1] ? q[0][0] : q[0][1], b = q[0][2] > q[0][3] ? q[0][2] : q[0][3];
  return a > b ? a : b;
}

// y [rows, width] = x times scale, the rows of x `stride` apart; filled up with zeros.
template <class T>
inline void widen(const T* x, int64_t stride, int64_t rows, const Heads& h, float scale, float* y) {
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t i = 0; i < h.size; i += 16) store(y + row * h.width + i, load(x + row * stride + i, h.size - i) * scale);
  }
}

// y [size, kBlock] = the transpose of x [rows, size], filled up with zeros to whole vectors.
template <class T>
inline void widen_transposed(const T* x, int64_t stride, int64_t rows, const Heads& h, float* y) {
  for (int64_t row = 0; row < rows; row += 16) {
    for (int64_t i = 0; i < h.size; i += 16) {
      f32x16 v[16];
      for (int64_t j = 0; j < 16; j++) v[j] = row + j < rows ? load(x + (row + j) * stride + i, h.size - i) : f32x16{};
      transpose_block(v);
      for (int64_t j = 0; j < 16 && i + j < h.size; j++) store(y + (i + j) * kBlock + row, v[j]);
    }
  }
}

// Stacked queries and what became of the keys they met so far: row i of `sums` [.., width] is the sum of
// e^(score - largest[i]) times the value, of `totals` [.., 16] that of the exponentials, in as many lanes as are used.
struct Queries {
  float *q, *scores, *sums, *totals, *largest;

  static int64_t floats(const Heads& h) { return h.stack * (2 * h.width + kBlock + 16 + 1) + 16; }
  Queries(Scratch& scratch, const Heads& h)
      : q(scratch.take(h.stack * h.width)),
        scores(scratch.take(h.stack * kBlock)),
        sums(scratch.take(h.stack * h.width)),
        totals(scratch.take(h.stack * 16)),
        largest(scratch.take(h.stack)) {}

  // q: `tokens` rows of qkv, the group's heads in each.
  template <class T>
  void begin(const T* rows, int64_t tokens, const Heads& h) {
    for (int64_t t = 0; t < tokens; t++) widen(rows + t * h.stride, h.size, h.group, h, h.scale, q + t * h.group * h.width);
    memset(sums, 0, tokens * h.group * h.width * sizeof(float));
    memset(totals, 0, tokens * h.group * 16 * sizeof(float));
    for (int64_t i = 0; i < tokens * h.group; i++) largest[i] = -INFINITY;
  }

  // Row i's scores against a block, of which it sees the first `visible`, become their exponentials, zeros up to `keys`.
  void soften(int64_t i, int64_t visible, int64_t keys, const Heads& h) {
    float *s = scores + i * kBlock, *totals_at = totals + i * 16;
    wide high = splat_wide(largest[i]);
    for (int64_t j = 0; j < visible; j += kWide) {
      const wide v = first_lanes(visible - j, load_wide(s + j), high);
      high = high > v ? high : v;
    }
    const float now = visible > 0 ? largest_lane(high) : largest[i];
    if (now != largest[i]) {
      const wide factor = exp_of_score(splat_wide(largest[i] - now));
      float* sum = sums + i * h.width;
      for (int64_t j = 0; j < h.width; j += kWide) store_wide(sum + j, load_wide(sum + j) * factor);
      store_wide(totals_at, load_wide(totals_at) * factor);
      largest[i] = now;
    }
    wide total = load_wide(totals_at);
    for (int64_t j = 0; j < keys; j += kWide) {
      wide e = {};
      if (j < visible) e = first_lanes(visible - j, exp_of_score(load_wide(s + j) - now), e);
      store_wide(s + j, e);
      total += e;
    }
    store_wide(totals_at, total);
  }

  // Row i's result, and the log of the sum of e^score.
  template <class T>
  float finish(int64_t i, T* out, const Heads& h) {
    const float total = sum(load(totals + i * 16)), inverse = 1.f / total;
    for (int64_t j = 0; j < h.size; j += 16) store(out + j, load(sums + i * h.width + j) * inverse, h.size - j);
    return largest[i] + logf(total);
  }
};

// Keys [size, kBlock] and values [kBlock, width] of the spans' blocks, widened when they are first needed.
template <class T>
struct WidenedSpan {
  float *keys, *values;
  int64_t ready = 0;

  static int64_t floats(int64_t blocks, const Heads& h) { return blocks * kBlock * (h.size + h.width) + 32; }
  WidenedSpan(Scratch& scratch, int64_t blocks, const Heads& h)
      : keys(scratch.take(blocks * kBlock * h.size)), values(scratch.take(blocks * kBlock * h.width)) {}

  // The first row's keys and values are at k and v; rows are `stride` apart.
  void widen_to(int64_t blocks, const T* k, const T* v, int64_t stride, int64_t length, const Heads& h) {
    for (; ready < blocks; ready++) {
      const int64_t first = ready * kBlock, rows = least(kBlock, length - first);
      widen_transposed(k + first * stride, stride, rows, h, keys + first * h.size);
      widen(v + first * stride, stride, rows, h, 1, values + first * h.width);
    }
  }
};

// `count` stacked queries against `keys` keys of a block; row i sees the first visible(i) of them.
template <class T, class Visible>
inline void attend(Queries& queries, int64_t count, const WidenedSpan<T>& span, int64_t block, int64_t keys, const Heads& h,
                   Visible visible) {
  const float *k = span.keys + block * kBlock * h.size, *v = span.values + block * kBlock * h.width;
  multiply<float>(count, sixteens(keys), {h.size, queries.q, h.width, 1, k, kBlock, 16, queries.scores, kBlock, false});
  for (int64_t i = 0; i < count; i++) queries.soften(i, visible(i), keys, h);
  multiply<float>(count, h.width / 16, {keys, queries.scores, kBlock, 1, v, h.width, 16, queries.sums, h.width, true});
}

}  // namespace
}  // namespace thalia
