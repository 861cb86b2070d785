// A block of sixteen vectors, transposed in the registers.
#pragma once
#include "simd.h"

namespace thalia {
namespace {

// Exchanges the halves of a's and b's neighbouring groups of kWidth: one stage of a transposition.
template <int kWidth, class V>
inline void exchange(V& a, V& b) {
  V low, high;
  if constexpr (kWidth == 1) {
    low = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    high = __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  } else if constexpr (kWidth == 2) {
    low = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    high = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  } else if constexpr (kWidth == 4) {
    low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    high = __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  } else {
    low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    high = __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  }
  a = low;
  b = high;
}

template <int kWidth, class V>
inline void stage(V* v) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++)
    if (!(i & kWidth)) exchange<kWidth>(v[i], v[i + kWidth]);
}

// V: sixteen values of four bytes.
template <class V>
inline void transpose_block(V* v) {
  stage<1>(v);
  stage<2>(v);
  stage<4>(v);
  stage<8>(v);
}

}  // namespace
}  // namespace thalia
