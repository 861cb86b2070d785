// The hand-written kernels: plain functions over memory, one set for each instruction set, chosen at run time.
// Every kernel takes rows that lie one after the other, and spreads its work over OpenMP's threads so that the result
// does not depend on how many there are.
#pragma once
#include <cstdint>

namespace thalia {

// Type of activations and weights; sums, statistics and gradients of parameters are f32 always.
enum Element : int { kF32 = 0, kBf16 = 1, kElements = 2 };

// Instruction sets from the least to the most. `kPortable` is what the compiler makes for any machine of the kind.
enum class Isa : int { kPortable, kAvx2, kAvx512, kAvx512Bf16, kAmx };

struct RmsNorm {
  int64_t rows, groups, size;  // each row holds `groups` vectors of `size` that are normalised by themselves
  int64_t x_stride, y_stride;  // elements from a row to the next; a row's groups lie one after the other
  double epsilon;
};

// c = a b (+ bias) (+ residual), or c += a b. a is [m, k], b is packed (see `Packing`), sums are f32.
struct Gemm {
  int64_t m, n, k;  // k a multiple of kPackedK
  const void* a;
  int64_t a_stride;
  int64_t a_depth;  // 0; or a is the transpose of [a_depth, m], which stands for k rows, the last of them zeros
  const void* b;
  void* c;  // [m, n] of c_type: f32, or the type of the operands
  Element c_type;
  bool accumulate;        // f32 alone
  const void* bias;       // [n] of the operands' type, or null
  const void* residual;   // [m, n] of the operands' type, or null
};
// b lies in panels of kPanel columns. A panel is [k][kPanel], or [k / 2][kPanel][2] for instructions that multiply pairs.
constexpr int64_t kPanel = 32, kPackedK = 32;
constexpr int64_t packed_k(int64_t k) { return (k + kPackedK - 1) / kPackedK * kPackedK; }
constexpr int64_t packed_size(int64_t k, int64_t n) { return packed_k(k) * ((n + kPanel - 1) / kPanel * kPanel); }

// A row of logits z [rows, vocabulary] f32 stands for the distribution p = softmax(scale z).
struct Logits {
  int64_t rows, vocabulary;
  const float* z;
  float scale;  // 1 / temperature
};

// d(loss)/dz from what the loss depends on: log p[target], the entropy of p, and sum_v h_v p_v (log p_v - log q_v).
struct LogitGradient {
  Logits p;
  const int64_t* targets;
  const float* d_logprob;     // [rows], as the other cotangents
  const float* d_entropy;     // or null
  const float* d_divergence;  // or null: then q and head are not read
  const float* q;             // the other model's logits, a constant
  const float* head;          // h: 1 for the tokens that the divergence is over, 0 for the others; null: over all
};

struct Draw {
  Logits from;            // scale: of the distribution that is drawn from
  const float* uniforms;  // [rows] in [0, 1); null: the most likely token
};

// Causal attention over packed rows [q heads | k heads | v heads], rotated: a prompt's row sees the prompt up to itself, a
// completion's row all of its prompt and its own completion up to itself. Spans are pairs (first row, length).
struct Attention {
  int64_t rows, heads, kv_heads, size;  // query head h reads key-value head h / (heads / kv_heads)
  int64_t prompts, completions;
  const int32_t* prompt_spans;      // [prompts, 2]
  const int32_t* completion_spans;  // [completions, 2], those of one prompt after those of the one before
  const int32_t* offsets;           // [prompts + 1]: prompt g has completions offsets[g] .. offsets[g + 1] - 1
};

// One new token for each of `rows` rows, which see their prompt, the tokens in their slot of the cache, and themselves.
struct DecodeAttention {
  int64_t rows, heads, kv_heads, size;
  int64_t prompts;
  const int32_t* prompt_spans;  // [prompts, 2]: first row and length in prompt_kv
  const int32_t* offsets;       // [prompts + 1]: prompt g has rows offsets[g] .. offsets[g + 1] - 1
  const void* prompt_kv;        // [.., 2 kv_heads size]: a row holds its keys, then its values
  const int32_t* slots;         // [rows]
  int64_t columns, column;      // tokens that a slot has room for, a multiple of kCacheBlock, and those it holds already
  void* keys;                   // [slots, kv_heads, columns / kCacheBlock, size, kCacheBlock]
  void* values;                 // [slots, kv_heads, columns, cache_width(size)]
};
constexpr int64_t kCacheBlock = 16;
constexpr int64_t cache_width(int64_t size) { return (size + 15) / 16 * 16; }

// How operands are laid out for a product.
struct Packing {
  // Packs b [k, n] (rows `stride` apart), k filled up with zeros.
  void (*pack)(int64_t k, int64_t n, int64_t stride, const void* b, void* packed);
  // Packs the transpose of b [n, k].
  void (*pack_transposed)(int64_t k, int64_t n, const void* b, void* packed);
};

struct GemmKernel {
  // Null where the set has no product of the type: libtorch's is used then.
  void (*gemm)(const Gemm&);
  Packing packing;
};

struct Kernels {
  GemmKernel products[kElements];
  // Of bf16, in pairs.
  Packing pairs;

