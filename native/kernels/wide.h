// Vectors as wide as the registers, for sums that are held in them: the compiler keeps wider ones in memory.
#pragma once
#include "simd.h"

namespace thalia {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kWide = 16;
#elif defined(__AVX2__)
constexpr int64_t kWide = 8;
#else
constexpr int64_t kWide = 4;
#endif

typedef float wide __attribute__((vector_size(kWide * 4)));
typedef int32_t wide_int __attribute__((vector_size(kWide * 4)));
typedef uint32_t wide_bits __attribute__((vector_size(kWide * 4)));
typedef uint16_t wide_half __attribute__((vector_size(kWide * 2)));

inline wide load_wide(const float* p) {
  wide v;
  memcpy(&v, p, sizeof v);
  return v;
}
inline wide load_wide(const bf16* p) {
  wide_half v;
  memcpy(&v, p, sizeof v);
#if defined(__AVX512F__)
  return (wide)(lengthen(v) << 16);
#else
  return (wide)(__builtin_convertvector(v, wide_bits) << 16);
#endif
}

inline void store_wide(float* p, wide v) { memcpy(p, &v, sizeof v); }
inline wide splat_wide(float x) { return x - wide{}; }

}  // namespace
}  // namespace thalia
