// The op layer: binds plain typed C++ functions to JavaScript. `ops.add<digest>("digest")` makes one V8 callback per function that
// checks and converts the arguments, calls it and converts the result; the function itself knows no V8. See docs/architecture.md.
// Owner: the table is built once, before the snapshot or an isolate is made, and is read-only afterwards.
// Invariant: the order of add() calls is the same in the snapshot builder and in adit: the snapshot refers to callbacks by position.
#pragma once

#include <v8.h>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "js/convert.h"
#include "js/errors.h"
#include "js/isolate.h"

namespace adit::js {

// What an op may ask of its surroundings.
class Call {
 public:
  explicit Call(v8::Isolate* isolate) : m_isolate(isolate) {}
  v8::Isolate* v8() const { return m_isolate; }
  v8::Local<v8::Context> context() const { return m_isolate->GetCurrentContext(); }
  Isolate& isolate() const { return Isolate::of(m_isolate); }
  // A service that a higher layer registered with Isolate::provide<T>().
  template <typename T>
  T& service() const {
    return isolate().template service<T>();
  }
  // An asynchronous result: return the promise, keep the settle.
  template <typename T>
  std::pair<Promise<T>, Settle<T>> promise() const {
    return isolate().template make_promise<T>();
  }

 private:
  v8::Isolate* m_isolate;
};

template <typename T>
v8::Local<v8::Value> to_js(v8::Isolate*, const Promise<T>& promise) {
  return promise.local;
}

namespace detail {

void throw_bad_argument(v8::Isolate* isolate, int index, const char* wanted);

template <typename T>
void set_result(const v8::FunctionCallbackInfo<v8::Value>& info, T&& value) {
  using Plain = std::remove_cvref_t<T>;
  auto result = info.GetReturnValue();
  if constexpr (std::same_as<Plain, bool> || std::same_as<Plain, double> || std::same_as<Plain, int32_t> ||
                std::same_as<Plain, uint32_t>)
    result.Set(value);
  else result.Set(to_js(info.GetIsolate(), std::forward<T>(value)));
}
template <typename T>
void set_result(const v8::FunctionCallbackInfo<v8::Value>& info, Result<T>&& result) {
  if (result.is_error()) return throw_error(info.GetIsolate(), result.error());
  if constexpr (!std::is_void_v<T>) set_result(info, std::move(result).value());
}

template <auto Function, typename R, bool TakesCall, typename... Args, size_t... I>
void invoke(const v8::FunctionCallbackInfo<v8::Value>& info, std::index_sequence<I...>) {
  auto* isolate = info.GetIsolate();
  std::tuple<FromJs<std::remove_cvref_t<Args>>...> arguments;
  int bad = -1;
  bool good = ((std::get<I>(arguments).read(isolate, info[I]) || (bad = I, false)) && ...);
  if (!good)
    return throw_bad_argument(
        isolate, bad,
        std::array<const char*, sizeof...(Args) + 1>{FromJs<std::remove_cvref_t<Args>>::wanted..., ""}[bad]);
  auto call_it = [&]() -> R {
    if constexpr (TakesCall) {
      Call call(isolate);
      return Function(call, std::get<I>(arguments).get()...);
    } else {
      return Function(std::get<I>(arguments).get()...);
    }
  };
  if constexpr (std::is_void_v<R>) call_it();
  else set_result(info, call_it());
}

template <auto Function, typename Signature>
struct Binder;
template <auto Function, typename R, typename... Args>
struct Binder<Function, R (*)(Args...)> {
  static void callback(const v8::FunctionCallbackInfo<v8::Value>& info) {
    invoke<Function, R, false, Args...>(info, std::index_sequence_for<Args...>{});
  }
};
template <auto Function, typename R, typename... Args>
struct Binder<Function, R (*)(Call&, Args...)> {
  static void callback(const v8::FunctionCallbackInfo<v8::Value>& info) {
    invoke<Function, R, true, Args...>(info, std::index_sequence_for<Args...>{});
  }
};

}  // namespace detail

class OpTable {
 public:
  struct Op {
    const char* name;
    v8::FunctionCallback callback;
  };

  template <auto Function>
  void add(const char* name) {
    m_ops.push_back({name, &detail::Binder<Function, decltype(Function)>::callback});
  }
  // For the few ops that need the raw call (the dispatch of a request).
  void add_raw(const char* name, v8::FunctionCallback callback) { m_ops.push_back({name, callback}); }

  const std::vector<Op>& ops() const { return m_ops; }
  // Null-terminated, for the snapshot; valid as long as the returned vector.
  std::vector<intptr_t> external_references() const;

 private:
  std::vector<Op> m_ops;
};

}  // namespace adit::js
