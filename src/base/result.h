// Failure is a value: Error says what went wrong in a sentence a user can act on, Result<T> is a T or an Error, TRY unwraps or
// returns early. Owner: none; value types. Invariant: an ignored Result does not compile (nodiscard, warnings are errors).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/verify.h"

namespace adit {

// What a caller can do about an error; the JavaScript exception class is chosen from it (see js/errors.h).
enum class ErrorKind {
  failed,             // nothing more specific; a JavaScript Error
  type_error,         // wrong type or value of an argument: TypeError
  range_error,        // a number or size outside its range: RangeError
  syntax_error,       // text that does not parse: SyntaxError
  not_found,          // the named thing does not exist
  conflict,           // a stale owner or a position that is not the expected one
  limit,              // a documented limit was exceeded
  io,                 // the disk or the network said no
  unknown_outcome,    // the operation may or may not have happened; re-read before a retry
  aborted,            // cancelled by its owner: DOMException AbortError
  not_supported,      // known, but not built: DOMException NotSupportedError
  invalid_state,      // DOMException InvalidStateError
  data_error,         // DOMException DataError
  data_clone,         // DOMException DataCloneError
  operation_error,    // DOMException OperationError
  invalid_character,  // DOMException InvalidCharacterError
  quota_exceeded,     // DOMException QuotaExceededError
  network,            // outbound connection failed: TypeError, as fetch specifies
  timeout,            // DOMException TimeoutError
};

class [[nodiscard]] Error {
 public:
  Error(ErrorKind kind, std::string message) : m_kind(kind), m_message(std::move(message)) {}
  static Error failed(std::string message) { return {ErrorKind::failed, std::move(message)}; }
  static Error type_error(std::string message) { return {ErrorKind::type_error, std::move(message)}; }
  static Error range_error(std::string message) { return {ErrorKind::range_error, std::move(message)}; }
  static Error io(std::string message) { return {ErrorKind::io, std::move(message)}; }
  // From errno: "open /x: No such file or directory".
  static Error from_errno(std::string_view what, int error_number);

  ErrorKind kind() const { return m_kind; }
  const std::string& message() const { return m_message; }
  // The message with those of its causes, outermost first, joined by ": ".
  std::string full_message() const;
  // Wraps this error in one with more context; keeps the kind.
  Error because(std::string context) &&;

 private:
  ErrorKind m_kind;
  std::string m_message;
  std::shared_ptr<const Error> m_cause;
};

struct Unit {};

template <typename T>
class [[nodiscard]] Result {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, Unit, T>;
  Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design
  template <typename U = Value>
  requires(!std::is_same_v<std::remove_cvref_t<U>, Result> && !std::is_same_v<std::remove_cvref_t<U>, Error> &&
           std::is_constructible_v<Value, U&&>) Result(U&& value)
      : m_state(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT: implicit by design
  Result() requires std::is_void_v<T> : m_state(std::in_place_index<0>) {}

  bool is_ok() const { return m_state.index() == 0; }
  bool is_error() const { return m_state.index() == 1; }
  explicit operator bool() const { return is_ok(); }
  Value& value() & {
    VERIFY(is_ok());
    return *std::get_if<0>(&m_state);
  }
  const Value& value() const& {
    VERIFY(is_ok());
    return *std::get_if<0>(&m_state);
  }
  Value&& value() && {
    VERIFY(is_ok());
    return std::move(*std::get_if<0>(&m_state));
  }
  Error& error() {
    VERIFY(is_error());
    return *std::get_if<1>(&m_state);
  }
  const Error& error() const {
    VERIFY(is_error());
    return *std::get_if<1>(&m_state);
  }
  // For a result whose failure leaves nothing to do (closing at shutdown): says so in the code.
  void ignore() const {}

 private:
  std::variant<Value, Error> m_state;
};

}  // namespace adit

// Evaluates to the value, or returns the error from the enclosing function. For Result<void> it is a statement.
#define TRY(expression)                                                \
  ({                                                                   \
    auto&& adit_result = (expression);                                 \
    if (adit_result.is_error()) return std::move(adit_result.error()); \
    std::move(adit_result).value();                                    \
  })
