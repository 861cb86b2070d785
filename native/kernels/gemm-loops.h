// The loops around a product's innermost one, which each instruction set has of its own:
// Tile::kRows, and Tile::run(rows, pairs, a, a_stride, b, tile) for tile [kRows, kPanel] f32 = a [rows, 2 pairs] times one
// packed panel. Tile::begin and Tile::end are called in every thread. Where Tile::kWhole, it always reads all its rows.
#pragma once
#include "kernels.h"
#include "simd.h"

namespace thalia {
namespace {

constexpr int64_t kDepth = 1536;        // k of one pass: a panel of it stays in the second-level cache
constexpr int64_t kBlockRows = 192;     // rows of a that are multiplied with a panel while both are in the cache
constexpr int64_t kChunkPanels = 16;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// What becomes of a tile: kept as a partial sum, or finished and written to c.
inline void finish(const Gemm& g, const float* tile, int64_t row, int64_t rows, int64_t column, float* partial,
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
      if (g.bias) v += load((const bf16*)g.bias + column + i, n);
      if (g.residual) v += load((const bf16*)g.residual + at, n);
      if (g.c_type == kBf16) {
        store((bf16*)g.c + at, v, n);
      } else {
        float* c = (float*)g.c + at;
        store(c, g.accumulate ? load(c, n) + v : v, n);
      }
    }
  }
}

// `readable` rows of a lie in memory: at least m, and a whole tile where the tile needs that.
template <class Tile>
void multiply_rows(const Gemm& g, int64_t readable) {
  const int64_t panels = (g.n + kPanel - 1) / kPanel, blocks = (g.m + kBlockRows - 1) / kBlockRows;
  // Few rows: the panels are dealt out in small portions, so that no thread waits for another.
  const int64_t chunk = blocks > 4 ? kChunkPanels : least(kChunkPanels, (panels + 7) / 8);
  const int64_t chunks = (panels + chunk - 1) / chunk;
  const int64_t partial_stride = chunk * kPanel;
#pragma omp parallel
  {
    Tile::begin();
    float* partial = g.k > kDepth ? new float[kBlockRows * partial_stride] : nullptr;
    alignas(64) float tile[Tile::kRows * kPanel];
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < blocks * chunks; item++) {
      const int64_t first_row = item / chunks * kBlockRows, first_panel = item % chunks * chunk;
      const int64_t end_row = least(first_row + kBlockRows, g.m), end_panel = least(first_panel + chunk, panels);
      for (int64_t depth = 0; depth < g.k; depth += kDepth) {
        const int64_t pairs = least(kDepth, g.k - depth) / 2;
        for (int64_t panel = first_panel; panel < end_panel; panel++) {
          const bf16* b = (const bf16*)g.b + (panel * g.k + depth) * kPanel;
          for (int64_t row = first_row; row < end_row; row += Tile::kRows) {
            const int64_t rows = least(Tile::kRows, end_row - row);
            // The last tile begins earlier instead of ending beyond the matrix; what it has too much is left.
            const int64_t begin = Tile::kWhole ? least(row, readable - Tile::kRows) : row;
            Tile::run(rows, pairs, (const bf16*)g.a + begin * g.a_stride + depth, g.a_stride, b, tile);
            finish(g, tile + (row - begin) * kPanel, row, rows, panel * kPanel,
                   partial + (row - first_row) * partial_stride + (panel - first_panel) * kPanel, partial_stride,
                   depth == 0, depth + kDepth >= g.k);
          }
        }
      }
    }
    delete[] partial;
    Tile::end();
  }
}

template <class Tile>
void multiply(const Gemm& g) {
  if (!Tile::kWhole || g.m >= Tile::kRows) return multiply_rows<Tile>(g, g.m);
  bf16* filled = new bf16[Tile::kRows * g.k]();
  for (int64_t r = 0; r < g.m; r++) memcpy(filled + r * g.k, (const bf16*)g.a + r * g.a_stride, g.k * sizeof(bf16));
  Gemm few = g;
  few.a = filled;
  few.a_stride = g.k;
  multiply_rows<Tile>(few, Tile::kRows);
  delete[] filled;
}

}  // namespace
}  // namespace thalia
