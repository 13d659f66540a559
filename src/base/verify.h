// VERIFY states what cannot happen; it stays on in release builds and aborts with the expression and its place.
#pragma once

namespace adit {
[[noreturn]] void verification_failed(const char* expression, const char* file, int line);
}

#define VERIFY(expression)                                      \
  (__builtin_expect(static_cast<bool>(expression), 1) ? (void)0 \
                                                      : ::adit::verification_failed(#expression, __FILE__, __LINE__))
#define VERIFY_NOT_REACHED() ::adit::verification_failed("not reached", __FILE__, __LINE__)
