// The tile instructions under names of our own: the processor's, or, for testing the loops on a machine without them,
// the same in software (THALIA_EMULATED_TILES). A tile is 16 rows of 64 bytes.
#pragma once
#include <stdint.h>
#include <string.h>

#if !defined(THALIA_EMULATED_TILES)
#include <immintrin.h>
#endif

namespace thalia {
namespace {

constexpr int64_t kTileRows = 16, kTileBytes = 64;

#if defined(THALIA_EMULATED_TILES)

alignas(64) thread_local uint8_t tiles[8][kTileRows][kTileBytes];

inline void begin_tiles() {}
inline void end_tiles() {}
template <int T>
inline void zero_tile() {
  memset(tiles[T], 0, sizeof tiles[T]);
}
template <int T>
inline void load_tile(const void* p, int64_t stride) {
  for (int64_t r = 0; r < kTileRows; r++) memcpy(tiles[T][r], (const uint8_t*)p + r * stride, kTileBytes);
}
template <int T>
inline void store_tile(void* p, int64_t stride) {
  for (int64_t r = 0; r < kTileRows; r++) memcpy((uint8_t*)p + r * stride, tiles[T][r], kTileBytes);
}
inline float bf16_value(const uint8_t* p) {
  uint16_t half;
  memcpy(&half, p, 2);
  const uint32_t bits = (uint32_t)half << 16;
  float v;
  memcpy(&v, &bits, 4);
  return v;
}
// c [16, 16] f32 += a [16, 32] b, b in pairs [16, 16, 2]
template <int C, int A, int B>
inline void multiply_tiles() {
  for (int64_t r = 0; r < 16; r++) {
    float c[16];
    memcpy(c, tiles[C][r], sizeof c);
    for (int64_t k = 0; k < 32; k++) {
      for (int64_t n = 0; n < 16; n++) c[n] += bf16_value(tiles[A][r] + 2 * k) * bf16_value(tiles[B][k / 2] + 4 * n + 2 * (k % 2));
    }
    memcpy(tiles[C][r], c, sizeof c);
  }
}

#else

// Every thread has a configuration of its own.
inline void begin_tiles() {
  struct __attribute__((packed)) {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes[16] = {};
    uint8_t rows[16] = {};
  } config;
  for (int t = 0; t < 8; t++) {
    config.bytes[t] = kTileBytes;
    config.rows[t] = kTileRows;
  }
  // GCC 12 takes only the first 8 bytes as read and drops the other stores.
  asm volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig(&config);
}
inline void end_tiles() { _tile_release(); }

// The intrinsics are macros that want a number.
#define THALIA_TILE_SWITCH(T, DO) \
  if constexpr (T == 0) DO(0);    \
  else if constexpr (T == 1) DO(1); \
  else if constexpr (T == 2) DO(2); \
  else if constexpr (T == 3) DO(3); \
  else if constexpr (T == 4) DO(4); \
  else if constexpr (T == 5) DO(5); \
  else if constexpr (T == 6) DO(6); \
  else DO(7)

template <int T>
inline void zero_tile() {
#define THALIA_DO(N) _tile_zero(N)
  THALIA_TILE_SWITCH(T, THALIA_DO);
#undef THALIA_DO
}
template <int T>
inline void load_tile(const void* p, int64_t stride) {
#define THALIA_DO(N) _tile_loadd(N, p, stride)
  THALIA_TILE_SWITCH(T, THALIA_DO);
#undef THALIA_DO
}
template <int T>
inline void store_tile(void* p, int64_t stride) {
#define THALIA_DO(N) _tile_stored(N, p, stride)
  THALIA_TILE_SWITCH(T, THALIA_DO);
#undef THALIA_DO
}
template <int C, int A, int B>
inline void multiply_tiles() {
  if constexpr (C == 0) _tile_dpbf16ps(0, 4, 6);
  else if constexpr (C == 1) _tile_dpbf16ps(1, 4, 7);
  else if constexpr (C == 2) _tile_dpbf16ps(2, 5, 6);
  else _tile_dpbf16ps(3, 5, 7);
}

#endif

}  // namespace
}  // namespace thalia
