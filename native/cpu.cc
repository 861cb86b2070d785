#include "cpu.h"

#if defined(THALIA_X86)
#include <cpuid.h>
#endif
#if defined(THALIA_X86) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace thalia {

#if defined(THALIA_X86)
// The registers that the operating system saves: without that, an instruction set is not usable however advertised.
static unsigned long long saved_state() {
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long long)high << 32 | low;
}

static bool ask_for_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

static CpuFeatures detect() {
  CpuFeatures f;
#if defined(THALIA_X86)
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return f;
  const auto state = saved_state();
  const bool ymm = (state & 0x6) == 0x6, zmm = (state & 0xe6) == 0xe6, tiles = (state & 0x60000) == 0x60000;
  f.fma = ymm && (c & (1u << 12));
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    f.avx2 = ymm && (b & (1u << 5));
    // F, DQ, CD, BW and VL: what x86-64-v4 means.
    const unsigned v4 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    f.avx512 = zmm && (b & v4) == v4;
    f.avx512_vnni = zmm && (c & (1u << 11));
    f.avx512_fp16 = zmm && (d & (1u << 23));
    f.amx_bf16 = (d & (1u << 22)) && (d & (1u << 24));
  }
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) f.avx512_bf16 = zmm && (a & (1u << 5));
  // Leaf 0x1D subleaf 0: EAX is the highest palette; 0 or no such leaf means none.
  if (__get_cpuid_count(0x1D, 0, &a, &b, &c, &d)) f.amx_palette = a >= 1;
  f.amx_permitted = f.amx_bf16 && tiles && ask_for_tiles();
#endif
  return f;
}

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

}  // namespace thalia
