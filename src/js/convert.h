// Conversion between JavaScript values and C++ types, as docs/architecture.md's table says. No coercion: a wrong type is a TypeError.
// Owner: the isolate's thread. Invariant: a BytesView borrowed from JavaScript is valid during the op's call only.
#pragma once

#include <v8.h>

#include <array>
#include <cmath>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "js/handle.h"

namespace adit::js {

// Octets that travel as a JavaScript string of code units up to 255 (header values).
struct ByteString {
  std::string value;
};

std::string to_utf8(v8::Isolate* isolate, v8::Local<v8::String> string);
v8::Local<v8::String> from_utf8(v8::Isolate* isolate, std::string_view text);
v8::Local<v8::String> from_latin1(v8::Isolate* isolate, std::string_view octets);
v8::Local<v8::String> intern(v8::Isolate* isolate, std::string_view ascii);
v8::Local<v8::Uint8Array> from_bytes(v8::Isolate* isolate, Bytes bytes);

// Each FromJs<T> says what it wants (for the TypeError) and reads a value into itself; get() yields the argument.
template <typename T>
struct FromJs;

template <>
struct FromJs<bool> {
  static constexpr const char* wanted = "a boolean";
  bool read(v8::Isolate*, v8::Local<v8::Value> value) {
    m_value = value->IsTrue();
    return value->IsBoolean();
  }
  bool get() { return m_value; }
  bool m_value = false;
};

template <typename T>
requires std::same_as<T, int32_t> || std::same_as<T, uint32_t> || std::same_as<T, int64_t> ||
    std::same_as<T, uint64_t> || std::same_as<T, double>
struct FromJs<T> {
  static constexpr const char* wanted = "a number";
  bool read(v8::Isolate*, v8::Local<v8::Value> value) {
    if (!value->IsNumber()) return false;
    double number = value.As<v8::Number>()->Value();
    if constexpr (!std::same_as<T, double>) {
      constexpr double low = std::is_signed_v<T> ? -9007199254740991.0 : 0.0;
      if (!(number >= std::max(low, static_cast<double>(std::numeric_limits<T>::min())) &&
            number <= std::min(9007199254740991.0, static_cast<double>(std::numeric_limits<T>::max()))))
        return false;
    }
    m_value = static_cast<T>(number);
    return true;
  }
  T get() { return m_value; }
  T m_value = 0;
};

template <>
struct FromJs<std::string> {
  static constexpr const char* wanted = "a string";
  bool read(v8::Isolate* isolate, v8::Local<v8::Value> value) {
    if (!value->IsString()) return false;
    m_value = to_utf8(isolate, value.As<v8::String>());
    return true;
  }
  std::string get() { return std::move(m_value); }
  std::string m_value;
};

template <>
struct FromJs<ByteString> {
  static constexpr const char* wanted = "a byte string";
  bool read(v8::Isolate* isolate, v8::Local<v8::Value> value);
  ByteString get() { return std::move(m_value); }
  ByteString m_value;
};

template <>
struct FromJs<BytesView> {
  static constexpr const char* wanted = "an ArrayBuffer or a view of one";
  bool read(v8::Isolate*, v8::Local<v8::Value> value);
  BytesView get() { return m_value; }
  BytesView m_value;
  std::array<uint8_t, 64> m_inline;  // V8 keeps small typed arrays inside its own heap; their bytes are copied here
};

template <typename T>
struct FromJs<v8::Local<T>> {
  static constexpr const char* wanted = "another type of value";
  bool read(v8::Isolate*, v8::Local<v8::Value> value) {
    if constexpr (std::same_as<T, v8::String>) {
      if (!value->IsString()) return false;
    }
    if constexpr (std::same_as<T, v8::Object>) {
      if (!value->IsObject()) return false;
    }
    if constexpr (std::same_as<T, v8::Function>) {
      if (!value->IsFunction()) return false;
    }
    if constexpr (std::same_as<T, v8::Array>) {
      if (!value->IsArray()) return false;
    }
    if constexpr (std::same_as<T, v8::ArrayBuffer>) {
      if (!value->IsArrayBuffer()) return false;
    }
    if constexpr (std::same_as<T, v8::ArrayBufferView>) {
      if (!value->IsArrayBufferView()) return false;
    }
    if constexpr (std::same_as<T, v8::Uint8Array>) {
      if (!value->IsUint8Array()) return false;
    }
    if constexpr (std::same_as<T, v8::Uint32Array>) {
      if (!value->IsUint32Array()) return false;
    }
    m_value = value.As<T>();
    return true;
  }
  v8::Local<T> get() { return m_value; }
  v8::Local<T> m_value;
};

template <typename T>
struct FromJs<std::shared_ptr<T>> {
  static constexpr const char* wanted = "a native object of the right kind";
  bool read(v8::Isolate* isolate, v8::Local<v8::Value> value) {
    m_value = unwrap<T>(isolate, value);
    return m_value != nullptr;
  }
  std::shared_ptr<T> get() { return std::move(m_value); }
  std::shared_ptr<T> m_value;
};

template <typename T>
struct FromJs<std::optional<T>> {
  static constexpr const char* wanted = FromJs<T>::wanted;
  bool read(v8::Isolate* isolate, v8::Local<v8::Value> value) {
    if (value->IsNullOrUndefined()) return true;
    m_present = true;
    return m_inner.read(isolate, value);
  }
  std::optional<T> get() {
    if (!m_present) return std::nullopt;
    return m_inner.get();
  }
  FromJs<T> m_inner;
  bool m_present = false;
};

template <typename T>
struct FromJs<std::vector<T>> {
  static constexpr const char* wanted = "an array";
  bool read(v8::Isolate* isolate, v8::Local<v8::Value> value) {
    if (!value->IsArray()) return false;
    auto array = value.As<v8::Array>();
    auto context = isolate->GetCurrentContext();
    for (uint32_t i = 0; i < array->Length(); ++i) {
      FromJs<T> element;
      v8::Local<v8::Value> item;
      if (!array->Get(context, i).ToLocal(&item) || !element.read(isolate, item)) return false;
      m_value.push_back(element.get());
    }
    return true;
  }
  std::vector<T> get() { return std::move(m_value); }
  std::vector<T> m_value;
};

inline v8::Local<v8::Value> to_js(v8::Isolate* isolate, Unit) { return v8::Undefined(isolate); }
inline v8::Local<v8::Value> to_js(v8::Isolate* isolate, bool value) { return v8::Boolean::New(isolate, value); }
template <typename T>
requires std::same_as<T, int32_t> || std::same_as<T, uint32_t> || std::same_as<T, int64_t> ||
    std::same_as<T, uint64_t> || std::same_as<T, double>
        v8::Local<v8::Value> to_js(v8::Isolate* isolate, T value) {
  if constexpr (std::same_as<T, int32_t>) return v8::Integer::New(isolate, value);
  else if constexpr (std::same_as<T, uint32_t>) return v8::Integer::NewFromUnsigned(isolate, value);
  else return v8::Number::New(isolate, static_cast<double>(value));
}
inline v8::Local<v8::Value> to_js(v8::Isolate* isolate, const std::string& value) { return from_utf8(isolate, value); }
inline v8::Local<v8::Value> to_js(v8::Isolate* isolate, std::string_view value) { return from_utf8(isolate, value); }
inline v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ByteString& value) {
  return from_latin1(isolate, value.value);
}
inline v8::Local<v8::Value> to_js(v8::Isolate* isolate, Bytes value) { return from_bytes(isolate, std::move(value)); }
template <typename T>
v8::Local<v8::Value> to_js(v8::Isolate*, v8::Local<T> value) {
  return value;
}
template <typename T>
v8::Local<v8::Value> to_js(v8::Isolate* isolate, std::shared_ptr<T> value) {
  if (!value) return v8::Undefined(isolate);
  return wrap<T>(isolate, std::move(value));
}
template <typename T>
v8::Local<v8::Value> to_js(v8::Isolate* isolate, std::optional<T> value) {
  if (!value) return v8::Undefined(isolate);
  return to_js(isolate, std::move(*value));
}
template <typename T>
requires(!std::same_as<T, uint8_t>) v8::Local<v8::Value> to_js(v8::Isolate* isolate, std::vector<T> values) {
  v8::LocalVector<v8::Value> elements(isolate);
  elements.reserve(values.size());
  for (auto& value : values) elements.push_back(to_js(isolate, std::move(value)));
  return v8::Array::New(isolate, elements.data(), elements.size());
}

}  // namespace adit::js
