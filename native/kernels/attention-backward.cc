// The gradient of attention over packed sequences; probabilities are made again from their sums (Dao 2023,
// FlashAttention-2). With p = e^(score - lse) and D = sum(d_out out) of a query: dV = p^T dO, ds = p (dO V^T - D),
// dQ = scale ds K, dK = scale ds^T Q.
#include "attention-blocks.h"
#include "kernel-set.h"

namespace thalia::THALIA_SET {
namespace {

// A unit is one prompt, its completions, and one key-value head: nobody else adds to the gradients of its keys. Where
// there are few units, the queries of each are dealt out to as many parts as make this many, and the parts' sums are
// added in their order.
constexpr int64_t kEnoughUnits = 7, kParts = 12;

struct Span {
  int64_t start, length;
  int64_t blocks, first_block;  // its blocks of keys, and the first one's place among the unit's
};

inline Span span_at(const int32_t* spans, int64_t i, int64_t first_block) {
  const int64_t length = spans[2 * i + 1];
  return {spans[2 * i], length, blocks_of(length), first_block};
}

int64_t blocks_of_prompt(const Attention& a, int64_t g) {
  int64_t blocks = blocks_of(a.prompt_spans[2 * g + 1]);
  for (int64_t s = a.offsets[g]; s < a.offsets[g + 1]; s++) blocks += blocks_of(a.completion_spans[2 * s + 1]);
  return blocks;
}

// Keys and values of a span's blocks: transposed [size, kBlock] to be multiplied by queries, and keys as rows.
template <class T>
struct Operands {
  float *keys_t, *values_t, *keys;
  int64_t ready = 0;

  static int64_t floats(int64_t blocks, const Heads& h) { return blocks * kBlock * (2 * h.size + h.width) + 48; }
  Operands(Scratch& scratch, int64_t blocks, const Heads& h)
      : keys_t(scratch.take(blocks * kBlock * h.size)),
        values_t(scratch.take(blocks * kBlock * h.size)),
        keys(scratch.take(blocks * kBlock * h.width)) {}

  void widen_to(int64_t blocks, const T* k, const T* v, int64_t length, const Heads& h) {
    for (; ready < blocks; ready++) {
      const int64_t first = ready * kBlock, rows = least(kBlock, length - first), at = first * h.stride;
      widen_transposed(k + at, h.stride, rows, h, keys_t + first * h.size);
      widen_transposed(v + at, h.stride, rows, h, values_t + first * h.size);
      widen(k + at, h.stride, rows, h, 1, keys + first * h.width);
    }
  }
};

template <class T>
struct Backward {
  const Attention& a;
  const T *qkv, *out, *d_out;
  const float* lse;
  T* d_qkv;
  Heads h;

  // What a thread works in.
  struct Workplace {
    Scratch scratch;
    float *q, *upstream, *d_q, *p, *ds, *row_lse, *row_d;
    Operands<T> prompt, own;

    Workplace(int64_t prompt_blocks, int64_t own_blocks, const Heads& h)
        : scratch(h.stack * (3 * h.width + 2 * kBlock + 2) + Operands<T>::floats(prompt_blocks, h) +
                  Operands<T>::floats(own_blocks, h)),
          q(scratch.take(h.stack * h.width)),
          upstream(scratch.take(h.stack * h.width)),
          d_q(scratch.take(h.stack * h.width)),
          p(scratch.take(h.stack * kBlock)),
          ds(scratch.take(h.stack * kBlock)),
          row_lse(scratch.take(h.stack)),
          row_d(scratch.take(h.stack)),
          prompt(scratch, prompt_blocks, h),
          own(scratch, own_blocks, h) {}
  };

  void begin(Workplace& w, int64_t head, int64_t row, int64_t tokens) const {
    for (int64_t t = 0; t < tokens; t++) {
      const int64_t i = t * h.group, at = (row + t) * a.heads + head * h.group;
      widen(qkv + (row + t) * h.stride + head * h.group * h.size, h.size, h.group, h, h.scale, w.q + i * h.width);
      widen(d_out + at * h.size, h.size, h.group, h, 1, w.upstream + i * h.width);
      for (int64_t g = 0; g < h.group; g++) {
        f32x16 products = {};
        for (int64_t j = 0; j < h.size; j += 16) {
          products += load(out + (at + g) * h.size + j, h.size - j) * load(w.upstream + (i + g) * h.width + j);
        }
        w.row_d[i + g] = sum(products);
        w.row_lse[i + g] = lse[at + g];
      }
    }
    memset(w.d_q, 0, tokens * h.group * h.width * sizeof(float));
  }

