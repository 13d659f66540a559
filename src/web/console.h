// Where a worker's console goes. A higher layer implements it (the terminal of `adit dev`, the tail of a deployed worker).
// Owner: the isolate's thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace adit::web {

enum class ConsoleLevel : uint8_t { debug, log, info, warn, error };

class ConsoleSink {
 public:
  virtual ~ConsoleSink() = default;
  // One call of console.log and its like: formatted text, which may have several lines.
  virtual void write(ConsoleLevel level, std::string_view text) = 0;
  // An exception that nobody caught, as text with its stack.
  virtual void uncaught(std::string_view text) = 0;
};

}  // namespace adit::web
