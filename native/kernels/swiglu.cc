// The gated linear unit with SiLU (Shazeer 2020).
#include "kernel-set.h"
#include "simd.h"

namespace thalia::THALIA_SET {
namespace {

inline f32x16 sigmoid(f32x16 x) { return 1.f / (1.f + exp(-x)); }

template <class T>
void forward(int64_t rows, int64_t size, const void* gate_up_, void* y_) {
  const T* gate_up = (const T*)gate_up_;
  T* y = (T*)y_;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < rows; row++) {
    const T *gate = gate_up + row * 2 * size, *up = gate + size;
    for (int64_t i = 0; i < size; i += kLanes) {
      const f32x16 g = load(gate + i, size - i);
      store(y + row * size + i, g * sigmoid(g) * load(up + i, size - i), size - i);
    }
  }
}

// silu'(g) = s (1 + g (1 - s)) with s = sigmoid(g). y, which the next gradient needs, comes from the same reading.
template <class T>
void backward(int64_t rows, int64_t size, const void* gate_up_, const void* dy_, void* d_gate_up_, void* y_) {
  const T *gate_up = (const T*)gate_up_, *dy = (const T*)dy_;
  T *d_gate_up = (T*)d_gate_up_, *y = (T*)y_;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < rows; row++) {
    const T *gate = gate_up + row * 2 * size, *up = gate + size;
    T *d_gate = d_gate_up + row * 2 * size, *d_up = d_gate + size;
    for (int64_t i = 0; i < size; i += kLanes) {
      const int64_t n = size - i;
      const f32x16 g = load(gate + i, n), u = load(up + i, n), s = sigmoid(g);
      const f32x16 upstream = load(dy + row * size + i, n);
      store(d_gate + i, upstream * u * s * (1.f + g * (1.f - s)), n);
      store(d_up + i, upstream * g * s, n);
      store(y + row * size + i, g * s * u, n);
    }
  }
}

}  // namespace

void add_swiglu(Kernels& k) {
  k.swiglu[kF32] = forward<float>;
  k.swiglu[kBf16] = forward<bf16>;
  k.swiglu_backward[kF32] = backward<float>;
  k.swiglu_backward[kBf16] = backward<bf16>;
}

}  // namespace thalia::THALIA_SET
