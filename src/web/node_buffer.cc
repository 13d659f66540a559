// The ops behind node:buffer: text to octets and back in Node's encodings, search and comparison. Owner: the isolate's thread.
// Why beside encoding_ops.cc: Node's decoders are lenient (bad base64 is skipped, bad hex ends the text) and write into given space.
#include <simdutf.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "js/array_buffer.h"
#include "js/ops.h"

namespace adit::web {
namespace {

enum class TextEncoding : uint32_t { utf8, latin1, ascii, utf16le, base64, base64url, hex };

uint8_t* data_of(v8::Local<v8::ArrayBufferView> view) {
  return static_cast<uint8_t*>(view->Buffer()->Data()) + view->ByteOffset();
}

int hex_value(uint16_t unit) {
  if (unit >= '0' && unit <= '9') return unit - '0';
  if ((unit | 0x20) >= 'a' && (unit | 0x20) <= 'f') return (unit | 0x20) - 'a' + 10;
  return -1;
}

int base64_value(uint16_t unit) {
  if (unit >= 'A' && unit <= 'Z') return unit - 'A';
  if (unit >= 'a' && unit <= 'z') return unit - 'a' + 26;
  if (unit >= '0' && unit <= '9') return unit - '0' + 52;
  if (unit == '+' || unit == '-') return 62;
  if (unit == '/' || unit == '_') return 63;
  return -1;
}

// Both alphabets; characters of neither are skipped, '=' ends the text; stops when the target is full.
template <typename Unit>
size_t decode_base64_leniently(const Unit* text, size_t length, std::span<uint8_t> target) {
  uint32_t bits = 0;
  int count = 0;
  size_t written = 0;
  for (size_t i = 0; i < length && written < target.size(); ++i) {
    if (text[i] == '=') break;
    int value = base64_value(text[i]);
    if (value < 0) continue;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      target[written++] = static_cast<uint8_t>(bits >> count);
    }
  }
  return written;
}

template <typename Unit>
size_t decode_base64(const Unit* text, size_t length, std::span<uint8_t> target) {
  size_t written = target.size();
  using Char = std::conditional_t<sizeof(Unit) == 1, char, char16_t>;
  auto result = simdutf::base64_to_binary_safe(reinterpret_cast<const Char*>(text), length,
                                               reinterpret_cast<char*>(target.data()), written,
                                               simdutf::base64_default_or_url, simdutf::loose);
  if (result.error == simdutf::SUCCESS) return written;
  return decode_base64_leniently(text, length, target);
}

template <typename Unit>
size_t decode_hex(const Unit* text, size_t length, std::span<uint8_t> target) {
  size_t written = 0;
  for (; written < target.size() && written * 2 + 1 < length; ++written) {
    int high = hex_value(text[written * 2]);
    int low = hex_value(text[written * 2 + 1]);
    if (high < 0 || low < 0) break;
    target[written] = static_cast<uint8_t>(high << 4 | low);
  }
  return written;
}

template <typename Unit>
size_t narrow(const Unit* text, size_t length, std::span<uint8_t> target) {
  auto count = std::min(length, target.size());
  for (size_t i = 0; i < count; ++i) target[i] = static_cast<uint8_t>(text[i]);
  return count;
}

template <typename Unit>
size_t widen(const Unit* text, size_t length, std::span<uint8_t> target) {
  auto count = std::min(length, target.size() / 2);
  for (size_t i = 0; i < count; ++i) {
    target[2 * i] = static_cast<uint8_t>(text[i]);
    target[2 * i + 1] = static_cast<uint8_t>(static_cast<uint16_t>(text[i]) >> 8);
  }
  return count * 2;
}

size_t write_text(v8::Isolate* isolate, v8::Local<v8::String> text, TextEncoding encoding, std::span<uint8_t> target) {
  if (target.empty()) return 0;
  if (encoding == TextEncoding::utf8)
    return text->WriteUtf8V2(isolate, reinterpret_cast<char*>(target.data()), target.size(),
                             v8::String::WriteFlags::kReplaceInvalidUtf8);
  v8::String::ValueView view(isolate, text);
  auto length = static_cast<size_t>(view.length());
  auto write = [&](const auto* units) -> size_t {
    switch (encoding) {
      case TextEncoding::utf16le:
        return widen(units, length, target);
      case TextEncoding::base64:
      case TextEncoding::base64url:
        return decode_base64(units, length, target);
      case TextEncoding::hex:
        return decode_hex(units, length, target);
      default:
        return narrow(units, length, target);
    }
  };
  return view.is_one_byte() ? write(view.data8()) : write(view.data16());
}

// The most octets that the text can become.
size_t capacity_for(v8::Isolate* isolate, v8::Local<v8::String> text, TextEncoding encoding) {
  auto length = static_cast<size_t>(text->Length());
  switch (encoding) {
    case TextEncoding::utf8:
      return text->Utf8LengthV2(isolate);
    case TextEncoding::utf16le:
      return length * 2;
    case TextEncoding::base64:
    case TextEncoding::base64url:
      return length / 4 * 3 + 3;
    case TextEncoding::hex:
      return length / 2;
    default:
      return length;
  }
}

v8::Local<v8::Uint8Array> node_encode(js::Call& call, v8::Local<v8::String> text, uint32_t encoding) {
  auto* isolate = call.v8();
  auto kind = static_cast<TextEncoding>(encoding);
  auto capacity = capacity_for(isolate, text, kind);
  auto buffer = js::new_array_buffer(isolate, capacity, v8::BackingStoreInitializationMode::kUninitialized);
  auto written = write_text(isolate, text, kind, {static_cast<uint8_t*>(buffer->Data()), capacity});
  if (written < capacity &&
      (kind == TextEncoding::base64 || kind == TextEncoding::base64url || kind == TextEncoding::hex)) {
    // The buffer is as long as what is in it, so that nothing undefined can be seen through it.
    auto exact = js::new_array_buffer(isolate, written, v8::BackingStoreInitializationMode::kUninitialized);
    if (written > 0) std::memcpy(exact->Data(), buffer->Data(), written);
    return v8::Uint8Array::New(exact, 0, written);
  }
  return v8::Uint8Array::New(buffer, 0, written);
}

uint32_t node_write(js::Call& call, v8::Local<v8::Uint8Array> target, v8::Local<v8::String> text, uint32_t offset,
                    uint32_t length, uint32_t encoding) {
  auto size = target->ByteLength();
  if (offset > size) return 0;
  auto room = std::min<size_t>(length, size - offset);
  return static_cast<uint32_t>(
      write_text(call.v8(), text, static_cast<TextEncoding>(encoding), {data_of(target) + offset, room}));
}

v8::Local<v8::Value> string_or_throw(v8::Isolate* isolate, v8::MaybeLocal<v8::String> made) {
  v8::Local<v8::String> string;
  if (made.ToLocal(&string)) return string;
  js::throw_error(isolate, Error::range_error("Cannot create a string longer than 0x1fffffe8 characters"));
  return {};
}

v8::Local<v8::Value> one_byte(v8::Isolate* isolate, std::string_view text) {
  if (text.size() > static_cast<size_t>(v8::String::kMaxLength)) return string_or_throw(isolate, {});
  return string_or_throw(isolate,
                         v8::String::NewFromOneByte(isolate, reinterpret_cast<const uint8_t*>(text.data()),
                                                    v8::NewStringType::kNormal, static_cast<int>(text.size())));
}

v8::Local<v8::Value> two_byte(v8::Isolate* isolate, BytesView bytes) {
  std::u16string units(bytes.size() / 2, u'\0');
  if (!units.empty()) std::memcpy(units.data(), bytes.data(), units.size() * 2);
  if (units.size() > static_cast<size_t>(v8::String::kMaxLength)) return string_or_throw(isolate, {});
  return string_or_throw(isolate,
                         v8::String::NewFromTwoByte(isolate, reinterpret_cast<const uint16_t*>(units.data()),
                                                    v8::NewStringType::kNormal, static_cast<int>(units.size())));
}

v8::Local<v8::Value> utf8(v8::Isolate* isolate, std::string_view text) {
  if (simdutf::validate_ascii(text.data(), text.size())) return one_byte(isolate, text);
  if (text.size() > static_cast<size_t>(v8::String::kMaxLength)) return string_or_throw(isolate, {});
  return string_or_throw(isolate, v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal,
                                                          static_cast<int>(text.size())));
}

