// The loops around a product's innermost one, which each instruction set has of its own, as a struct Tile:
// Operand      what it reads of a and b; matrices of another Element are converted, a block at a time;
// kRows        and run(rows, depth, a, a_stride, b, tile) for tile [kRows, kPanel] f32 = a [rows, depth] times one packed panel;
// kWhole       whether it reads kRows rows however few are wanted;
// kDepth       k of one pass: a panel of it stays in the second-level cache;
// begin, end   called in every thread.
#pragma once
#include "kernels.h"
#include "operands.h"

namespace thalia {
namespace {

constexpr int64_t kBlockRows = 192;     // rows of a that are multiplied with a panel while both are in the cache
constexpr int64_t kChunkPanels = 16;
constexpr int64_t kCrowded = 2048;      // bytes

template <class A, class B>
constexpr bool kSame = false;
template <class A>
constexpr bool kSame<A, A> = true;

template <int kCount>
struct Rows {
  static constexpr int count = kCount;
};

// run(Rows<count>), from 1 to kMost: a loop over so many rows is held in registers.
template <int kMost, class Run>
void with_rows(int64_t count, Run run) {
  if constexpr (kMost > 1) {
    if (count < kMost) return with_rows<kMost - 1>(count, run);
  }
  run(Rows<kMost>{});
}

// What becomes of a tile: kept as a partial sum, or finished and written to c.
template <class T>
void finish(const Gemm& g, const float* tile, int64_t row, int64_t rows, int64_t column, float* partial,
            int64_t partial_stride, bool first, bool last) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < kPanel && column + i < g.n; i += kLanes) {
      const int64_t n = g.n - column - i, at = (row + r) * g.n + column + i;
      f32x16 v = load(tile + r * kPanel + i);
      float* sum_so_far = partial + r * partial_stride + i;
      if (!first) v += load(sum_so_far);
      if (!last) {
        store(sum_so_far, v);
        continue;
      }
      if (g.bias) v += load((const T*)g.bias + column + i, n);
      if (g.residual) v += load((const T*)g.residual + at, n);
      if (g.c_type == kBf16) {
        store((bf16*)g.c + at, v, n);
      } else {
        float* c = (float*)g.c + at;
        store(c, g.accumulate ? load(c, n) + v : v, n);
      }
    }
  }
}

// What a tile is added to comes from memory: it is asked for before the tile is computed.
inline void ask_for(const Gemm& g, int64_t row, int64_t rows, int64_t column) {
  for (int64_t r = 0; r < rows; r++) {
    const float* c = (const float*)g.c + (row + r) * g.n + column;
    for (int64_t i = 0; i < kPanel; i += kLanes) __builtin_prefetch(c + i, 1);
  }
}

// `readable` rows of a lie in memory: at least m, and a whole tile where the tile needs that.
template <class Tile, class Element>
void multiply_rows(const Gemm& g, int64_t readable) {
  using Operand = typename Tile::Operand;
  constexpr bool kConverted = !kSame<Operand, Element>;
  // As few passes as a panel's place in the cache allows, all about as deep.
  const int64_t passes = (g.k + Tile::kDepth - 1) / Tile::kDepth, pass = packed_k((g.k + passes - 1) / passes);
  const int64_t panels = (g.n + kPanel - 1) / kPanel, blocks = (g.m + kBlockRows - 1) / kBlockRows;
  // Few rows: the panels are dealt out in small portions, so that no thread waits for another.
  const int64_t chunk = blocks > 4 ? kChunkPanels : least(kChunkPanels, (panels + 7) / 8);
  const int64_t chunks = (panels + chunk - 1) / chunk;
  const int64_t partial_stride = chunk * kPanel;
#pragma omp parallel
  {
    Tile::begin();
    float* partial = passes > 1 ? new float[kBlockRows * partial_stride] : nullptr;
    // Rows that lie a multiple of so much apart would drive each other out of the first-level cache.
    const bool crowded = g.a_stride * (int64_t)sizeof(Element) % kCrowded == 0;
    const bool own_block = kConverted || g.a_depth > 0 || crowded;
    const int64_t own_stride = pass + 64 / (int64_t)sizeof(Operand);
    Operand* own_a = own_block ? new Operand[kBlockRows * own_stride] : nullptr;
    Operand* converted_b = kConverted ? new Operand[kPanel * pass] : nullptr;
    alignas(64) float tile[Tile::kRows * kPanel];
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < blocks * chunks; item++) {
      const int64_t first_row = item / chunks * kBlockRows, first_panel = item % chunks * chunk;
      const int64_t end_row = least(first_row + kBlockRows, g.m), end_panel = least(first_panel + chunk, panels);
      for (int64_t depth = 0; depth < g.k; depth += pass) {
        const int64_t deep = least(pass, g.k - depth);
        const Operand* a = own_a;
        const int64_t a_stride = own_block ? own_stride : g.a_stride;
        if (g.a_depth > 0) {
          const Element* block = (const Element*)g.a + depth * g.a_stride + first_row;
          convert_transposed(end_row - first_row, deep, block, g.a_stride, g.a_depth - depth, own_a, own_stride);
        } else {
          const Element* block = (const Element*)g.a + first_row * g.a_stride + depth;
          if constexpr (!kConverted) a = own_block ? own_a : block;
          for (int64_t r = 0; own_block && r < end_row - first_row; r++) convert(deep, block + r * g.a_stride, own_a + r * own_stride);
        }
        for (int64_t panel = first_panel; panel < end_panel; panel++) {
          const Operand* b;
          const Element* packed = (const Element*)g.b + (panel * g.k + depth) * kPanel;
          if constexpr (kConverted) {
            convert(deep * kPanel, packed, converted_b);
            b = converted_b;
          } else {
            b = packed;
          }
          for (int64_t row = first_row; row < end_row; row += Tile::kRows) {
            const int64_t rows = least(Tile::kRows, end_row - row);
            // The last tile begins earlier instead of ending beyond the matrix; what it has too much is left.
            const int64_t begin = Tile::kWhole && !own_block ? least(row, readable - Tile::kRows) : row;
            if (g.accumulate) ask_for(g, row, rows, panel * kPanel);
            Tile::run(rows, deep, a + (begin - first_row) * a_stride, a_stride, b, tile);
            finish<Element>(g, tile + (row - begin) * kPanel, row, rows, panel * kPanel,
                            partial + (row - first_row) * partial_stride + (panel - first_panel) * kPanel, partial_stride,
                            depth == 0, depth + pass >= g.k);
          }
        }
      }
    }
    delete[] partial;
    delete[] own_a;
    delete[] converted_b;
    Tile::end();
  }
}

template <class Tile, class Element>
void multiply(const Gemm& g) {
  if (!Tile::kWhole || g.a_depth > 0 || g.m >= Tile::kRows) return multiply_rows<Tile, Element>(g, g.m);
  Element* filled = new Element[Tile::kRows * g.k]();
  for (int64_t r = 0; r < g.m; r++) memcpy(filled + r * g.k, (const Element*)g.a + r * g.a_stride, g.k * sizeof(Element));
  Gemm few = g;
  few.a = filled;
  few.a_stride = g.k;
  multiply_rows<Tile, Element>(few, Tile::kRows);
  delete[] filled;
}

}  // namespace
}  // namespace thalia
