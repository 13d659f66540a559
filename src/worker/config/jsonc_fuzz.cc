// Any octets as wrangler.jsonc: the reader neither crashes nor fails silently, and what it reads survives being written and read again.
#include <cstddef>
#include <cstdint>

#include "base/verify.h"
#include "worker/config/jsonc.h"

using namespace adit::worker;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Diagnostic> diagnostics;
  Reporter reporter("fuzz", text, diagnostics);
  std::optional<Node> node = parse_jsonc(text, reporter);
  format_diagnostics(diagnostics);
  VERIFY(node.has_value() == !has_errors(diagnostics));
  if (!node) return 0;
  std::string written = to_json(*node);
  std::vector<Diagnostic> again;
  Reporter second("fuzz", written, again);
  std::optional<Node> read = parse_jsonc(written, second);
  // Numbers beyond a double's range are read, but have no JSON form.
  VERIFY(read.has_value());
  VERIFY(to_json(*read) == written);
  return 0;
}
