// Any octets as .env: the reader neither crashes nor hangs, names are what names may be, and expansion ends.
#include <cstddef>
#include <cstdint>

#include "base/verify.h"
#include "worker/config/dotenv.h"

using namespace adit::worker;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Diagnostic> diagnostics;
  Reporter reporter("fuzz", text, diagnostics);
  std::vector<DotenvEntry> entries = parse_dotenv(text, reporter);
  for (const DotenvEntry& entry : entries) {
    VERIFY(!entry.name.empty());
    VERIFY(entry.name.find_first_of("= \t\r\n\"'`#$") == std::string::npos);
    VERIFY(entry.place.line > 0 && entry.place.column > 0);
    VERIFY(entry.value.size() <= text.size());
    expand_variables(entry.value, [&](std::string_view name) -> std::optional<std::string> {
      for (const DotenvEntry& other : entries) {
        if (other.name == name) return "x";
      }
      return std::nullopt;
    });
  }
  return 0;
}
