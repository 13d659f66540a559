// Function: a move-only callable (std::move_only_function is C++23). One owner; an empty one must not be called.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/verify.h"

namespace adit {

template <typename Signature>
class Function;

template <typename R, typename... Args>
class Function<R(Args...)> {
 public:
  Function() = default;
  Function(std::nullptr_t) {}  // NOLINT: implicit by design
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Function> && std::is_invocable_r_v<R, F&, Args...>)
      Function(F&& callable)  // NOLINT: implicit by design
      : m_target(std::make_unique<Target<std::decay_t<F>>>(std::forward<F>(callable))) {}

  explicit operator bool() const { return m_target != nullptr; }
  R operator()(Args... args) {
    VERIFY(m_target);
    return m_target->call(std::forward<Args>(args)...);
  }

 private:
  struct TargetBase {
    virtual ~TargetBase() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename F>
  struct Target final : TargetBase {
    explicit Target(F callable) : m_callable(std::move(callable)) {}
    R call(Args... args) override { return m_callable(std::forward<Args>(args)...); }
    F m_callable;
  };
  std::unique_ptr<TargetBase> m_target;
};

}  // namespace adit
