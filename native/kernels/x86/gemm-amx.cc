// The product with AMX: 32 rows times 32 columns in four tiles.
#include "../gemm-loops.h"
#include "amx-tiles.h"

namespace thalia {
namespace {

struct AmxTile {
  using Operand = bf16;
  static constexpr int64_t kRows = 32, kDepth = 1536;
  static constexpr bool kWhole = true;
  static void begin() { begin_tiles(); }
  static void end() { end_tiles(); }

  static void run(int64_t, int64_t depth, const bf16* a, int64_t a_stride, const bf16* b, float* tile) {
    const bf16* lower = a + kTileRows * a_stride;
    zero_tile<0>();
    zero_tile<1>();
    zero_tile<2>();
    zero_tile<3>();
    for (int64_t k = 0; k < depth; k += 32) {
      const bf16* panel = b + k * kPanel;
      load_tile<4>(a + k, 2 * a_stride);
      load_tile<6>(panel, 4 * kPanel);
      multiply_tiles<0, 4, 6>();
      load_tile<7>(panel + 32, 4 * kPanel);
      multiply_tiles<1, 4, 7>();
      load_tile<5>(lower + k, 2 * a_stride);
      multiply_tiles<2, 5, 6>();
      multiply_tiles<3, 5, 7>();
    }
    store_tile<0>(tile, 4 * kPanel);
    store_tile<1>(tile + 16, 4 * kPanel);
    store_tile<2>(tile + 16 * kPanel, 4 * kPanel);
    store_tile<3>(tile + 16 * kPanel + 16, 4 * kPanel);
  }
};

}  // namespace

#if defined(THALIA_EMULATED_TILES)
void gemm_emulated_tiles(const Gemm& g) { multiply<AmxTile, bf16>(g); }
#else
void gemm_amx(const Gemm& g) { multiply<AmxTile, bf16>(g); }
#endif

}  // namespace thalia
