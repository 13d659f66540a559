#include "base/result.h"

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace adit {

void verification_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "adit: VERIFY failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

Error Error::from_errno(std::string_view what, int error_number) {
  auto kind = error_number == ENOENT ? ErrorKind::not_found : ErrorKind::io;
  return {kind, std::string(what) + ": " + std::generic_category().message(error_number)};
}

std::string Error::full_message() const { return m_cause ? m_message + ": " + m_cause->full_message() : m_message; }

Error Error::because(std::string context) && {
  Error outer(m_kind, std::move(context));
  outer.m_cause = std::make_shared<const Error>(std::move(*this));
  return outer;
}

}  // namespace adit
