// Attention of one new token a row: over its prompt, which rows of one prompt share, and over its own tokens in the cache.
#include "attention-blocks.h"
#include "kernel-set.h"

namespace thalia::THALIA_SET {
namespace {

// Some rows of one prompt, for one key-value head.
struct Item {
  int64_t prompt, head, first, rows;
};

template <class T>
struct Decode {
  const DecodeAttention& d;
  const T* qkv;
  T* out;
  Heads h;

  T* keys_of(int64_t row, int64_t head) const {
    return (T*)d.keys + (d.slots[row] * d.kv_heads + head) * d.columns * h.size;
  }
  T* values_of(int64_t row, int64_t head) const {
    return (T*)d.values + (d.slots[row] * d.kv_heads + head) * d.columns * h.width;
  }

  void append(int64_t row, int64_t head) const {
    const T *k = qkv + row * h.stride + h.keys_at + head * h.size, *v = qkv + row * h.stride + h.values_at + head * h.size;
    T* keys = keys_of(row, head) + d.column / kCacheBlock * kCacheBlock * h.size + d.column % kCacheBlock;
    for (int64_t i = 0; i < h.size; i++) keys[i * kCacheBlock] = k[i];
    memcpy(values_of(row, head) + d.column * h.width, v, h.size * sizeof(T));
  }

  // A cache of many layers lies in main memory: what a row needs is asked for while the row before it is worked on.
  void prefetch(int64_t row, int64_t head) const {
    const int64_t columns = (d.column / kCacheBlock + 1) * kCacheBlock;
    const char *k = (const char*)keys_of(row, head), *v = (const char*)values_of(row, head);
    for (int64_t i = 0; i < columns * h.size * (int64_t)sizeof(T); i += 64) __builtin_prefetch(k + i, 0, 2);
    for (int64_t i = 0; i < (d.column + 1) * h.width * (int64_t)sizeof(T); i += 64) __builtin_prefetch(v + i, 0, 2);
  }

  // The stacked queries from `at` on, those of one row, against the row's own tokens.
  void attend_own(Queries& queries, int64_t at, int64_t row, int64_t head) const {
    const T *k = keys_of(row, head), *v = values_of(row, head);
    float *scores = queries.scores + at * kBlock, *sums = queries.sums + at * h.width;
    for (int64_t key = 0; key <= d.column; key += kBlock) {
      const int64_t keys = least(kBlock, d.column + 1 - key);
      multiply_exactly<T>(h.group, sixteens(keys), {h.size, queries.q + at * h.width, h.width, 1, k + key * h.size, kCacheBlock,
                                                    kCacheBlock * h.size, scores, kBlock, false});
      for (int64_t i = 0; i < h.group; i++) queries.soften(at + i, keys, keys, h);
      multiply_exactly<T>(h.group, h.width / 16, {keys, scores, kBlock, 1, v + key * h.width, h.width, 16, sums, h.width, true});
    }
  }

  void run(const Item& item, Queries& queries, WidenedSpan<T>& prompt, int64_t& prompt_of) const {
    const int64_t unit = item.prompt * d.kv_heads + item.head, stacked = item.rows * h.group;
    const int64_t start = d.prompt_spans[2 * item.prompt], length = d.prompt_spans[2 * item.prompt + 1];
    const int64_t width = 2 * d.kv_heads * h.size;
    const T* k = (const T*)d.prompt_kv + start * width + item.head * h.size;
    if (prompt_of != unit) prompt.ready = 0;
    prompt_of = unit;
    prompt.widen_to(blocks_of(length), k, k + width / 2, width, length, h);
    queries.begin(qkv + item.first * h.stride + item.head * h.group * h.size, item.rows, h);
    prefetch(item.first, item.head);
    for (int64_t key = 0; key < length; key += kBlock) {
      const int64_t keys = least(kBlock, length - key);
      attend(queries, stacked, prompt, key / kBlock, keys, h, [&](int64_t) { return keys; });
    }
    for (int64_t r = 0; r < item.rows; r++) {
      if (r + 1 < item.rows) prefetch(item.first + r + 1, item.head);
      append(item.first + r, item.head);
      attend_own(queries, r * h.group, item.first + r, item.head);
    }
    for (int64_t i = 0; i < stacked; i++) {
      const int64_t row = item.first + i / h.group;
      queries.finish(i, out + (row * d.heads + item.head * h.group + i % h.group) * h.size, h);
    }
  }
};

template <class T>
void decode(const DecodeAttention& d, const void* qkv, void* out) {
  const Decode<T> job{d, (const T*)qkv, (T*)out, Heads(d.heads, d.kv_heads, d.size)};
  // Few prompts: fewer rows an item, so that no thread is without any.
  const int64_t portion = least(job.h.rows, d.prompts * d.kv_heads >= 8 ? 16 : 4);
  Item* items = new Item[d.rows * d.kv_heads];
  int64_t count = 0, blocks = 0;
  for (int64_t g = 0; g < d.prompts; g++) {
    blocks = most_of(blocks, blocks_of(d.prompt_spans[2 * g + 1]));
    for (int64_t head = 0; head < d.kv_heads; head++) {
      for (int64_t row = d.offsets[g]; row < d.offsets[g + 1]; row += portion) {
        items[count++] = {g, head, row, least(portion, d.offsets[g + 1] - row)};
      }
    }
  }
#pragma omp parallel
  {
    Scratch scratch(Queries::floats(job.h) + WidenedSpan<T>::floats(blocks, job.h));
    Queries queries(scratch, job.h);
    WidenedSpan<T> prompt(scratch, blocks, job.h);
    int64_t prompt_of = -1;
#pragma omp for schedule(dynamic)
    for (int64_t n = 0; n < count; n++) job.run(items[n], queries, prompt, prompt_of);
  }
  delete[] items;
}

}  // namespace

void add_decode_attention(Kernels& k) {
  k.decode_attention[kF32] = decode<float>;
  k.decode_attention[kBf16] = decode<bf16>;
}

}  // namespace thalia::THALIA_SET
