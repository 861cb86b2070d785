// Rotary position embedding (Su et al. 2021), halves rotated against each other.
#include "kernel-set.h"
#include "simd.h"

namespace thalia::THALIA_SET {
namespace {

template <class T>
void rotate(int64_t rows, int64_t heads, int64_t size, int64_t stride, const int64_t* position, const float* cos,
            const float* sin, int direction, void* x_) {
  T* x = (T*)x_;
  const int64_t half = size / 2;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < rows; row++) {
    const float *c = cos + position[row] * half, *s = sin + position[row] * half;
    for (int64_t head = 0; head < heads; head++) {
      T* v = x + row * stride + head * size;
      for (int64_t i = 0; i < half; i += kLanes) {
        const int64_t n = half - i;
        const f32x16 a = load(v + i, n), b = load(v + half + i, n);
        const f32x16 cosine = load(c + i, n), sine = load(s + i, n) * (float)direction;
        store(v + i, a * cosine - b * sine, n);
        store(v + half + i, b * cosine + a * sine, n);
      }
    }
  }
}

}  // namespace

void add_rope(Kernels& k) {
  k.rope[kF32] = rotate<float>;
  k.rope[kBf16] = rotate<bf16>;
}

}  // namespace thalia::THALIA_SET
