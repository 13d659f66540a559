#include "js/library.h"

#include <charconv>
#include <memory>

#include "base/verify.h"

namespace adit::js {
namespace {

class StaticText final : public v8::String::ExternalOneByteStringResource {
 public:
  explicit StaticText(std::string_view text) : m_text(text) {}
  const char* data() const override { return m_text.data(); }
  size_t length() const override { return m_text.size(); }

 private:
  std::string_view m_text;
};

}  // namespace

std::optional<std::string_view> find_in_library(std::string_view archive, std::string_view name) {
  while (!archive.empty()) {
    auto space = archive.find(' ');
    auto line_end = archive.find('\n');
    VERIFY(space < line_end && line_end != std::string_view::npos);
    size_t size = 0;
    std::from_chars(archive.data() + space + 1, archive.data() + line_end, size);
    VERIFY(line_end + 1 + size < archive.size());
    if (archive.substr(0, space) == name) return archive.substr(line_end + 1, size);
    archive.remove_prefix(line_end + 1 + size + 1);
  }
  return std::nullopt;
}

v8::Local<v8::String> external_string(v8::Isolate* isolate, std::string_view text) {
  // V8 owns the resource and disposes of it with the string.
  auto resource = std::make_unique<StaticText>(text);
  return v8::String::NewExternalOneByte(isolate, resource.release()).ToLocalChecked();
}

}  // namespace adit::js