// Octets [start, end) as a string; the caller has checked the bounds against the view, and they are checked again here.
v8::Local<v8::Value> node_decode(js::Call& call, BytesView bytes, uint32_t start, uint32_t end, uint32_t encoding) {
  auto* isolate = call.v8();
  end = std::min<uint32_t>(end, static_cast<uint32_t>(std::min<size_t>(bytes.size(), UINT32_MAX)));
  if (start >= end) return v8::String::Empty(isolate);
  bytes = bytes.subspan(start, end - start);
  auto text = text_of(bytes);
  switch (static_cast<TextEncoding>(encoding)) {
    case TextEncoding::utf8:
      return utf8(isolate, text);
    case TextEncoding::utf16le:
      return two_byte(isolate, bytes);
    case TextEncoding::ascii: {
      std::string masked(text);
      for (auto& octet : masked) octet = static_cast<char>(octet & 0x7f);
      return one_byte(isolate, masked);
    }
    case TextEncoding::base64:
    case TextEncoding::base64url: {
      auto options =
          static_cast<TextEncoding>(encoding) == TextEncoding::base64 ? simdutf::base64_default : simdutf::base64_url;
      std::string out(simdutf::base64_length_from_binary(text.size(), options), '\0');
      auto written = simdutf::binary_to_base64(text.data(), text.size(), out.data(), options);
      VERIFY(written == out.size());
      return one_byte(isolate, out);
    }
    case TextEncoding::hex: {
      std::string out(text.size() * 2, '\0');
      for (size_t i = 0; i < bytes.size(); ++i) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
      }
      return one_byte(isolate, out);
    }
    default:
      return one_byte(isolate, text);
  }
}

