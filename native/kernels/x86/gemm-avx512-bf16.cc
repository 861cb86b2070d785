// The product with VDPBF16PS: twelve rows times two vectors of sixteen columns in the registers.
#include <immintrin.h>

#include "../gemm-loops.h"

namespace thalia {
namespace {

struct Avx512Bf16Tile {
  using Operand = bf16;
  static constexpr int64_t kRows = 12, kDepth = 1536;
  static constexpr bool kWhole = false;
  static void begin() {}
  static void end() {}

  template <int kCount>
  static void rows(int64_t pairs, const bf16* a, int64_t a_stride, const bf16* b, float* tile) {
    __m512 sums[kCount][2];
    for (int r = 0; r < kCount; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    for (int64_t p = 0; p < pairs; p++, b += 2 * kPanel) {
      const __m512bh b0 = (__m512bh)_mm512_loadu_si512(b), b1 = (__m512bh)_mm512_loadu_si512(b + 32);
#pragma GCC unroll 12
      for (int r = 0; r < kCount; r++) {
        int32_t pair;
        memcpy(&pair, a + r * a_stride + 2 * p, sizeof pair);
        const __m512bh both = (__m512bh)_mm512_set1_epi32(pair);
        sums[r][0] = _mm512_dpbf16_ps(sums[r][0], both, b0);
        sums[r][1] = _mm512_dpbf16_ps(sums[r][1], both, b1);
      }
    }
    for (int r = 0; r < kCount; r++) {
      _mm512_store_ps(tile + r * kPanel, sums[r][0]);
      _mm512_store_ps(tile + r * kPanel + 16, sums[r][1]);
    }
  }

  static void run(int64_t count, int64_t depth, const bf16* a, int64_t a_stride, const bf16* b, float* tile) {
    with_rows<kRows>(count, [&](auto n) { rows<decltype(n)::count>(depth / 2, a, a_stride, b, tile); });
  }
};

}  // namespace

void gemm_avx512_bf16(const Gemm& g) { multiply<Avx512Bf16Tile, bf16>(g); }

}  // namespace thalia
