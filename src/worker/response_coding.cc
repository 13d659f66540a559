#include "worker/response_coding.h"

#include "net/client/content_encoder.h"

namespace adit::worker {

namespace {

std::string_view content_encoding_of(std::string_view header_lines) {
  constexpr std::string_view name = "content-encoding: ";
  auto found = header_lines.find(name);
  if (found == std::string_view::npos || (found != 0 && header_lines[found - 1] != '\n')) return {};
  auto value = header_lines.substr(found + name.size());
  return value.substr(0, value.find('\r'));
}

std::shared_ptr<net::ByteSource> source_of(net::HttpBody& body) {
  if (auto* text = std::get_if<std::string_view>(&body)) return std::make_shared<net::MemorySource>(copy_bytes(*text));
  if (auto* bytes = std::get_if<Bytes>(&body)) return std::make_shared<net::MemorySource>(std::move(*bytes));
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body)) return std::move(*source);
  return nullptr;
}

}  // namespace

net::HttpBody encode_response_body(std::string_view header_lines, net::HttpBody body) {
  auto coding = content_encoding_of(header_lines);
  if (coding != "gzip" && coding != "br") return body;
  auto source = source_of(body);
  if (!source) return body;
  return net::encode_body(std::move(source), coding);
}

}  // namespace adit::worker
