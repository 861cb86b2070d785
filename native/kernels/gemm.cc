// Products of f32, and of bf16 as f32, where no instruction multiplies pairs of bf16.
#include "kernel-set.h"

#if defined(__AVX2__)
#include "gemm-loops.h"
#include "wide.h"
#endif

namespace thalia::THALIA_SET {

#if defined(__AVX2__)
namespace {

// As many sums as the registers hold beside a vector of each operand: kRowsAtOnce rows by kVectors vectors.
#if defined(__AVX512F__)
constexpr int64_t kRowsAtOnce = 12;
#else
constexpr int64_t kRowsAtOnce = 6;
#endif
constexpr int64_t kVectors = 2;

struct FmaTile {
  using Operand = float;
  static constexpr int64_t kRows = kRowsAtOnce, kDepth = 768;
  static constexpr bool kWhole = false;
  static void begin() {}
  static void end() {}

  template <int kCount>
  static void rows(int64_t depth, const float* a, int64_t a_stride, const float* b, float* tile) {
    wide sums[kCount][kVectors] = {};
    for (int64_t k = 0; k < depth; k++, b += kPanel) {
      const wide b0 = load_wide(b), b1 = load_wide(b + kWide);
#pragma GCC unroll 12
      for (int r = 0; r < kCount; r++) {
        const wide left = splat_wide(a[r * a_stride + k]);
        sums[r][0] += left * b0;
        sums[r][1] += left * b1;
      }
    }
    for (int r = 0; r < kCount; r++) {
      store_wide(tile + r * kPanel, sums[r][0]);
      store_wide(tile + r * kPanel + kWide, sums[r][1]);
    }
  }

  static void run(int64_t count, int64_t depth, const float* a, int64_t a_stride, const float* b, float* tile) {
    for (int64_t column = 0; column < kPanel; column += kVectors * kWide) {
      with_rows<kRows>(count, [&](auto n) { rows<decltype(n)::count>(depth, a, a_stride, b + column, tile + column); });
    }
  }
};

template <class T>
void gemm(const Gemm& g) {
  multiply<FmaTile, T>(g);
}

template <class T>
void pack(int64_t k, int64_t n, int64_t stride, const void* b_, void* packed_) {
  const T* b = (const T*)b_;
  const int64_t depth = packed_k(k);
#pragma omp parallel for schedule(static)
  for (int64_t panel = 0; panel < (n + kPanel - 1) / kPanel; panel++) {
    T* out = (T*)packed_ + panel * depth * kPanel;
    const int64_t first = panel * kPanel, width = least(kPanel, n - first);
    for (int64_t row = 0; row < depth; row++, out += kPanel) {
      if (row < k && width == kPanel) {
        memcpy(out, b + row * stride + first, kPanel * sizeof(T));
        continue;
      }
      memset(out, 0, kPanel * sizeof(T));
      if (row < k) memcpy(out, b + row * stride + first, width * sizeof(T));
    }
  }
}

inline u32x16 bits(const float* p, int64_t n) { return (u32x16)load(p, n); }
inline u32x16 bits(const bf16* p, int64_t n) { return (u32x16)load(p, n) >> 16; }
inline void put(float* p, u32x16 v) { memcpy(p, &v, sizeof v); }
inline void put(bf16* p, u32x16 v) {
  const u16x16 half = shorten(v);
  memcpy(p, &half, sizeof half);
}

template <class T>
void pack_transposed(int64_t k, int64_t n, const void* b_, void* packed_) {
  const T* b = (const T*)b_;
  const int64_t depth = packed_k(k);
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < (n + kPanel - 1) / kPanel * kPanel; first += 16) {
    T* out = (T*)packed_ + first / kPanel * depth * kPanel + first % kPanel;
    for (int64_t row = 0; row < depth; row += 16) {
      u32x16 block[16];
      for (int64_t c = 0; c < 16; c++) {
        block[c] = first + c < n && row < k ? bits(b + (first + c) * k + row, k - row) : u32x16{};
      }
      transpose_block(block);
      for (int64_t r = 0; r < 16; r++) put(out + (row + r) * kPanel, block[r]);
    }
  }
}

template <class T>
GemmKernel gemm_kernel() {
  return {gemm<T>, {pack<T>, pack_transposed<T>}};
}

}  // namespace

void add_products(Kernels& k) {
  k.products[kF32] = gemm_kernel<float>();
  k.products[kBf16] = gemm_kernel<bf16>();
}

#else

// libtorch's products are better than what a compiler makes without fused multiply-adds.
void add_products(Kernels&) {}

#endif

}  // namespace thalia::THALIA_SET
