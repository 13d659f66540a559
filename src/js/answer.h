// For ops whose answer is often there at once: the result is then the value itself, else a promise of it. `await` of a value is cheaper.
// Owner: the isolate's thread. Invariant: start's callback is called exactly once, maybe before start returns.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "js/ops.h"

namespace adit::js {

// start(callback) begins the work. State that both sides share lives until the later of the two is done with it.
template <typename T, typename Start>
Result<v8::Local<v8::Value>> answer_now_or_later(Call& call, Start start) {
  struct Shared {
    std::optional<Result<T>> answer;
    std::optional<Settle<T>> settle;
  };
  auto shared = std::make_shared<Shared>();
  start([shared](Result<T> result) {
    if (shared->settle) (*shared->settle)(std::move(result));
    else shared->answer = std::move(result);
  });
  if (shared->answer) {
    if (shared->answer->is_error()) return shared->answer->error();
    if constexpr (std::is_void_v<T>) return v8::Local<v8::Value>(v8::Undefined(call.v8()));
    else return to_js(call.v8(), std::move(*shared->answer).value());
  }
  auto [promise, settle] = call.promise<T>();
  shared->settle = std::move(settle);
  return v8::Local<v8::Value>(promise.local);
}

}  // namespace adit::js
