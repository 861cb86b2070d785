// Entry of the addon: one environment per thread that loads it. No RL and no model in here: libtorch's operators only.
#include "arena.h"
#include "registry.h"

namespace thalia {

void prepare_cpu();

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  prepare_cpu();
  install_arena();
  env.SetInstanceData(new Environment());

  exports.Set("setErrorFactory", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                environment_of(info.Env()).make_error = Napi::Persistent(info[0].As<Napi::Function>());
              }));
  exports.Set("liveTensors", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), static_cast<double>(environment_of(info.Env()).live_tensors));
              }));
  exports.Set("dispose", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                handle_of(info[0]).release(info.Env());
              }));

  Registry registry(exports);
  register_tensors(registry);
  register_operators(registry);
  register_autograd(registry);
  register_system(registry);
  register_kernels(registry);
  register_head(registry);
  register_attention(registry);
  return exports;
}

NODE_API_MODULE(thalia, initialise)

}  // namespace thalia
