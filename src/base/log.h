// The process's log: one line per event to stderr, level-filtered. Thread-safe: each line is one write(2).
// The Logger is made in main and passed down; nothing reaches for a global.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace adit {

enum class LogLevel { debug, info, warn, error, none };

class Logger {
 public:
  explicit Logger(LogLevel level, bool color = false) : m_level(level), m_color(color) {}
  virtual ~Logger() = default;
  bool enabled(LogLevel level) const { return level >= m_level; }
  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::info)) write(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::warn)) write(LogLevel::warn, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::error)) write(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
  }
  // A test overrides this to collect lines.
  virtual void write(LogLevel level, std::string_view line) const;

 private:
  LogLevel m_level;
  bool m_color;
};

}  // namespace adit
