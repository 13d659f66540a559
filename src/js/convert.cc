#include "js/convert.h"

#include <simdutf.h>

#include "js/array_buffer.h"
#include "js/buffer_pacing.h"

namespace adit::js {

std::string to_utf8(v8::Isolate* isolate, v8::Local<v8::String> string) {
  v8::String::ValueView view(isolate, string);
  auto length = static_cast<size_t>(view.length());
  std::string out;
  if (view.is_one_byte()) {
    const auto* data = reinterpret_cast<const char*>(view.data8());
    auto needed = simdutf::utf8_length_from_latin1(data, length);
    if (needed == length) return {data, length};
    out.resize(needed);
    // utf8_length_from_latin1 is exact, so the conversion fills out.
    VERIFY(simdutf::convert_latin1_to_utf8(data, length, out.data()) == needed);
    return out;
  }
  const auto* data = reinterpret_cast<const char16_t*>(view.data16());
  std::u16string repaired;
  if (!simdutf::validate_utf16(data, length)) {
    repaired.resize(length);
    simdutf::to_well_formed_utf16(data, length, repaired.data());
    data = repaired.data();
  }
  out.resize(simdutf::utf8_length_from_utf16(data, length));
  auto written = simdutf::convert_valid_utf16_to_utf8(data, length, out.data());
  VERIFY(written == out.size());
  return out;
}

v8::Local<v8::String> from_utf8(v8::Isolate* isolate, std::string_view text) {
  if (text.empty()) return v8::String::Empty(isolate);
  if (simdutf::validate_ascii(text.data(), text.size())) return from_latin1(isolate, text);
  return v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal, static_cast<int>(text.size()))
      .ToLocalChecked();
}

v8::Local<v8::String> from_latin1(v8::Isolate* isolate, std::string_view octets) {
  return v8::String::NewFromOneByte(isolate, reinterpret_cast<const uint8_t*>(octets.data()),
                                    v8::NewStringType::kNormal, static_cast<int>(octets.size()))
      .ToLocalChecked();
}

v8::Local<v8::String> intern(v8::Isolate* isolate, std::string_view ascii) {
  return v8::String::NewFromOneByte(isolate, reinterpret_cast<const uint8_t*>(ascii.data()),
                                    v8::NewStringType::kInternalized, static_cast<int>(ascii.size()))
      .ToLocalChecked();
}

v8::Local<v8::Uint8Array> from_bytes(v8::Isolate* isolate, Bytes bytes) {
  auto size = bytes.size();
  if (size == 0) return v8::Uint8Array::New(v8::ArrayBuffer::New(isolate, 0), 0, 0);
  if (size <= 4096) {
    // Copying a little is cheaper than a backing store with a deleter of its own.
    auto buffer = new_array_buffer(isolate, size);
    std::memcpy(buffer->Data(), bytes.data(), size);
    return v8::Uint8Array::New(buffer, 0, size);
  }
  BufferPacing::note(isolate, size);
  auto owned = std::make_unique<Bytes>(std::move(bytes));
  auto* data = owned->data();
  auto store = v8::ArrayBuffer::NewBackingStore(
      data, size, [](void*, size_t, void* state) { std::unique_ptr<Bytes> freed(static_cast<Bytes*>(state)); },
      owned.release());
  return v8::Uint8Array::New(v8::ArrayBuffer::New(isolate, std::move(store)), 0, size);
}

bool FromJs<ByteString>::read(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (!value->IsString()) return false;
  auto string = value.As<v8::String>();
  v8::String::ValueView view(isolate, string);
  auto length = static_cast<size_t>(view.length());
  if (view.is_one_byte()) {
    m_value.value.assign(reinterpret_cast<const char*>(view.data8()), length);
    return true;
  }
  m_value.value.resize(length);
  for (size_t i = 0; i < length; ++i) {
    auto unit = view.data16()[i];
    if (unit > 0xff) return false;
    m_value.value[i] = static_cast<char>(unit);
  }
  return true;
}

bool FromJs<BytesView>::read(v8::Isolate*, v8::Local<v8::Value> value) {
  if (value->IsArrayBufferView()) {
    auto contents =
        value.As<v8::ArrayBufferView>()->GetContents(v8::MemorySpan<uint8_t>(m_inline.data(), m_inline.size()));
    m_value = {contents.data(), contents.size()};
    return true;
  }
  if (value->IsArrayBuffer()) {
    auto buffer = value.As<v8::ArrayBuffer>();
    m_value = {static_cast<const uint8_t*>(buffer->Data()), buffer->ByteLength()};
    return true;
  }
  if (value->IsSharedArrayBuffer()) {
    auto buffer = value.As<v8::SharedArrayBuffer>();
    m_value = {static_cast<const uint8_t*>(buffer->Data()), buffer->ByteLength()};
    return true;
  }
  return false;
}

}  // namespace adit::js
