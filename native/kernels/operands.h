// Operands of a product as a tile reads them: of another type, or transposed, a block at a time.
#pragma once
#include "transposition.h"

namespace thalia {
namespace {

// n a multiple of kLanes.
inline void convert(int64_t n, const bf16* from, float* to) {
  for (int64_t i = 0; i < n; i += kLanes) store(to + i, load(from + i));
}

template <class T>
void convert(int64_t n, const T* from, T* to) {
  memcpy(to, from, n * sizeof(T));
}

// to [rows, depth], its rows `to_stride` apart, = the transpose of from [depth, rows]; zeros where from has less than
// `depth` rows. depth a multiple of kPackedK.
template <class From>
void convert_transposed(int64_t rows, int64_t depth, const From* from, int64_t stride, int64_t there, float* to, int64_t to_stride) {
  for (int64_t k = 0; k < depth; k += 16) {
    for (int64_t row = 0; row < rows; row += 16) {
      const int64_t count = least(16, rows - row);
      u32x16 block[16];
      for (int64_t i = 0; i < 16; i++) {
        block[i] = k + i < there ? (u32x16)load(from + (k + i) * stride + row, count) : u32x16{};
      }
      transpose_block(block);
      for (int64_t r = 0; r < count; r++) memcpy(to + (row + r) * to_stride + k, &block[r], sizeof block[r]);
    }
  }
}

// Two rows as one vector of pairs.
inline void convert_transposed(int64_t rows, int64_t depth, const bf16* from, int64_t stride, int64_t there, bf16* to,
                               int64_t to_stride) {
  for (int64_t k = 0; k < depth; k += 32) {
    for (int64_t row = 0; row < rows; row += 16) {
      const int64_t count = least(16, rows - row);
      u32x16 pairs[16];
      for (int64_t p = 0; p < 16; p++) {
        u16x16 two[2] = {};
        for (int64_t i = 0; i < 2; i++) {
          const bf16* in = from + (k + 2 * p + i) * stride + row;
          if (k + 2 * p + i >= there) continue;
          if (count == 16) memcpy(&two[i], in, sizeof two[i]);
          else memcpy(&two[i], in, count * sizeof(bf16));
        }
        pairs[p] = lengthen(two[0]) | lengthen(two[1]) << 16;
      }
      transpose_block(pairs);
      for (int64_t r = 0; r < count; r++) memcpy(to + (row + r) * to_stride + k, &pairs[r], sizeof pairs[r]);
    }
  }
}

}  // namespace
}  // namespace thalia
