// Sums over rows: the gradient of a bias.
#include "kernel-set.h"
#include "simd.h"

namespace thalia::THALIA_SET {
namespace {

template <class T>
void add(int64_t rows, int64_t columns, const void* x_, float* sums) {
  const T* x = (const T*)x_;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < columns; i += kLanes) {
    const int64_t n = columns - i;
    f32x16 total = {};
    for (int64_t row = 0; row < rows; row++) total += load(x + row * columns + i, n);
    store(sums + i, load(sums + i, n) + total, n);
  }
}

}  // namespace

void add_column_sums(Kernels& k) {
  k.column_sums[kF32] = add<float>;
  k.column_sums[kBf16] = add<bf16>;
}

}  // namespace thalia::THALIA_SET
