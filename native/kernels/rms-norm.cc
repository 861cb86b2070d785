// Root-mean-square normalisation (Zhang and Sennrich 2019).
#include "kernel-set.h"
#include "simd.h"

namespace thalia::THALIA_SET {
namespace {

template <class T>
float inverse_rms(const T* x, const RmsNorm& n) {
  f32x16 squares = {};
  for (int64_t i = 0; i < n.size; i += kLanes) {
    const f32x16 v = load(x + i, n.size - i);
    squares += v * v;
  }
  return 1.f / sqrtf(sum(squares) / n.size + (float)n.epsilon);
}

template <class T>
void forward(const RmsNorm& n, const void* x_, const void* weight_, void* y_) {
  const T *x = (const T*)x_, *weight = (const T*)weight_;
  T* y = (T*)y_;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < n.rows; row++) {
    for (int64_t group = 0; group < n.groups; group++) {
      const T* in = x + row * n.x_stride + group * n.size;
      T* out = y + row * n.y_stride + group * n.size;
      const float r = inverse_rms(in, n);
      for (int64_t i = 0; i < n.size; i += kLanes) {
        store(out + i, load(in + i, n.size - i) * r * load(weight + i, n.size - i), n.size - i);
      }
    }
  }
}

// With r = 1 / rms and g = dy weight: dx = r (g - x r^2 mean(g x)); d(weight) = dy x r.
template <class T>
void backward(const RmsNorm& n, const void* x_, const void* weight_, const void* dy_, const void* add_, void* dx_,
              float* weight_gradient) {
  const T *x = (const T*)x_, *weight = (const T*)weight_, *dy = (const T*)dy_, *add = (const T*)add_;
  T* dx = (T*)dx_;
  // The rows of a part are summed by one thread, in their order, whatever the number of threads.
  constexpr int64_t kParts = 16;
  const int64_t width = (n.size + kLanes - 1) / kLanes * kLanes;
  float* sums = new float[kParts * width]();
#pragma omp parallel for schedule(static)
  for (int64_t part = 0; part < kParts; part++) {
    float* own = sums + part * width;
    for (int64_t row = n.rows * part / kParts; row < n.rows * (part + 1) / kParts; row++) {
      for (int64_t group = 0; group < n.groups; group++) {
        const T* in = x + row * n.x_stride + group * n.size;
        const int64_t at = row * n.y_stride + group * n.size;
        const float r = inverse_rms(in, n);
        f32x16 products = {};
        for (int64_t i = 0; i < n.size; i += kLanes) {
          const int64_t m = n.size - i;
          const f32x16 upstream = load(dy + at + i, m), value = load(in + i, m);
          products += upstream * load(weight + i, m) * value;
          store(own + i, load(own + i) + upstream * value * r);
        }
        const float mean = sum(products) / n.size * r * r;
        for (int64_t i = 0; i < n.size; i += kLanes) {
          const int64_t m = n.size - i;
          f32x16 gradient = r * (load(dy + at + i, m) * load(weight + i, m) - load(in + i, m) * mean);
          if (add) gradient += load(add + at + i, m);
          store(dx + at + i, gradient, m);
        }
      }
    }
  }
  for (int64_t part = 0; weight_gradient && part < kParts; part++) {
    for (int64_t i = 0; i < n.size; i++) weight_gradient[i] += sums[part * width + i];
  }
  delete[] sums;
}

}  // namespace

void add_rms_norm(Kernels& k) {
  k.rms_norm[kF32] = forward<float>;
  k.rms_norm[kBf16] = forward<bf16>;
  k.rms_norm_backward[kF32] = backward<float>;
  k.rms_norm_backward[kBf16] = backward<bf16>;
}

}  // namespace thalia::THALIA_SET
