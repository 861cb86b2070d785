// The attention kernels as operators on tensors. Tables are i32 tensors, checked here since kernels trust them.
#include "kernel-arguments.h"
#include "registry.h"

namespace thalia {

static const int32_t* table(const Tensor& t, int64_t count) { return static_cast<const int32_t*>(rows_of(t, at::kInt, count)); }

static void check_heads(int64_t heads, int64_t kv_heads, int64_t width) {
  TORCH_CHECK(heads > 0 && kv_heads > 0 && heads % kv_heads == 0, "expected heads in groups, got ", heads, " and ", kv_heads);
  TORCH_CHECK(width > 0 && width % (heads + 2 * kv_heads) == 0, "expected rows of ", heads, " + 2 * ", kv_heads, " heads, got ", width);
}

// Spans [n, 2] inside `rows`; returns the sum of their lengths.
static int64_t check_spans(const int32_t* spans, int64_t count, int64_t rows) {
  int64_t total = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t start = spans[2 * i], length = spans[2 * i + 1];
    TORCH_CHECK(start >= 0 && length >= 0 && start + length <= rows, "span ", start, " + ", length, " outside of ", rows, " rows");
    total += length;
  }
  return total;
}

static void check_offsets(const int32_t* offsets, int64_t groups, int64_t count) {
  TORCH_CHECK(offsets[0] == 0 && offsets[groups] == count, "expected offsets from 0 to ", count);
  for (int64_t g = 0; g < groups; g++) TORCH_CHECK(offsets[g] <= offsets[g + 1], "expected offsets that never fall");
}

static Attention attention_of(const Tensor& qkv, int64_t heads, int64_t kv_heads, const Tensor& prompts, const Tensor& completions,
                              const Tensor& offsets) {
  TORCH_CHECK(qkv.dim() == 2, "expected rows, got ", qkv.sizes());
  check_heads(heads, kv_heads, qkv.size(1));
  const int64_t rows = qkv.size(0), count = prompts.numel() / 2, own = completions.numel() / 2;
  const Attention a{rows, heads, kv_heads, qkv.size(1) / (heads + 2 * kv_heads), count, own,
                    table(prompts, 2 * count), table(completions, 2 * own), table(offsets, count + 1)};
  const int64_t total = check_spans(a.prompt_spans, count, rows) + check_spans(a.completion_spans, own, rows);
  TORCH_CHECK(total == rows, "expected spans of all ", rows, " rows, got ", total);
  check_offsets(a.offsets, count, own);
  return a;
}

void register_attention(Registry& r) {
  r.op("packedAttention",
       [](const Tensor& qkv, int64_t heads, int64_t kv_heads, const Tensor& prompts, const Tensor& completions, const Tensor& offsets) {
         const auto a = attention_of(qkv, heads, kv_heads, prompts, completions, offsets);
         auto out = at::empty({a.rows, heads * a.size}, qkv.options());
         auto lse = at::empty({a.rows, heads}, qkv.options().dtype(at::kFloat));
         kernels().attention[element(qkv)](a, rows_of(qkv, qkv.scalar_type(), qkv.numel()), out.data_ptr(), lse.data_ptr<float>());
         return std::tuple<Tensor, Tensor>(out, lse);
       });
  r.op("packedAttentionBackward", [](const Tensor& qkv, const Tensor& out, const Tensor& d_out, const Tensor& lse, int64_t heads,
                                     int64_t kv_heads, const Tensor& prompts, const Tensor& completions, const Tensor& offsets) {
    const auto a = attention_of(qkv, heads, kv_heads, prompts, completions, offsets);
    const auto type = qkv.scalar_type();
    const int64_t count = a.rows * heads * a.size;
    auto d_qkv = at::empty_like(qkv);
    kernels().attention_backward[element(qkv)](a, rows_of(qkv, type, qkv.numel()), rows_of(out, type, count), rows_of(d_out, type, count),
                                               static_cast<const float*>(rows_of(lse, at::kFloat, a.rows * heads)), d_qkv.data_ptr());
    return d_qkv;
  });

  // The cache of one layer for decodeAttention: [keys, values].
  r.op("decodeCache", [](int64_t slots, int64_t kv_heads, int64_t columns, int64_t size, at::ScalarType type) {
    const int64_t blocks = (columns + kCacheBlock - 1) / kCacheBlock;
    return std::tuple<Tensor, Tensor>(at::empty({slots, kv_heads, blocks, size, kCacheBlock}, type),
                                      at::empty({slots, kv_heads, blocks * kCacheBlock, cache_width(size)}, type));
  });
  r.op("decodeAttention", [](const Tensor& qkv, int64_t heads, const Tensor& prompt_kv, const Tensor& prompts, const Tensor& offsets,
                             const Tensor& slots, const Tensor& keys, const Tensor& values, int64_t column) {
    TORCH_CHECK(keys.dim() == 5 && values.dim() == 4 && qkv.dim() == 2 && prompt_kv.dim() == 2, "expected a cache of decodeCache, and rows");
    const auto type = qkv.scalar_type();
    const int64_t rows = qkv.size(0), count = prompts.numel() / 2;
    const int64_t kv_heads = keys.size(1), size = keys.size(3), columns = values.size(2);
    check_heads(heads, kv_heads, qkv.size(1));
    TORCH_CHECK(qkv.size(1) == (heads + 2 * kv_heads) * size && prompt_kv.size(1) == 2 * kv_heads * size, "rows that do not fit the cache");
    TORCH_CHECK(column >= 0 && column < columns, "column ", column, " of ", columns);
    const DecodeAttention d{rows, heads, kv_heads, size, count, table(prompts, 2 * count), table(offsets, count + 1),
                            rows_of(prompt_kv, type, prompt_kv.numel()), table(slots, rows), columns, column,
                            rows_of(keys, type, keys.size(0) * kv_heads * columns * size),
                            rows_of(values, type, keys.size(0) * kv_heads * columns * cache_width(size))};
    check_spans(d.prompt_spans, count, prompt_kv.size(0));
    check_offsets(d.offsets, count, rows);
    for (int64_t row = 0; row < rows; row++) TORCH_CHECK(d.slots[row] >= 0 && d.slots[row] < keys.size(0), "slot ", d.slots[row]);
    auto out = at::empty({rows, heads * size}, qkv.options());
    kernels().decode_attention[element(qkv)](d, rows_of(qkv, type, qkv.numel()), out.data_ptr());
    return out;
  });
}

}  // namespace thalia
