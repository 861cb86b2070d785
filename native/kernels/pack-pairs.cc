// Matrices of bf16 laid out for products by pairs.
#include "kernel-set.h"
#include "transposition.h"

namespace thalia::THALIA_SET {
namespace {

void pack(int64_t k, int64_t n, int64_t stride, const void* b_, void* packed_) {
  const uint16_t* b = (const uint16_t*)b_;
  const int64_t pairs = packed_k(k) / 2;
#pragma omp parallel for schedule(static)
  for (int64_t panel = 0; panel < (n + kPanel - 1) / kPanel; panel++) {
    uint32_t* out = (uint32_t*)packed_ + panel * pairs * kPanel;
    const int64_t first = panel * kPanel, width = n - first < kPanel ? n - first : kPanel;
    const uint16_t nothing[kPanel] = {};
    for (int64_t p = 0; p < pairs; p++, out += kPanel) {
      const uint16_t* low = 2 * p < k ? b + 2 * p * stride + first : nothing;
      const uint16_t* high = 2 * p + 1 < k ? b + (2 * p + 1) * stride + first : nothing;
      if (width == kPanel) {
        for (int64_t i = 0; i < kPanel; i++) out[i] = low[i] | (uint32_t)high[i] << 16;
      } else {
        for (int64_t i = 0; i < kPanel; i++) out[i] = i < width ? low[i] | (uint32_t)high[i] << 16 : 0;
      }
    }
  }
}

// Blocks of 16 columns and 16 pairs.
void pack_transposed(int64_t k, int64_t n, const void* b_, void* packed_) {
  const uint16_t* b = (const uint16_t*)b_;
  const int64_t pairs = packed_k(k) / 2, whole = k / 32 * 16;
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < (n + kPanel - 1) / kPanel * kPanel; first += 16) {
    uint32_t* out = (uint32_t*)packed_ + first / kPanel * pairs * kPanel + first % kPanel;
    const int64_t columns = n - first < 16 ? n - first : 16;
    for (int64_t p = 0; p < pairs; p += 16) {
      u32x16 block[16] = {};
      for (int64_t c = 0; c < columns; c++) {
        const uint16_t* in = b + (first + c) * k + 2 * p;
        if (p < whole) memcpy(&block[c], in, sizeof block[c]);
        else memcpy(&block[c], in, (k - 2 * p) * sizeof(uint16_t));
      }
      transpose_block(block);
      for (int64_t i = 0; i < 16; i++) memcpy(out + (p + i) * kPanel, &block[i], sizeof block[i]);
    }
  }
}

}  // namespace

void add_pack_pairs(Kernels& k) { k.pairs = {pack, pack_transposed}; }

}  // namespace thalia::THALIA_SET
