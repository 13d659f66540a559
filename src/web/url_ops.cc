// The ops over src/web/url.h. The offsets go into a Uint32Array that url.ts keeps, because making an array per URL costs more than
// parsing it. Owner: the isolate's thread.
#include <algorithm>

#include "js/ops.h"
#include "web/url.h"

namespace adit::web {

static v8::Local<v8::Value> answer(js::Call& call, const ParsedUrl& url, v8::Local<v8::Uint32Array> out) {
  if (out->Length() >= url.offsets.size()) {
    auto* memory = static_cast<uint8_t*>(out->Buffer()->Data()) + out->ByteOffset();
    std::copy(url.offsets.begin(), url.offsets.end(), reinterpret_cast<uint32_t*>(memory));
  }
  return js::from_latin1(call.v8(), url.href);
}

static v8::Local<v8::Value> url_parse(js::Call& call, std::string input, std::optional<std::string> base,
                                      v8::Local<v8::Uint32Array> out) {
  auto url = parse_url(input, base);
  if (!url) return v8::Undefined(call.v8());
  return answer(call, *url, out);
}

static Result<v8::Local<v8::Value>> url_set(js::Call& call, std::string href, uint32_t part, std::string value,
                                            v8::Local<v8::Uint32Array> out) {
  if (part > static_cast<uint32_t>(UrlPart::hash)) return Error::type_error("no such part of a URL");
  return answer(call, set_url(href, static_cast<UrlPart>(part), value), out);
}

static bool url_can_parse(std::string input, std::optional<std::string> base) { return can_parse_url(input, base); }

static std::string url_percent_decode(std::string text) { return percent_decode(text); }

void register_url(js::OpTable& ops) {
  ops.add<url_parse>("url_parse");
  ops.add<url_set>("url_set");
  ops.add<url_can_parse>("url_can_parse");
  ops.add<url_percent_decode>("url_percent_decode");
}

}  // namespace adit::web
