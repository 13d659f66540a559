// The ops behind HTMLRewriter: octets as strings of code units up to 255 and back, so that a page is tokenised and put together as
// JavaScript strings without being decoded. Owner: the isolate's thread.
#include "js/array_buffer.h"
#include "js/ops.h"

namespace adit::web {
namespace {

v8::Local<v8::String> html_from_octets(js::Call& call, BytesView octets) {
  return js::from_latin1(call.v8(), {reinterpret_cast<const char*>(octets.data()), octets.size()});
}

Result<v8::Local<v8::Value>> html_to_octets(js::Call& call, v8::Local<v8::String> text) {
  if (!text->ContainsOnlyOneByte()) return Error::type_error("the text has code units above 255");
  auto length = static_cast<uint32_t>(text->Length());
  auto buffer = js::new_array_buffer(call.v8(), length);
  text->WriteOneByteV2(call.v8(), 0, length, static_cast<uint8_t*>(buffer->Data()));
  return v8::Uint8Array::New(buffer, 0, length).As<v8::Value>();
}

}  // namespace

void register_html(js::OpTable& ops) {
  ops.add<html_from_octets>("html_from_octets");
  ops.add<html_to_octets>("html_to_octets");
}

}  // namespace adit::web
