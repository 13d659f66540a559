// Any octets as a whole configuration, TOML or JSONC by the first octet: every diagnostic has a place inside the file or none, and a
// configuration comes out exactly when there is no error.
#include <cstddef>
#include <cstdint>

#include "base/verify.h"
#include "worker/config/config.h"
#include "worker/config/config_json.h"

using namespace adit::worker;

namespace {

class OneFile final : public ConfigFiles {
 public:
  OneFile(std::string path, std::string_view text) : m_path(std::move(path)), m_text(text) {}
  std::optional<std::string> read(const std::filesystem::path& path) const override {
    return is_file(path) ? std::optional(std::string(m_text)) : std::nullopt;
  }
  bool is_file(const std::filesystem::path& path) const override { return path == m_path; }

 private:
  std::string m_path;
  std::string_view m_text;
};

class FixedClock final : public adit::Clock {
 public:
  int64_t monotonic_ns() const override { return 0; }
  int64_t unix_ms() const override { return 1781524800000; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  bool toml = data[0] % 2 == 0;
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  OneFile files(toml ? "/app/wrangler.toml" : "/app/wrangler.jsonc", text);
  for (const char* environment : {"", "a"}) {
    ConfigRequest request;
    request.directory = "/app";
    request.environment = environment;
    LoadedConfig loaded = load_config(request, files, FixedClock());
    VERIFY(loaded.config.has_value() == !has_errors(loaded.diagnostics));
    format_diagnostics(loaded.diagnostics);
    if (loaded.config) config_as_json(*loaded.config);
  }
  return 0;
}
