// Making tensors, reading them, and moving them between dtypes and shapes.
#include "registry.h"

namespace thalia {

using Ints = std::vector<int64_t>;
using Tensors = std::vector<Tensor>;

static void copy_out(const Tensor& tensor, at::ScalarType type, Bytes out) {
  auto source = tensor.detach().to(at::kCPU, type).contiguous();
  TORCH_CHECK(source.nbytes() == out.size, "the tensor holds ", source.nbytes(), " bytes as ", dtype_name(type),
              ", the array ", out.size);
  std::memcpy(out.data, source.const_data_ptr(), out.size);
}

void register_tensors(Registry& r) {
  r.op("shape", [](const Tensor& t) { return t.sizes().vec(); });
  r.op("dtype", [](const Tensor& t) { return t.scalar_type(); });

  r.op("fromBytes", [](Bytes bytes, Ints shape, at::ScalarType type) {
    auto t = at::empty(shape, at::TensorOptions().dtype(type));
    TORCH_CHECK(t.nbytes() == bytes.size, "shape needs ", t.nbytes(), " bytes, got ", bytes.size);
    std::memcpy(t.data_ptr(), bytes.data, bytes.size);
    return t;
  });
  r.op("copyOut", [](const Tensor& t, at::ScalarType type, Bytes out) { copy_out(t, type, out); });
  r.op("item", [](const Tensor& t) { return t.item().toDouble(); });

  r.op("empty", [](Ints shape, at::ScalarType type) { return at::empty(shape, at::TensorOptions().dtype(type)); });
  r.op("zeros", [](Ints shape, at::ScalarType type) { return at::zeros(shape, at::TensorOptions().dtype(type)); });
  r.op("full", [](Ints shape, double value, at::ScalarType type) { return at::full(shape, value, at::TensorOptions().dtype(type)); });
  r.op("arange", [](double start, double end, double step, at::ScalarType type) { return at::arange(start, end, step, at::TensorOptions().dtype(type)); });
  r.op("zerosLike", [](const Tensor& t) { return at::zeros_like(t); });

  r.op("to", [](const Tensor& t, at::ScalarType type) { return t.to(type); });
  r.op("clone", [](const Tensor& t) { return t.clone(); });
  r.op("contiguous", [](const Tensor& t) { return t.contiguous(); });
  r.op("copy_", [](const Tensor& t, const Tensor& source) { t.copy_(source); });
  r.op("fill_", [](const Tensor& t, double value) { t.fill_(value); });

  r.op("view", [](const Tensor& t, Ints shape) { return t.view(shape); });
  r.op("reshape", [](const Tensor& t, Ints shape) { return t.reshape(shape); });
  r.op("expand", [](const Tensor& t, Ints shape) { return t.expand(shape); });
  r.op("transpose", [](const Tensor& t, int64_t a, int64_t b) { return t.transpose(a, b); });
  r.op("permute", [](const Tensor& t, Ints order) { return t.permute(order); });
  r.op("unsqueeze", [](const Tensor& t, int64_t dim) { return t.unsqueeze(dim); });
  r.op("squeeze", [](const Tensor& t, int64_t dim) { return t.squeeze(dim); });
  r.op("narrow", [](const Tensor& t, int64_t dim, int64_t start, int64_t length) { return t.narrow(dim, start, length); });
  r.op("select", [](const Tensor& t, int64_t dim, int64_t index) { return t.select(dim, index); });
  r.op("split", [](const Tensor& t, Ints sizes, int64_t dim) { return t.split_with_sizes(sizes, dim); });
  r.op("cat", [](Tensors ts, int64_t dim) { return at::cat(ts, dim); });
  r.op("stack", [](Tensors ts, int64_t dim) { return at::stack(ts, dim); });
  r.op("indexSelect", [](const Tensor& t, int64_t dim, const Tensor& index) { return t.index_select(dim, index); });
  r.op("indexCopy_", [](const Tensor& t, int64_t dim, const Tensor& index, const Tensor& source) { t.index_copy_(dim, index, source); });
  r.op("indexAdd_", [](const Tensor& t, int64_t dim, const Tensor& index, const Tensor& source) { t.index_add_(dim, index, source); });
  r.op("gather", [](const Tensor& t, int64_t dim, const Tensor& index) { return t.gather(dim, index); });
  r.op("scatterAdd_", [](const Tensor& t, int64_t dim, const Tensor& index, const Tensor& source) { t.scatter_add_(dim, index, source); });
}

}  // namespace thalia