  // The stacked queries against `keys` keys of a block; row i sees the first visible(i). dk and dv: the block's sums.
  template <class Visible>
  void meet(Workplace& w, const Operands<T>& span, int64_t block, int64_t count, int64_t keys, float* dk, float* dv,
            Visible visible) const {
    const int64_t at = block * kBlock * h.size, columns = sixteens(keys);
    multiply<float>(count, columns, {h.size, w.q, h.width, 1, span.keys_t + at, kBlock, 16, w.p, kBlock, false});
    multiply<float>(count, columns, {h.size, w.upstream, h.width, 1, span.values_t + at, kBlock, 16, w.ds, kBlock, false});
    for (int64_t i = 0; i < count; i++) {
      float *p = w.p + i * kBlock, *ds = w.ds + i * kBlock;
      const int64_t seen = visible(i);
      for (int64_t j = 0; j < keys; j += kWide) {
        wide probability = {}, gradient = {};
        if (j < seen) {
          probability = first_lanes(seen - j, exp_of_score(load_wide(p + j) - w.row_lse[i]), probability);
          gradient = first_lanes(seen - j, probability * (load_wide(ds + j) - w.row_d[i]), gradient);
        }
        store_wide(p + j, probability);
        store_wide(ds + j, gradient);
      }
    }
    const int64_t vectors = h.width / 16;
    multiply<float>(keys, vectors, {count, w.p, 1, kBlock, w.upstream, h.width, 16, dv, h.width, true});
    multiply<float>(keys, vectors, {count, w.ds, 1, kBlock, w.q, h.width, 16, dk, h.width, true});
    multiply<float>(count, vectors, {keys, w.ds, kBlock, 1, span.keys + block * kBlock * h.width, h.width, 16, w.d_q, h.width, true});
  }

  const T* keys_of(const Span& span, int64_t head) const { return qkv + span.start * h.stride + h.keys_at + head * h.size; }
  const T* values_of(const Span& span, int64_t head) const { return qkv + span.start * h.stride + h.values_at + head * h.size; }

  // Every `parts`-th block of queries of a unit, from `part`. Sums: of each block of keys of the unit, dK and then dV.
  void run(Workplace& w, int64_t g, int64_t head, int64_t part, int64_t parts, float* sums) const {
    const Span prompt = span_at(a.prompt_spans, g, 0);
    const int64_t block_floats = kBlock * h.width;
    memset(sums, 0, blocks_of_prompt(a, g) * 2 * block_floats * sizeof(float));
    w.prompt.ready = 0;
    int64_t turn = 0, next_block = prompt.blocks;

    const auto run_span = [&](const Span& span, bool completion) {
      Operands<T>& causal = completion ? w.own : w.prompt;
      if (completion) causal.ready = 0;
      const int64_t shared = completion ? prompt.length : 0;
      for (int64_t first = 0; first < span.length; first += h.rows) {
        if (turn++ % parts != part) continue;
        const int64_t tokens = least(h.rows, span.length - first), stacked = tokens * h.group, row = span.start + first;
        begin(w, head, row, tokens);
        w.prompt.widen_to(blocks_of(shared), keys_of(prompt, head), values_of(prompt, head), prompt.length, h);
        causal.widen_to(blocks_of(first + tokens), keys_of(span, head), values_of(span, head), span.length, h);
        for (int64_t key = 0; key < shared; key += kBlock) {
          const int64_t keys = least(kBlock, shared - key);
          float* dk = sums + key / kBlock * 2 * block_floats;
          meet(w, w.prompt, key / kBlock, stacked, keys, dk, dk + block_floats, [&](int64_t) { return keys; });
        }
        for (int64_t key = 0; key < first + tokens; key += kBlock) {
          const int64_t keys = least(kBlock, first + tokens - key);
          float* dk = sums + (span.first_block + key / kBlock) * 2 * block_floats;
          meet(w, causal, key / kBlock, stacked, keys, dk, dk + block_floats,
               [&](int64_t i) { return least(keys, first + i / h.group + 1 - key); });
        }
        for (int64_t i = 0; i < stacked; i++) {
          T* to = d_qkv + (row + i / h.group) * h.stride + (head * h.group + i % h.group) * h.size;
          for (int64_t j = 0; j < h.size; j += 16) store(to + j, load(w.d_q + i * h.width + j) * h.scale, h.size - j);
        }
      }
    };
    run_span(prompt, false);
    for (int64_t s = a.offsets[g]; s < a.offsets[g + 1]; s++) {
      const Span span = span_at(a.completion_spans, s, next_block);
      next_block += span.blocks;
      run_span(span, true);
    }
  }

