// Turns a captureless lambda into an exported function: one line an operator, arguments converted by their types.
#pragma once
#include "convert.h"

namespace thalia {

[[noreturn]] inline void throw_to_js(Napi::Env env, const std::string& name, const std::string& message) {
  // The error object is made by JavaScript, so that it carries the caller's stack.
  auto error = environment_of(env).make_error.Call({Napi::String::New(env, name), Napi::String::New(env, message)});
  throw Napi::Error(env, error);
}

template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const> {
  using Result = R;
  using Arguments = std::tuple<std::decay_t<A>...>;
};

template <class F, size_t... I>
Napi::Value invoke(const Napi::CallbackInfo& info, std::index_sequence<I...>) {
  using Result = typename Signature<F>::Result;
  using Arguments = typename Signature<F>::Arguments;
  if constexpr (std::is_void_v<Result>) {
    F{}(Js<std::tuple_element_t<I, Arguments>>::from(info[I])...);
    return info.Env().Undefined();
  } else {
    return Js<Result>::to(info.Env(), F{}(Js<std::tuple_element_t<I, Arguments>>::from(info[I])...));
  }
}

template <class F>
Napi::Value trampoline(const Napi::CallbackInfo& info) {
  const char* name = static_cast<const char*>(info.Data());
  try {
    using Arguments = typename Signature<F>::Arguments;
    return invoke<F>(info, std::make_index_sequence<std::tuple_size_v<Arguments>>{});
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw_to_js(info.Env(), name, error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw_to_js(info.Env(), name, error.what());
  }
}

class Registry {
 public:
  explicit Registry(Napi::Object exports) : exports_(exports) {}

  template <class F>
  void op(const char* name, F) {
    static_assert(std::is_empty_v<F>, "an operator captures nothing");
    exports_.Set(name, Napi::Function::New<&trampoline<F>>(exports_.Env(), name, const_cast<char*>(name)));
  }

 private:
  Napi::Object exports_;
};

void register_tensors(Registry& registry);
void register_operators(Registry& registry);
void register_autograd(Registry& registry);
void register_system(Registry& registry);
void register_kernels(Registry& registry);
void register_head(Registry& registry);
void register_attention(Registry& registry);

}  // namespace thalia
