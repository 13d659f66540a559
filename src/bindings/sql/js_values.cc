#include "bindings/sql/js_values.h"

#include <cmath>

#include "js/array_buffer.h"
#include "js/convert.h"

namespace adit::bindings::sql {
namespace {

v8::Local<v8::Value> blob_to_js(v8::Isolate* isolate, BytesView octets, ValueForm form) {
  if (form == ValueForm::storage) {
    auto buffer = js::new_array_buffer(isolate, octets.size());
    if (!octets.empty()) std::memcpy(buffer->Data(), octets.data(), octets.size());
    return buffer;
  }
  v8::LocalVector<v8::Value> numbers(isolate);
  numbers.reserve(octets.size());
  for (auto octet : octets) numbers.push_back(v8::Integer::New(isolate, octet));
  return v8::Array::New(isolate, numbers.data(), numbers.size());
}

}  // namespace

v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ValueView& value, ValueForm form) {
  switch (value.type) {
    case ValueView::Type::null:
      return v8::Null(isolate);
    case ValueView::Type::integer:
      if (value.integer >= INT32_MIN && value.integer <= INT32_MAX)
        return v8::Integer::New(isolate, static_cast<int32_t>(value.integer));
      return v8::Number::New(isolate, static_cast<double>(value.integer));
    case ValueView::Type::real:
      if (form == ValueForm::json && !std::isfinite(value.real)) return v8::Null(isolate);
      return v8::Number::New(isolate, value.real);
    case ValueView::Type::text:
      return js::from_utf8(isolate, value.octets);
    case ValueView::Type::blob:
      return blob_to_js(isolate, bytes_of(value.octets), form);
  }
  VERIFY_NOT_REACHED();
}

Result<Value> from_js(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (value->IsNumber()) return Value(value.As<v8::Number>()->Value());
  if (value->IsString()) return Value(js::to_utf8(isolate, value.As<v8::String>()));
  if (value->IsNullOrUndefined()) return Value();
  js::FromJs<BytesView> bytes;
  if (bytes.read(isolate, value)) return Value(copy_bytes(bytes.get()));
  return Error::type_error("An SQL parameter is a string, a number, null, an ArrayBuffer or a view of one.");
}

Result<std::vector<Value>> from_js(v8::Isolate* isolate, const std::vector<v8::Local<v8::Value>>& values) {
  std::vector<Value> out;
  out.reserve(values.size());
  for (const auto& value : values) out.push_back(TRY(from_js(isolate, value)));
  return out;
}

}  // namespace adit::bindings::sql