  // Adds up the parts, `apart` floats from one another, and writes the gradients of a unit's keys and values.
  void write(int64_t g, int64_t head, int64_t parts, int64_t apart, const float* sums) const {
    int64_t next_block = 0;
    const auto write_span = [&](const int32_t* spans, int64_t i) {
      const Span span = span_at(spans, i, next_block);
      next_block += span.blocks;
      for (int64_t t = 0; t < span.length; t++) {
        const float* dk = sums + ((span.first_block + t / kBlock) * 2 * kBlock + t % kBlock) * h.width;
        T* to = d_qkv + (span.start + t) * h.stride + head * h.size;
        for (int64_t j = 0; j < h.size; j += 16) {
          f32x16 k = {}, v = {};
          for (int64_t part = 0; part < parts; part++) {
            k += load(dk + part * apart + j);
            v += load(dk + part * apart + kBlock * h.width + j);
          }
          store(to + h.keys_at + j, k, h.size - j);
          store(to + h.values_at + j, v, h.size - j);
        }
      }
    };
    write_span(a.prompt_spans, g);
    for (int64_t s = a.offsets[g]; s < a.offsets[g + 1]; s++) write_span(a.completion_spans, s);
  }
};

template <class T>
void backward(const Attention& a, const void* qkv, const void* out, const void* d_out, const float* lse, void* d_qkv) {
  const Backward<T> job{a, (const T*)qkv, (const T*)out, (const T*)d_out, lse, (T*)d_qkv, Heads(a.heads, a.kv_heads, a.size)};
  int64_t prompt_blocks = 0, own_blocks = 0, unit_blocks = 0;
  for (int64_t g = 0; g < a.prompts; g++) {
    prompt_blocks = most_of(prompt_blocks, blocks_of(a.prompt_spans[2 * g + 1]));
    unit_blocks = most_of(unit_blocks, blocks_of_prompt(a, g));
  }
  for (int64_t s = 0; s < a.completions; s++) own_blocks = most_of(own_blocks, blocks_of(a.completion_spans[2 * s + 1]));

  const int64_t units = a.prompts * a.kv_heads, unit_floats = unit_blocks * 2 * kBlock * job.h.width;
  const int64_t parts = units == 0 || units >= kEnoughUnits ? 1 : kParts / units;
  float* all_sums = parts > 1 ? new float[units * parts * unit_floats] : nullptr;
#pragma omp parallel
  {
    typename Backward<T>::Workplace workplace(prompt_blocks, own_blocks, job.h);
    Scratch own_sums(parts > 1 ? 0 : unit_floats);
    float* sums = own_sums.take(0);
#pragma omp for schedule(dynamic)
    for (int64_t n = 0; n < units * parts; n++) {
      const int64_t unit = n / parts, g = unit / a.kv_heads, head = unit % a.kv_heads;
      if (parts > 1) {
        job.run(workplace, g, head, n % parts, parts, all_sums + n * unit_floats);
      } else {
        job.run(workplace, g, head, 0, 1, sums);
        job.write(g, head, 1, 0, sums);
      }
    }
    if (parts > 1) {
#pragma omp for schedule(dynamic)
      for (int64_t unit = 0; unit < units; unit++) {
        job.write(unit / a.kv_heads, unit % a.kv_heads, parts, unit_floats, all_sums + unit * parts * unit_floats);
      }
    }
  }
  delete[] all_sums;
}

}  // namespace

void add_attention_backward(Kernels& k) {
  k.attention_backward[kF32] = backward<float>;
  k.attention_backward[kBf16] = backward<bf16>;
}

}  // namespace thalia::THALIA_SET