double node_utf8_length(js::Call& call, v8::Local<v8::String> text) {
  return static_cast<double>(text->Utf8LengthV2(call.v8()));
}

// Where the needle is, from `from` on (or, backwards, at or before it); -1 when nowhere. `step` 2 looks at whole UTF-16 units only.
double node_index_of(BytesView haystack, BytesView needle, double from, bool forward, uint32_t step) {
  auto size = static_cast<double>(haystack.size());
  auto last = size - static_cast<double>(needle.size());
  if (last < 0) return -1;
  if (from < 0) from += size;
  if (forward) {
    if (from < 0) from = 0;
    if (needle.empty()) return std::min(from, size);
    for (auto at = static_cast<size_t>(from); static_cast<double>(at) <= last;) {
      auto found =
          std::search(haystack.begin() + static_cast<ptrdiff_t>(at), haystack.end(), needle.begin(), needle.end());
      if (found == haystack.end()) return -1;
      at = static_cast<size_t>(found - haystack.begin());
      if (at % step == 0) return static_cast<double>(at);
      ++at;
    }
    return -1;
  }
  if (from < 0) return -1;
  if (needle.empty()) return std::min(from, size);
  for (auto at = static_cast<ptrdiff_t>(std::min(from, last)); at >= 0; --at)
    if (static_cast<size_t>(at) % step == 0 && std::memcmp(haystack.data() + at, needle.data(), needle.size()) == 0)
      return static_cast<double>(at);
  return -1;
}

int32_t node_compare(BytesView a, BytesView b) {
  auto common = std::min(a.size(), b.size());
  int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order == 0) return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
  return order < 0 ? -1 : 1;
}

bool node_is_ascii(BytesView bytes) { return simdutf::validate_ascii(text_of(bytes).data(), bytes.size()); }
bool node_is_utf8(BytesView bytes) { return simdutf::validate_utf8(text_of(bytes).data(), bytes.size()); }

}  // namespace

void register_node_buffer(js::OpTable& ops) {
  ops.add<node_encode>("node_encode");
  ops.add<node_write>("node_write");
  ops.add<node_decode>("node_decode");
  ops.add<node_utf8_length>("node_utf8_length");
  ops.add<node_index_of>("node_index_of");
  ops.add<node_compare>("node_compare");
  ops.add<node_is_ascii>("node_is_ascii");
  ops.add<node_is_utf8>("node_is_utf8");
}

}  // namespace adit::web
