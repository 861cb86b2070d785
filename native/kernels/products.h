// Small products of f32 matrices in the cache, held in registers one tile at a time.
#pragma once
#include "wide.h"

namespace thalia {
namespace {

// A tile is kTileRows rows by kTileColumns times sixteen columns.
#if defined(__AVX512F__)
constexpr int64_t kTileRows = 4, kTileColumns = 4;
#elif defined(__AVX2__) || defined(__aarch64__)
constexpr int64_t kTileRows = 4, kTileColumns = 1;
#else
constexpr int64_t kTileRows = 2, kTileColumns = 1;
#endif

// c = a b, or c += a b. Elements of a are a_row and a_depth apart, which transposes it at will; rows of b b_depth, and
// each sixteen columns of it b_column.
template <class B>
struct Product {
  int64_t depth;
  const float* a;
  int64_t a_row, a_depth;
  const B* b;
  int64_t b_depth, b_column;
  float* c;
  int64_t c_row;
  bool add;
};

template <int Rows, int Columns, class B>
inline void tile(const Product<B>& p, const float* a, const B* b, float* c) {
  constexpr int kVectors = Columns * 16 / kWide;
  wide sums[Rows][kVectors];
#pragma GCC unroll 4
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sums[r][v] = p.add ? load_wide(c + r * p.c_row + v * kWide) : wide{};
  }
  for (int64_t k = 0; k < p.depth; k++) {
    wide right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) right[v] = load_wide(b + v * kWide / 16 * p.b_column + v * kWide % 16);
#pragma GCC unroll 4
    for (int r = 0; r < Rows; r++) {
      const wide left = splat_wide(a[r * p.a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) sums[r][v] += left * right[v];
    }
    a += p.a_depth;
    b += p.b_depth;
  }
#pragma GCC unroll 4
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) store_wide(c + r * p.c_row + v * kWide, sums[r][v]);
  }
}

template <int Rows, class B>
inline void tile(const Product<B>& p, int64_t columns, const float* a, const B* b, float* c) {
  if constexpr (kTileColumns == 4) {
    if (columns >= 4) return tile<Rows, 4>(p, a, b, c);
    if (columns == 3) return tile<Rows, 3>(p, a, b, c);
    if (columns == 2) return tile<Rows, 2>(p, a, b, c);
  }
  tile<Rows, 1>(p, a, b, c);
}

// `columns` counts sixteens. Of a and c whole tiles of rows are read and written.
template <class B>
inline void multiply(int64_t rows, int64_t columns, const Product<B>& p) {
  for (int64_t column = 0; column < columns; column += kTileColumns) {
    const B* b = p.b + column * p.b_column;
    for (int64_t row = 0; row < rows; row += kTileRows) {
      tile<kTileRows>(p, columns - column, p.a + row * p.a_row, b, p.c + row * p.c_row + column * 16);
    }
  }
}

// The same for few rows, of which none is touched beyond the last.
template <class B>
inline void multiply_exactly(int64_t rows, int64_t columns, const Product<B>& p) {
  for (int64_t row = 0; row < rows; row += kTileRows) {
    const float* a = p.a + row * p.a_row;
    for (int64_t column = 0; column < columns; column += kTileColumns) {
      const B* b = p.b + column * p.b_column;
      float* c = p.c + row * p.c_row + column * 16;
      if (kTileRows >= 4 && rows - row >= 4) tile<kTileRows>(p, columns - column, a, b, c);
      else if (kTileRows >= 4 && rows - row == 3) tile<kTileRows >= 4 ? 3 : 1>(p, columns - column, a, b, c);
      else if (rows - row >= 2) tile<2>(p, columns - column, a, b, c);
      else tile<1>(p, columns - column, a, b, c);
    }
  }
}

}  // namespace
}  // namespace thalia
