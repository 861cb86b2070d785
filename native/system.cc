// The machine: threads, memory, and which instruction sets oneDNN may use.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "registry.h"

namespace thalia {

struct CpuFeatures {
  bool avx2 = false, avx512 = false, avx512_vnni = false, avx512_bf16 = false, avx512_fp16 = false;
  bool amx_bf16 = false;      // advertised in leaf 7
  bool amx_palette = false;   // described in leaf 0x1D, without which oneDNN cannot configure tiles
};

static CpuFeatures detect() {
  CpuFeatures f;
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    f.avx2 = b & (1u << 5);
    f.avx512 = (b & (1u << 16)) && (b & (1u << 30));
    f.avx512_vnni = c & (1u << 11);
    f.avx512_fp16 = d & (1u << 23);
    f.amx_bf16 = (d & (1u << 22)) && (d & (1u << 24));
  }
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) f.avx512_bf16 = a & (1u << 5);
  // Leaf 0x1D subleaf 0: EAX is the highest palette; 0 or no such leaf means none.
  if (__get_cpuid_count(0x1D, 0, &a, &b, &c, &d)) f.amx_palette = a >= 1;
#endif
  return f;
}

// What oneDNN was told to stay below, and why; empty where it chooses freely.
static std::string& isa_cap() {
  static std::string value;
  return value;
}

// Runs before oneDNN's first use. Some virtual machines advertise AMX but hide the palette: oneDNN then configures
// tiles from zeros and dies with SIGILL in its first bf16 matmul.
void prepare_cpu() {
  static const bool once = [] {
    auto f = detect();
    if (f.amx_bf16 && !f.amx_palette && !std::getenv("ONEDNN_MAX_CPU_ISA")) {
      isa_cap() = f.avx512_bf16   ? "AVX512_CORE_BF16"
                  : f.avx512_vnni ? "AVX512_CORE_VNNI"
                  : f.avx512      ? "AVX512_CORE"
                                  : "AVX2";
      setenv("ONEDNN_MAX_CPU_ISA", isa_cap().c_str(), 0);
    }
    return true;
  }();
  (void)once;
}

void register_system(Registry& r) {
  r.op("setThreads", [](int64_t count) { at::set_num_threads(static_cast<int>(count)); });
  r.op("threads", []() { return static_cast<int64_t>(at::get_num_threads()); });
  r.op("cpuCapability", []() { return at::get_cpu_capability(); });
  r.op("torchVersion", []() { return std::string(TORCH_VERSION); });
  r.op("torchBuild", []() { return at::show_config(); });
  r.op("cpuFeatures", []() {
    auto f = detect();
    std::vector<std::string> names;
    if (f.avx2) names.push_back("avx2");
    if (f.avx512) names.push_back("avx512");
    if (f.avx512_vnni) names.push_back("avx512_vnni");
    if (f.avx512_bf16) names.push_back("avx512_bf16");
    if (f.avx512_fp16) names.push_back("avx512_fp16");
    if (f.amx_bf16) names.push_back("amx_bf16");
    if (f.amx_palette) names.push_back("amx_palette");
    return names;
  });
  r.op("isaCap", []() { return isa_cap(); });
  // Gives freed memory back to the system.
  r.op("trimMemory", []() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
  });
}

}  // namespace thalia
