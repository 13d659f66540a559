#include "base/log.h"

#include <unistd.h>

#include <string>

namespace adit {

void Logger::write(LogLevel level, std::string_view line) const {
  std::string out;
  out.reserve(line.size() + 16);
  if (level == LogLevel::warn) out += m_color ? "\x1b[33mwarning:\x1b[0m " : "warning: ";
  if (level == LogLevel::error) out += m_color ? "\x1b[31merror:\x1b[0m " : "error: ";
  out += line;
  out += '\n';
  // A log line that cannot be written has nowhere to be reported.
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, out.data(), out.size());
}

}  // namespace adit
