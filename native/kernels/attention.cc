// Attention over packed sequences (Dao 2023, FlashAttention-2).
#include "attention-blocks.h"
#include "kernel-set.h"

namespace thalia::THALIA_SET {
namespace {

// Some tokens of one span, for one key-value head.
struct Item {
  int64_t prompt, head;
  int64_t start, length;  // the span
  int64_t first, tokens;
  bool completion;
};

constexpr int64_t kItemBlocks = 4;  // blocks of queries of an item: each thread that takes one widens keys for itself

// Fills `items` unless null, and returns how many there are. Those that share a prompt's keys lie together.
int64_t list_items(const Attention& a, const Heads& h, Item* items) {
  int64_t count = 0;
  const auto add = [&](int64_t prompt, int64_t head, const int32_t* span, bool completion) {
    for (int64_t first = 0; first < span[1]; first += kItemBlocks * h.rows) {
      if (items) items[count] = {prompt, head, span[0], span[1], first, least(kItemBlocks * h.rows, span[1] - first), completion};
      count++;
    }
  };
  for (int64_t g = 0; g < a.prompts; g++) {
    for (int64_t head = 0; head < a.kv_heads; head++) {
      add(g, head, a.prompt_spans + 2 * g, false);
      for (int64_t s = a.offsets[g]; s < a.offsets[g + 1]; s++) add(g, head, a.completion_spans + 2 * s, true);
    }
  }
  return count;
}

int64_t longest(const int32_t* spans, int64_t count) {
  int64_t most = 0;
  for (int64_t i = 0; i < count; i++) most = most_of(most, spans[2 * i + 1]);
  return most;
}

template <class T>
void forward(const Attention& a, const void* qkv_, void* out_, float* lse) {
  const T* qkv = (const T*)qkv_;
  T* out = (T*)out_;
  const Heads h(a.heads, a.kv_heads, a.size);
  const int64_t count = list_items(a, h, nullptr);
  Item* items = new Item[count];
  list_items(a, h, items);
  const int64_t prompt_blocks = blocks_of(longest(a.prompt_spans, a.prompts));
  const int64_t own_blocks = blocks_of(longest(a.completion_spans, a.completions));
#pragma omp parallel
  {
    Scratch scratch(Queries::floats(h) + WidenedSpan<T>::floats(prompt_blocks, h) + WidenedSpan<T>::floats(own_blocks, h));
    Queries queries(scratch, h);
    WidenedSpan<T> prompt(scratch, prompt_blocks, h), own(scratch, own_blocks, h);
    int64_t prompt_of = -1, own_of = -1;  // what is widened there
#pragma omp for schedule(dynamic)
    for (int64_t n = 0; n < count; n++) {
      const Item& item = items[n];
      const int64_t head_at = item.head * h.size;
      const auto widen_span = [&](WidenedSpan<T>& span, int64_t start, int64_t length, int64_t end) {
        const T* row = qkv + start * h.stride + head_at;
        span.widen_to(blocks_of(end), row + h.keys_at, row + h.values_at, h.stride, length, h);
      };
      const int64_t unit = item.prompt * a.kv_heads + item.head;
      if (prompt_of != unit) prompt.ready = 0;
      prompt_of = unit;
      const int32_t* prompt_span = a.prompt_spans + 2 * item.prompt;
      const int64_t shared = item.completion ? prompt_span[1] : 0;  // keys that every row of the item sees
      if (item.completion) {
        widen_span(prompt, prompt_span[0], shared, shared);
        const int64_t span = item.start * a.kv_heads + item.head;
        if (own_of != span) own.ready = 0;
        own_of = span;
      }
      WidenedSpan<T>& causal = item.completion ? own : prompt;
      widen_span(causal, item.start, item.length, item.first + item.tokens);

      for (int64_t first = item.first; first < item.first + item.tokens; first += h.rows) {
        const int64_t tokens = least(h.rows, item.first + item.tokens - first), stacked = tokens * h.group;
        const int64_t row = item.start + first, query_head = item.head * h.group;
        queries.begin(qkv + row * h.stride + query_head * h.size, tokens, h);
        for (int64_t key = 0; key < shared; key += kBlock) {
          const int64_t keys = least(kBlock, shared - key);
          attend(queries, stacked, prompt, key / kBlock, keys, h, [&](int64_t) { return keys; });
        }
        for (int64_t key = 0; key < first + tokens; key += kBlock) {
          const int64_t keys = least(kBlock, first + tokens - key);
          attend(queries, stacked, causal, key / kBlock, keys, h,
                 [&](int64_t i) { return least(keys, first + i / h.group + 1 - key); });
        }
        for (int64_t i = 0; i < stacked; i++) {
          const int64_t at = (row + i / h.group) * a.heads + query_head + i % h.group;
          lse[at] = queries.finish(i, out + at * h.size, h);
        }
      }
    }
  }
  delete[] items;
}

}  // namespace

void add_attention(Kernels& k) {
  k.attention[kF32] = forward<float>;
  k.attention[kBf16] = forward<bf16>;
}

}  // namespace thalia::THALIA_SET