  // y = x / sqrt(mean(x^2) + epsilon) * weight
  void (*rms_norm[kElements])(const RmsNorm&, const void* x, const void* weight, void* y);
  // dx = add + d(loss)/dx (add may be null, or dx itself); weight_gradient += d(loss)/d(weight)
  void (*rms_norm_backward[kElements])(const RmsNorm&, const void* x, const void* weight, const void* dy, const void* add,
                                       void* dx, float* weight_gradient);

  // Rotates the pairs (i, i + size/2) of a row's first `heads` vectors in place by the angles of its position;
  // cos and sin: [positions, size/2]. direction -1 rotates back, which is the gradient.
  void (*rope[kElements])(int64_t rows, int64_t heads, int64_t size, int64_t stride, const int64_t* position, const float* cos,
                          const float* sin, int direction, void* x);

  // gate_up [rows, 2 size] -> y [rows, size] = silu(gate) * up
  void (*swiglu[kElements])(int64_t rows, int64_t size, const void* gate_up, void* y);
  // gives y again
  void (*swiglu_backward[kElements])(int64_t rows, int64_t size, const void* gate_up, const void* dy, void* d_gate_up, void* y);

  // qkv -> out [rows, heads size], and lse [rows, heads]: log of the sum of e^score
  void (*attention[kElements])(const Attention&, const void* qkv, void* out, float* lse);
  // Writes every element of d_qkv.
  void (*attention_backward[kElements])(const Attention&, const void* qkv, const void* out, const void* d_out, const float* lse,
                                        void* d_qkv);
  // Writes the new keys and values at `column` of the cache, and out [rows, heads size].
  void (*decode_attention[kElements])(const DecodeAttention&, const void* qkv, void* out);

  // sums[column] += the column's sum
  void (*column_sums[kElements])(int64_t rows, int64_t columns, const void* x, float* sums);

  // Per row: log p[target], and the entropy of p, nats.
  void (*logit_statistics)(const Logits&, const int64_t* targets, float* logprob, float* entropy);
  // Per row: KL(p || q) and KL(q || p), nats; q [rows, vocabulary] are logits too.
  void (*logit_divergences)(const Logits& p, const float* q, float* divergence, float* reverse);
  // gradient [rows, vocabulary]; in f32 it may be the logits' own memory.
  void (*logit_gradient[kElements])(const LogitGradient&, void* gradient);
  // Per row: a token, its log-probability as drawn, and the one of scale 1. NaN in both where the row is no distribution.
  void (*draw)(const Draw&, int64_t* tokens, float* drawn_logprob, float* logprob);
};

// The set in use.
const Kernels& kernels();

Isa isa();
const char* isa_name(Isa isa);
bool isa_named(const char* name, Isa& isa);

// The most that this machine has. `isa` begins there, or lower where the environment says so in THALIA_ISA.
Isa machine_isa();
// Chooses a set from here on; for tests and comparisons.
void use_isa(Isa isa);
// Until the next use_isa, products run AMX's loops with tiles in software: for tests on machines without AMX.
void emulate_tiles();

}  // namespace thalia
