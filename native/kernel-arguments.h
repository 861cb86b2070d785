// Tensors as what kernels take: memory without gaps, of a type they know.
#pragma once
#include "convert.h"
#include "kernels/kernels.h"

namespace thalia {

using MaybeTensor = std::optional<Tensor>;

inline Element element(const Tensor& t) {
  TORCH_CHECK(t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16, "kernels take f32 and bf16, not ", t.scalar_type());
  return t.scalar_type() == at::kFloat ? kF32 : kBf16;
}

// Memory of a tensor that a kernel reads or writes as rows without gaps.
inline void* rows_of(const Tensor& t, at::ScalarType type, int64_t count) {
  TORCH_CHECK(t.is_contiguous() && t.scalar_type() == type && t.numel() == count, "expected ", count, " contiguous elements of ", type,
              ", got ", t.sizes(), " of ", t.scalar_type());
  return t.data_ptr();
}
inline const void* maybe_rows_of(const MaybeTensor& t, at::ScalarType type, int64_t count) {
  return t ? rows_of(*t, type, count) : nullptr;
}

}  // namespace thalia
