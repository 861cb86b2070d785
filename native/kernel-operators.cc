// The hand-written kernels as operators on tensors, and libtorch's product where there is no kernel for it.
#include "kernel-arguments.h"
#include "registry.h"

namespace thalia {

// Scratch that keeps its pages between calls of one thread.
static void* scratch(int64_t bytes) {
  static thread_local Tensor memory;
  if (!memory.defined() || memory.numel() < bytes) memory = at::empty({bytes}, at::kByte);
  return memory.data_ptr();
}

// The kernel that multiplies rows of x's type and length k; null: libtorch does.
static const GemmKernel* product_of(const Tensor& x, int64_t k) {
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return nullptr;
  const GemmKernel& product = kernels().products[element(x)];
  return product.gemm && k % kPackedK == 0 ? &product : nullptr;
}

// The same for products whose operands are laid out for one call: libtorch's of f32 are as good at these.
static const GemmKernel* gradient_product_of(const Tensor& x, int64_t k) {
  return x.scalar_type() == at::kFloat ? nullptr : product_of(x, k);
}

// ---- products. weight [n, k], x [..., k], y [..., n]; packed: `packWeight` of the weight.

// The operand of x weight^T: as it was packed, or packed now.
static const void* operand(const GemmKernel& product, const Tensor& weight, MaybeTensor packed) {
  const int64_t n = weight.size(0), k = weight.size(1);
  const auto type = weight.scalar_type();
  if (packed) return rows_of(*packed, type, packed_size(k, n));
  void* own = scratch(packed_size(k, n) * weight.element_size());
  product.packing.pack_transposed(k, n, rows_of(weight, type, n * k), own);
  return own;
}

constexpr auto linear_forward = [](const Tensor& x, const Tensor& weight, MaybeTensor packed, MaybeTensor bias, MaybeTensor residual) -> Tensor {
  const int64_t n = weight.size(0), k = weight.size(1), m = x.numel() / k;
  const GemmKernel* product = product_of(x, k);
  if (!product) {
    auto y = at::linear(x, weight, bias);
    return residual ? y.add_(*residual) : y;
  }
  auto shape = x.sizes().vec();
  shape.back() = n;
  auto y = at::empty(shape, x.options());
  const auto type = x.scalar_type();
  product->gemm({m, n, k, rows_of(x, type, m * k), k, 0, operand(*product, weight, packed), y.data_ptr(), element(x), false,
                 maybe_rows_of(bias, type, n), maybe_rows_of(residual, type, m * n)});
  return y;
};

// out [..., n] f32 = x weight^T, whose sums are not rounded to the type of x and weight.
constexpr auto linear_f32 = [](const Tensor& out, const Tensor& x, const Tensor& weight, MaybeTensor packed) {
  const int64_t n = weight.size(0), k = weight.size(1), m = x.numel() / k;
  void* c = rows_of(out, at::kFloat, m * n);
  const GemmKernel* product = product_of(x, k);
  if (!product) {
    auto rows = out.view({m, n});
    if (x.scalar_type() == at::kFloat) at::mm_out(rows, x.reshape({m, k}), weight.t());
    else rows.copy_(at::linear(x.reshape({m, k}), weight));
    return;
  }
  product->gemm({m, n, k, rows_of(x, x.scalar_type(), m * k), k, 0, operand(*product, weight, packed), c, kF32, false, nullptr, nullptr});
};

// packed: `packWeightBackward` of the weight.
constexpr auto linear_input_gradient = [](const Tensor& dy, const Tensor& weight, MaybeTensor packed) -> Tensor {
  const int64_t n = weight.size(0), k = weight.size(1), m = dy.numel() / n;
  const GemmKernel* product = gradient_product_of(dy, n);
  if (!product) return at::matmul(dy, weight);
  auto shape = dy.sizes().vec();
  shape.back() = k;
  auto dx = at::empty(shape, dy.options());
  const auto type = dy.scalar_type();
  const void* b;
  if (packed) {
    b = rows_of(*packed, type, packed_size(n, k));
  } else {
    void* own = scratch(packed_size(n, k) * dy.element_size());
    product->packing.pack(n, k, k, rows_of(weight, type, n * k), own);
    b = own;
  }
  product->gemm({m, k, n, rows_of(dy, type, m * n), n, 0, b, dx.data_ptr(), element(dy), false, nullptr, nullptr});
  return dx;
};

// gradient [n, k] f32 += dy^T x, dy [m, n], x [m, k]
constexpr auto linear_weight_gradient = [](const Tensor& gradient, const Tensor& dy, const Tensor& x) {
  const int64_t n = gradient.size(0), k = gradient.size(1), m = x.numel() / k;
  rows_of(gradient, at::kFloat, n * k);
  const GemmKernel* product = gradient_product_of(x, kPackedK);
  if (!product) {
    auto a = dy.reshape({m, n}).t(), b = x.reshape({m, k});
    if (x.scalar_type() == at::kFloat) gradient.addmm_(a, b);
    else gradient.add_(at::mm(a, b));
    return;
  }
  const auto type = x.scalar_type();
  const int64_t size = x.element_size();
  const auto* dy_rows = static_cast<const char*>(rows_of(dy, type, m * n));
  const auto* x_rows = static_cast<const char*>(rows_of(x, type, m * k));
  constexpr int64_t kRows = 1536;
  for (int64_t row = 0; row < m; row += kRows) {
    const int64_t rows = std::min(kRows, m - row), depth = packed_k(rows);
    void* packed = scratch(packed_size(rows, k) * size);
    product->packing.pack(rows, k, k, x_rows + row * k * size, packed);
    product->gemm({n, k, depth, dy_rows + row * n * size, n, rows, packed, gradient.data_ptr(), kF32, true, nullptr, nullptr});
  }
};

void register_kernels(Registry& r) {
  r.op("packWeight", [](const Tensor& weight) -> std::optional<Tensor> {
    const int64_t n = weight.size(0), k = weight.size(1);
    const GemmKernel* product = product_of(weight, k);
    if (!product) return std::nullopt;
    auto packed = at::empty({packed_size(k, n)}, weight.options());
    product->packing.pack_transposed(k, n, rows_of(weight, weight.scalar_type(), n * k), packed.data_ptr());
    return packed;
  });
  r.op("packWeightBackward", [](const Tensor& weight) -> std::optional<Tensor> {
    const int64_t n = weight.size(0), k = weight.size(1);
    const GemmKernel* product = gradient_product_of(weight, n);
    if (!product) return std::nullopt;
    auto packed = at::empty({packed_size(n, k)}, weight.options());
    product->packing.pack(n, k, k, rows_of(weight, weight.scalar_type(), n * k), packed.data_ptr());
    return packed;
  });
  r.op("linearForward", linear_forward);
  r.op("linearF32_", linear_f32);
  r.op("linearInputGradient", linear_input_gradient);
  r.op("linearWeightGradient_", linear_weight_gradient);
  r.op("columnSums_", [](const Tensor& sums, const Tensor& x) {
    const int64_t n = sums.numel();
    kernels().column_sums[element(x)](x.numel() / n, n, rows_of(x, x.scalar_type(), x.numel()), static_cast<float*>(rows_of(sums, at::kFloat, n)));
  });

  // x [rows, groups * size], rows perhaps further apart; y has no gaps.
  r.op("rmsNormForward", [](const Tensor& x, const Tensor& weight, double epsilon) {
    const int64_t size = weight.numel(), rows = x.size(0), width = x.size(1);
    TORCH_CHECK(x.dim() == 2 && x.stride(1) == 1 && width % size == 0, "rmsNorm of ", x.sizes(), " by ", size);
    auto y = at::empty({rows, width}, x.options());
    kernels().rms_norm[element(x)]({rows, width / size, size, x.stride(0), width, epsilon}, x.data_ptr(), rows_of(weight, x.scalar_type(), size), y.data_ptr());
    return y;
  });
  r.op("rmsNormBackward", [](const Tensor& x, const Tensor& weight, const Tensor& dy, MaybeTensor add, MaybeTensor weight_gradient, double epsilon) {
    const int64_t size = weight.numel(), rows = x.size(0), width = x.size(1);
    const auto type = x.scalar_type();
    TORCH_CHECK(x.dim() == 2 && x.stride(1) == 1 && width % size == 0, "rmsNorm of ", x.sizes(), " by ", size);
    auto dx = at::empty({rows, width}, x.options());
    kernels().rms_norm_backward[element(x)]({rows, width / size, size, x.stride(0), width, epsilon}, x.data_ptr(), rows_of(weight, type, size),
                                            rows_of(dy, type, rows * width), maybe_rows_of(add, type, rows * width), dx.data_ptr(),
                                            weight_gradient ? static_cast<float*>(rows_of(*weight_gradient, at::kFloat, size)) : nullptr);
    return dx;
  });
  // x [rows, width]: the first `heads` vectors of 2 cos.size(1) in each row
  r.op("rope_", [](const Tensor& x, int64_t heads, const Tensor& positions, const Tensor& cos, const Tensor& sin, bool back) {
    const int64_t rows = x.size(0), half = cos.size(1), count = cos.numel();
    TORCH_CHECK(x.dim() == 2 && x.stride(1) == 1 && heads * half * 2 <= x.size(1), "rope of ", x.sizes());
    kernels().rope[element(x)](rows, heads, 2 * half, x.stride(0), static_cast<const int64_t*>(rows_of(positions, at::kLong, rows)),
                               static_cast<const float*>(rows_of(cos, at::kFloat, count)), static_cast<const float*>(rows_of(sin, at::kFloat, count)),
                               back ? -1 : 1, x.data_ptr());
  });
  r.op("swigluForward", [](const Tensor& gate_up) {
    const int64_t size = gate_up.size(1) / 2, rows = gate_up.size(0);
    auto y = at::empty({rows, size}, gate_up.options());
    kernels().swiglu[element(gate_up)](rows, size, rows_of(gate_up, gate_up.scalar_type(), 2 * rows * size), y.data_ptr());
    return y;
  });
  r.op("swigluBackward", [](const Tensor& gate_up, const Tensor& dy) {
    const int64_t size = gate_up.size(1) / 2, rows = gate_up.size(0);
    auto d_gate_up = at::empty_like(gate_up), y = at::empty_like(dy);
    kernels().swiglu_backward[element(gate_up)](rows, size, rows_of(gate_up, gate_up.scalar_type(), 2 * rows * size),
                                                rows_of(dy, gate_up.scalar_type(), rows * size), d_gate_up.data_ptr(), y.data_ptr());
    return std::tuple(d_gate_up, y);
  });
}

}  // namespace thalia
