// What the processor and the operating system let a program use.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#define THALIA_X86 1
#endif

namespace thalia {

struct CpuFeatures {
  bool avx2 = false, fma = false, avx512 = false, avx512_vnni = false, avx512_bf16 = false, avx512_fp16 = false;
  bool amx_bf16 = false;       // advertised in leaf 7
  bool amx_palette = false;    // described in leaf 0x1D, without which oneDNN cannot configure tiles
  bool amx_permitted = false;  // the kernel grants tile data to this process
};

const CpuFeatures& cpu_features();

}  // namespace thalia
