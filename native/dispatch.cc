// Which set of kernels runs: the most the machine has, or less where it is told so.
#include "kernels/kernels.h"

#include <cstdlib>
#include <cstring>

#include "cpu.h"

namespace thalia {

namespace portable { void fill(Kernels&); }
#if defined(THALIA_X86)
namespace avx2 { void fill(Kernels&); }
namespace avx512 { void fill(Kernels&); }
void gemm_avx512_bf16(const Gemm&);
void gemm_amx(const Gemm&);
void gemm_emulated_tiles(const Gemm&);
#endif

static Kernels table_for(Isa isa) {
  Kernels k{};
#if defined(THALIA_X86)
  if (isa >= Isa::kAvx512) avx512::fill(k);
  else if (isa == Isa::kAvx2) avx2::fill(k);
  else portable::fill(k);
  if (isa == Isa::kAvx512Bf16) k.products[kBf16] = {gemm_avx512_bf16, k.pairs};
  if (isa == Isa::kAmx) k.products[kBf16] = {gemm_amx, k.pairs};
#else
  portable::fill(k);
#endif
  return k;
}

static const char* const names[] = {"portable", "avx2", "avx512", "avx512_bf16", "amx"};

const char* isa_name(Isa isa) { return names[static_cast<int>(isa)]; }

bool isa_named(const char* name, Isa& isa) {
  for (int i = 0; i < 5; i++) {
    if (std::strcmp(name, names[i])) continue;
    isa = static_cast<Isa>(i);
    return true;
  }
  return false;
}

Isa machine_isa() {
  const CpuFeatures& cpu = cpu_features();
  if (!cpu.avx2 || !cpu.fma) return Isa::kPortable;
  if (!cpu.avx512) return Isa::kAvx2;
  if (!cpu.avx512_bf16) return Isa::kAvx512;
  return cpu.amx_permitted ? Isa::kAmx : Isa::kAvx512Bf16;
}

struct Choice {
  Isa isa;
  Kernels table;
};

static Choice first_choice() {
  Isa isa = machine_isa(), wanted;
  const char* name = std::getenv("THALIA_ISA");
  if (name && isa_named(name, wanted) && wanted < isa) isa = wanted;
  return {isa, table_for(isa)};
}

static Choice& choice() {
  static Choice current = first_choice();
  return current;
}

const Kernels& kernels() { return choice().table; }
Isa isa() { return choice().isa; }
void use_isa(Isa isa) { choice() = {isa, table_for(isa)}; }

void emulate_tiles() {
#if defined(THALIA_X86)
  Kernels& table = choice().table;
  table.products[kBf16] = {gemm_emulated_tiles, table.pairs};
#endif
}

}  // namespace thalia
