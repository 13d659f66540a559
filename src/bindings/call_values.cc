#include "bindings/call_values.h"

#include <simdutf.h>

#include "js/convert.h"

namespace adit::bindings {

std::string lines_to_block(std::string_view lines) {
  std::string block;
  block.reserve(lines.size());
  while (!lines.empty()) {
    auto colon = lines.find(": ");
    auto end = lines.find("\r\n", colon);
    if (colon == std::string_view::npos || end == std::string_view::npos) break;
    block.append(lines.substr(0, colon)).push_back('\0');
    block.append(lines.substr(colon + 2, end - colon - 2)).push_back('\0');
    lines.remove_prefix(end + 2);
  }
  return block;
}

// A text that is ASCII stays a string: the caller mostly passes it on as it is.
static v8::Local<v8::Value> body_to_js(v8::Isolate* isolate, worker::BodyValue body) {
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body))
    return js::wrap<net::ByteSource>(isolate, std::move(*source));
  auto* bytes = std::get_if<Bytes>(&body);
  if (!bytes) return v8::Undefined(isolate);
  auto text = text_of(*bytes);
  if (simdutf::validate_ascii(text.data(), text.size())) return js::from_latin1(isolate, text);
  return js::from_bytes(isolate, std::move(*bytes));
}

worker::BodyValue body_of(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (value->IsNullOrUndefined()) return std::monostate{};
  if (value->IsString()) return copy_bytes(js::to_utf8(isolate, value.As<v8::String>()));
  if (auto source = js::unwrap<net::ByteSource>(isolate, value)) return source;
  js::FromJs<BytesView> bytes;
  VERIFY(bytes.read(isolate, value));
  return copy_bytes(bytes.get());
}

v8::Local<v8::Value> source_to_js(v8::Isolate* isolate, worker::BodyValue body) {
  if (auto* bytes = std::get_if<Bytes>(&body))
    return js::wrap<net::ByteSource>(isolate, std::make_shared<net::MemorySource>(std::move(*bytes)));
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body))
    return js::wrap<net::ByteSource>(isolate, std::move(*source));
  return v8::Undefined(isolate);
}

v8::Local<v8::Value> response_to_js(v8::Isolate* isolate, worker::ResponseMessage response) {
  v8::Local<v8::Value> parts[] = {
      v8::Integer::New(isolate, response.status), js::from_utf8(isolate, response.status_text),
      js::from_utf8(isolate, lines_to_block(response.header_lines)), body_to_js(isolate, std::move(response.body)),
      js::to_js(isolate, std::move(response.websocket))};
  return v8::Array::New(isolate, parts, 5);
}

}  // namespace adit::bindings
