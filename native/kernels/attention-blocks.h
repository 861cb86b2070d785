// What the attention kernels share: a block of queries against a block of keys, all in f32 and in the cache
// (Dao 2023, FlashAttention-2).
#pragma once
#include "kernels.h"
#include "products.h"

namespace thalia {
namespace {

constexpr int64_t kBlock = 64;  // keys of a block, and rows of the queries stacked against it

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
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

// e^x for x <= 88, 0 below -87: without the cases that a score less the row's largest never is.
inline f32x16 exp_of_score(f32x16 x) {
  const f32x16 least = splat(-87.f), magic = splat(12582912.f), clamped = least > x ? least : x;
  const f32x16 shifted = clamped * 1.44269504088896341f + magic, n = shifted - magic;
  const f32x16 r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  f32x16 p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  // The integer n stands in the low bits of `shifted`.
  p = (f32x16)((i32x16)p + ((i32x16)shifted << 23));
  return x < least ? f32x16{} : p;
}

// Lanes below n of a, the others of b.
inline f32x16 first_lanes(int64_t n, f32x16 a, f32x16 b) {
  const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < (int32_t)n - i32x16{} ? a : b;
}

// y [rows, width] = x times scale, the rows of x `stride` apart; filled up with zeros.
template <class T>
inline void widen(const T* x, int64_t stride, int64_t rows, const Heads& h, float scale, float* y) {
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t i = 0; i < h.size; i += 16) store(y + row * h.width + i, load(x + row * stride + i, h.size - i) * scale);
  }
}

#if defined(__AVX512F__) && !defined(__clang__)
template <int Step>
inline void exchange(f32x16* v) {
  i32x16 upper, lower;
  for (int i = 0; i < 16; i++) {
    upper[i] = i & Step ? 16 + i - Step : i;
    lower[i] = i & Step ? 16 + i : i + Step;
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    if (i & Step) continue;
    const f32x16 a = v[i], b = v[i + Step];
    v[i] = __builtin_shuffle(a, b, upper);
    v[i + Step] = __builtin_shuffle(a, b, lower);
  }
}
inline void transpose(f32x16* v) {
  exchange<8>(v);
  exchange<4>(v);
  exchange<2>(v);
  exchange<1>(v);
}
#else
inline void transpose(f32x16* v) {
  float from[16][16], to[16][16];
  memcpy(from, v, sizeof from);
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 16; j++) to[i][j] = from[j][i];
  }
  memcpy(v, to, sizeof to);
}
#endif

// y [size, kBlock] = the transpose of x [rows, size], filled up with zeros to whole vectors.
template <class T>
inline void widen_transposed(const T* x, int64_t stride, int64_t rows, const Heads& h, float* y) {
  for (int64_t row = 0; row < rows; row += 16) {
    for (int64_t i = 0; i < h.size; i += 16) {
      f32x16 v[16];
      for (int64_t j = 0; j < 16; j++) v[j] = row + j < rows ? load(x + (row + j) * stride + i, h.size - i) : f32x16{};
      transpose(v);
      for (int64_t j = 0; j < 16 && i + j < h.size; j++) store(y + (i + j) * kBlock + row, v[j]);
    }
  }
}

// Stacked queries and what became of the keys they met so far: row i of `sums` [.., width] is the sum of
// e^(score - largest[i]) times the value, of `totals` [.., 16] that of the exponentials, lane by lane.
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
    float* s = scores + i * kBlock;
    f32x16 high = splat(largest[i]);
    for (int64_t j = 0; j < visible; j += 16) high = larger(high, first_lanes(visible - j, load(s + j), high));
    const float now = visible > 0 ? thalia::largest(high) : largest[i];
    if (now != largest[i]) {
      const f32x16 factor = exp_of_score(splat(largest[i] - now));
      for (int64_t j = 0; j < h.width; j += 16) store(sums + i * h.width + j, load(sums + i * h.width + j) * factor);
      store(totals + i * 16, load(totals + i * 16) * factor);
      largest[i] = now;
    }
    f32x16 total = load(totals + i * 16);
    for (int64_t j = 0; j < keys; j += 16) {
      f32x16 e = {};
      if (j < visible) e = first_lanes(visible - j, exp_of_score(load(s + j) - now), e);
      store(s + j, e);
      total += e;
    }
    store(totals + i * 16, total);
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
