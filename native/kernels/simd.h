// Vectors of sixteen floats, which the compiler splits where registers are shorter. Included by the files that are
// compiled once for each instruction set: all of it has internal linkage, and nothing here or there instantiates a
// template of the standard library, whose code the linker could take from the wrong set.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace thalia {
namespace {

struct bf16 {
  uint16_t bits;
};

typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

constexpr int64_t kLanes = 16;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// By the instruction where there is one: compilers make halves of it.
inline u32x16 lengthen(u16x16 v) {
#if defined(__AVX512F__)
  return (u32x16)_mm512_cvtepu16_epi32((__m256i)v);
#else
  return __builtin_convertvector(v, u32x16);
#endif
}
inline u16x16 shorten(u32x16 v) {
#if defined(__AVX512F__)
  return (u16x16)_mm512_cvtepi32_epi16((__m512i)v);
#else
  return __builtin_convertvector(v, u16x16);
#endif
}

// Less zero rather than plus: that leaves -0 as it is, and so costs nothing.
inline f32x16 splat(float x) { return x - f32x16{}; }

inline f32x16 load(const float* p) {
  f32x16 v;
  memcpy(&v, p, sizeof v);
  return v;
}
inline f32x16 load(const bf16* p) {
  u16x16 v;
  memcpy(&v, p, sizeof v);
  return (f32x16)(lengthen(v) << 16);
}

inline void store(float* p, f32x16 v) { memcpy(p, &v, sizeof v); }
// To the nearest, ties to even; what is no number stays none.
inline void store(bf16* p, f32x16 v) {
  u32x16 bits = (u32x16)v;
  bits = (bits + (0x7fffu + ((bits >> 16) & 1))) >> 16;
  bits = v == v ? bits : u32x16{} + 0x7fc0u;
  u16x16 half = shorten(bits);
  memcpy(p, &half, sizeof half);
}

// The first n of sixteen; the others are zero, or not written.
template <class T>
inline f32x16 load(const T* p, int64_t n) {
  if (n >= kLanes) return load(p);
  T buffer[kLanes] = {};
  memcpy(buffer, p, n * sizeof(T));
  return load(buffer);
}
template <class T>
inline void store(T* p, f32x16 v, int64_t n) {
  if (n >= kLanes) return store(p, v);
  T buffer[kLanes];
  store(buffer, v);
  memcpy(p, buffer, n * sizeof(T));
}

inline float get(const float* p) { return *p; }
inline float get(const bf16* p) {
  uint32_t bits = (uint32_t)p->bits << 16;
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

// Four quarters first: the scalar steps that remain are few.
typedef float f32x4 __attribute__((vector_size(16)));
inline float sum(f32x16 v) {
  f32x4 q[4];
  memcpy(q, &v, sizeof v);
  const f32x4 t = (q[0] + q[1]) + (q[2] + q[3]);
  return (t[0] + t[1]) + (t[2] + t[3]);
}
inline float largest(f32x16 v) {
  f32x4 q[4];
  memcpy(q, &v, sizeof v);
  const f32x4 a = q[0] > q[1] ? q[0] : q[1], b = q[2] > q[3] ? q[2] : q[3], t = a > b ? a : b;
  const float c = t[0] > t[1] ? t[0] : t[1], d = t[2] > t[3] ? t[2] : t[3];
  return c > d ? c : d;
}
inline f32x16 larger(f32x16 a, f32x16 b) { return a > b ? a : b; }
inline f32x16 smaller(f32x16 a, f32x16 b) { return a < b ? a : b; }

// e^r for |r| <= log(2)/2 (Cephes' expf).
inline f32x16 exp_near_zero(f32x16 r) {
  f32x16 p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * r * r + r + 1.f;
}

// e^x = 2^n e^r to about one unit in the last place; above 88.7 infinity, below -87.3 nothing to speak of, or 0.
#if defined(__AVX512F__)
inline f32x16 exp(f32x16 x) {
  // The second operand is what comes out where one is no number.
  const __m512 bounded = _mm512_min_ps(_mm512_set1_ps(90.f), _mm512_max_ps(_mm512_set1_ps(-110.f), (__m512)x));
  const f32x16 n = (f32x16)_mm512_roundscale_ps(_mm512_mul_ps(bounded, _mm512_set1_ps(1.44269504088896341f)), 0);
  f32x16 r = (f32x16)bounded - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  return (f32x16)_mm512_scalef_ps((__m512)exp_near_zero(r), (__m512)n);
}
#else
inline f32x16 exp(f32x16 x) {
  const f32x16 clamped = larger(smaller(x, splat(88.8f)), splat(-88.f));
  const f32x16 magic = splat(12582912.f);  // 1.5 * 2^23: adding it rounds to an integer
  f32x16 n = clamped * 1.44269504088896341f + magic;
  n -= magic;
  f32x16 r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  const f32x16 p = exp_near_zero(r);
  // In two halves, since 2^128 is no float.
  i32x16 whole = __builtin_convertvector(n, i32x16);
  i32x16 half = whole >> 1;
  f32x16 scaled = p * (f32x16)((half + 127) << 23) * (f32x16)((whole - half + 127) << 23);
  scaled = x > splat(88.72284f) ? splat(INFINITY) : scaled;
  scaled = x < splat(-87.33655f) ? f32x16{} : scaled;
  return x == x ? scaled : x;
}
#endif

}  // namespace
}  // namespace thalia
