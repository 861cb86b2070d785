// JavaScript values to C++ arguments and results back. One specialisation a type; operators never touch Node-API.
#pragma once
#include <ATen/ATen.h>
#include <napi.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace thalia {

using at::Tensor;

// What belongs to one Node environment (the main thread, or one worker).
struct Environment {
  Napi::FunctionReference make_error;
  int64_t live_tensors = 0;
};

inline Environment& environment_of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

// The native side of a JavaScript tensor: a reference, and the bytes reported to the garbage collector for it.
struct Handle {
  Tensor tensor;
  int64_t reported_bytes = 0;
  Environment* owner = nullptr;

  void release(Napi::Env env) {
    if (!tensor.defined()) return;
    tensor.reset();
    if (reported_bytes) Napi::MemoryManagement::AdjustExternalMemory(env, -reported_bytes);
    owner->live_tensors--;
  }
};

inline Napi::Value wrap(Napi::Env env, Tensor tensor) {
  auto* handle = new Handle{std::move(tensor)};
  // A view shares its storage: only a tensor that owns its bytes alone reports them.
  if (handle->tensor.has_storage() && handle->tensor.storage().use_count() == 1)
    handle->reported_bytes = static_cast<int64_t>(handle->tensor.storage().nbytes());
  handle->owner = &environment_of(env);
  handle->owner->live_tensors++;
  if (handle->reported_bytes) Napi::MemoryManagement::AdjustExternalMemory(env, handle->reported_bytes);
  return Napi::External<Handle>::New(env, handle, [](Napi::Env env, Handle* h) {
    h->release(env);
    delete h;
  });
}

inline Handle& handle_of(const Napi::Value& value) { return *value.As<Napi::External<Handle>>().Data(); }

inline at::ScalarType dtype_of(const std::string& name) {
  if (name == "f32") return at::kFloat;
  if (name == "bf16") return at::kBFloat16;
  if (name == "f16") return at::kHalf;
  if (name == "f64") return at::kDouble;
  if (name == "i64") return at::kLong;
  if (name == "i32") return at::kInt;
  if (name == "u8") return at::kByte;
  if (name == "bool") return at::kBool;
  TORCH_CHECK(false, "unknown dtype ", name);
}

inline const char* dtype_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return "f32";
    case at::kBFloat16: return "bf16";
    case at::kHalf: return "f16";
    case at::kDouble: return "f64";
    case at::kLong: return "i64";
    case at::kInt: return "i32";
    case at::kByte: return "u8";
    case at::kBool: return "bool";
    default: TORCH_CHECK(false, "no name for dtype ", toString(type));
  }
}

template <class T>
struct Js;

template <>
struct Js<Tensor> {
  static Tensor from(const Napi::Value& value) { return handle_of(value).tensor; }
  static Napi::Value to(Napi::Env env, Tensor tensor) { return wrap(env, std::move(tensor)); }
};
template <>
struct Js<double> {
  static double from(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
  static Napi::Value to(Napi::Env env, double number) { return Napi::Number::New(env, number); }
};
template <>
struct Js<int64_t> {
  static int64_t from(const Napi::Value& value) { return value.As<Napi::Number>().Int64Value(); }
  static Napi::Value to(Napi::Env env, int64_t number) { return Napi::Number::New(env, static_cast<double>(number)); }
};
template <>
struct Js<bool> {
  static bool from(const Napi::Value& value) { return value.As<Napi::Boolean>().Value(); }
  static Napi::Value to(Napi::Env env, bool flag) { return Napi::Boolean::New(env, flag); }
};
template <>
struct Js<std::string> {
  static std::string from(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }
  static Napi::Value to(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }
};
template <>
struct Js<at::ScalarType> {
  static at::ScalarType from(const Napi::Value& value) { return dtype_of(Js<std::string>::from(value)); }
  static Napi::Value to(Napi::Env env, at::ScalarType type) { return Napi::String::New(env, dtype_name(type)); }
};
template <class T>
struct Js<std::vector<T>> {
  static std::vector<T> from(const Napi::Value& value) {
    auto array = value.As<Napi::Array>();
    std::vector<T> items;
    items.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); i++) items.push_back(Js<T>::from(array.Get(i)));
    return items;
  }
  static Napi::Value to(Napi::Env env, std::vector<T> items) {
    auto array = Napi::Array::New(env, items.size());
    for (uint32_t i = 0; i < items.size(); i++) array.Set(i, Js<T>::to(env, std::move(items[i])));
    return array;
  }
};
template <class T>
struct Js<std::optional<T>> {
  static std::optional<T> from(const Napi::Value& value) {
    if (value.IsUndefined() || value.IsNull()) return std::nullopt;
    return Js<T>::from(value);
  }
  static Napi::Value to(Napi::Env env, std::optional<T> item) {
    return item ? Js<T>::to(env, std::move(*item)) : env.Undefined();
  }
};
template <class... T>
struct Js<std::tuple<T...>> {
  static Napi::Value to(Napi::Env env, std::tuple<T...> items) {
    auto array = Napi::Array::New(env, sizeof...(T));
    uint32_t i = 0;
    std::apply([&](T&... item) { (array.Set(i++, Js<T>::to(env, std::move(item))), ...); }, items);
    return array;
  }
};

// A view of a typed array's bytes, valid during the call.
struct Bytes {
  void* data;
  size_t size;
};
template <>
struct Js<Bytes> {
  static Bytes from(const Napi::Value& value) {
    auto array = value.As<Napi::TypedArray>();
    return {static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength()};
  }
};

}  // namespace thalia
