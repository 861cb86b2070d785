// The machine: threads, memory, and which instruction sets oneDNN may use.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "arena.h"
#include "cpu.h"
#include "kernels/kernels.h"
#include "registry.h"

namespace thalia {

// What oneDNN was told to stay below, and why; empty where it chooses freely.
static std::string& isa_cap() {
  static std::string value;
  return value;
}

// Runs before oneDNN's first use. Some virtual machines advertise AMX but hide the palette: oneDNN then configures
// tiles from zeros and dies with SIGILL in its first bf16 matmul.
void prepare_cpu() {
  static const bool once = [] {
    const auto& f = cpu_features();
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
  r.op("cpuFeatures", []() {
    const auto& f = cpu_features();
    std::vector<std::string> names;
    if (f.avx2) names.push_back("avx2");
    if (f.avx512) names.push_back("avx512");
    if (f.avx512_vnni) names.push_back("avx512_vnni");
    if (f.avx512_bf16) names.push_back("avx512_bf16");
    if (f.avx512_fp16) names.push_back("avx512_fp16");
    if (f.amx_bf16) names.push_back("amx_bf16");
    if (f.amx_palette) names.push_back("amx_palette");
    if (f.amx_permitted) names.push_back("amx_permitted");
    return names;
  });
  r.op("isaCap", []() { return isa_cap(); });
  r.op("isa", []() { return std::string(isa_name(isa())); });
  r.op("machineIsa", []() { return std::string(isa_name(machine_isa())); });
  r.op("useIsa", [](std::string name) {
    Isa wanted;
    TORCH_CHECK(isa_named(name.c_str(), wanted) && wanted <= machine_isa(), "no instruction set ", name, " on this machine");
    use_isa(wanted);
  });
  r.op("emulateTiles", []() { emulate_tiles(); });
  r.op("emptyArena", []() { empty_arena(); });
  // Gives memory that was freed in pieces back to the system.
  r.op("trimMemory", []() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
  });
}

}  // namespace thalia
