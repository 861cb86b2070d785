// Reverse-mode differentiation: leaves, the mode switch, and vector-Jacobian products with given cotangents.
#include <torch/csrc/autograd/autograd.h>

#include "registry.h"

namespace thalia {

using Tensors = std::vector<Tensor>;

void register_autograd(Registry& r) {
  r.op("requiresGrad_", [](const Tensor& t, bool on) { t.set_requires_grad(on); });
  r.op("requiresGrad", [](const Tensor& t) { return t.requires_grad(); });
  r.op("detach", [](const Tensor& t) { return t.detach(); });
  // Returns the mode that was on before.
  r.op("setGradEnabled", [](bool on) {
    bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(on);
    return before;
  });
  // An input that no output depends on comes back undefined.
  r.op("vjp", [](Tensors outputs, Tensors inputs, Tensors cotangents, bool retain) {
    auto grads = torch::autograd::grad(outputs, inputs, cotangents, retain, false, true);
    std::vector<std::optional<Tensor>> result;
    for (auto& g : grads) result.push_back(g.defined() ? std::optional<Tensor>(std::move(g)) : std::nullopt);
    return result;
  });
}

}  // namespace thalia
