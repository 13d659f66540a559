// The ops behind TextEncoder, TextDecoder, atob/btoa and Uint8Array's base64 and hex. Owner: the isolate's thread.
// Why V8 strings and not std::string: these are the platform's hottest ops, and a copy in between would double their cost.
#include <simdutf.h>

#include "js/array_buffer.h"
#include "js/ops.h"
#include "web/encoding.h"

namespace adit::web {
namespace {

uint8_t* data_of(v8::Local<v8::ArrayBufferView> view) {
  return static_cast<uint8_t*>(view->Buffer()->Data()) + view->ByteOffset();
}

v8::Local<v8::Value> make_string(v8::Isolate* isolate, std::u16string_view text) {
  v8::Local<v8::String> string;
  const auto* data = reinterpret_cast<const uint16_t*>(text.data());
  if (text.size() > static_cast<size_t>(v8::String::kMaxLength) ||
      !v8::String::NewFromTwoByte(isolate, data, v8::NewStringType::kNormal, static_cast<int>(text.size()))
           .ToLocal(&string)) {
    js::throw_error(isolate, Error::range_error("the text is longer than a string can be"));
    return {};
  }
  return string;
}

v8::Local<v8::Value> make_latin1_string(v8::Isolate* isolate, std::string_view octets) {
  if (octets.size() <= static_cast<size_t>(v8::String::kMaxLength)) return js::from_latin1(isolate, octets);
  js::throw_error(isolate, Error::range_error("the text is longer than a string can be"));
  return {};
}

// The characters of a flat string, as UTF-8 with lone surrogates replaced. A view must not live while V8 allocates: hence two steps.
size_t utf8_length(v8::Isolate* isolate, v8::Local<v8::String> text) {
  v8::String::ValueView view(isolate, text);
  auto length = static_cast<size_t>(view.length());
  if (view.is_one_byte()) return simdutf::utf8_length_from_latin1(reinterpret_cast<const char*>(view.data8()), length);
  const auto* data = reinterpret_cast<const char16_t*>(view.data16());
  if (simdutf::validate_utf16(data, length)) return simdutf::utf8_length_from_utf16(data, length);
  std::u16string repaired(length, u'\0');
  simdutf::to_well_formed_utf16(data, length, repaired.data());
  return simdutf::utf8_length_from_utf16(repaired.data(), length);
}

size_t write_utf8(v8::Isolate* isolate, v8::Local<v8::String> text, char* out) {
  v8::String::ValueView view(isolate, text);
  auto length = static_cast<size_t>(view.length());
  if (view.is_one_byte())
    return simdutf::convert_latin1_to_utf8(reinterpret_cast<const char*>(view.data8()), length, out);
  const auto* data = reinterpret_cast<const char16_t*>(view.data16());
  if (auto written = simdutf::convert_utf16_to_utf8(data, length, out)) return written;
  std::u16string repaired(length, u'\0');
  simdutf::to_well_formed_utf16(data, length, repaired.data());
  return simdutf::convert_utf16_to_utf8(repaired.data(), length, out);
}

v8::Local<v8::Uint8Array> utf8_encode(js::Call& call, v8::Local<v8::String> text) {
  auto* isolate = call.v8();
  auto size = utf8_length(isolate, text);
  auto buffer = js::new_array_buffer(isolate, size, v8::BackingStoreInitializationMode::kUninitialized);
  if (size > 0) {
    auto written = write_utf8(isolate, text, static_cast<char*>(buffer->Data()));
    VERIFY(written == size);
  }
  return v8::Uint8Array::New(buffer, 0, size);
}

// Puts [read, written] into counts.
void utf8_encode_into(js::Call& call, v8::Local<v8::String> text, v8::Local<v8::Uint8Array> target,
                      v8::Local<v8::Uint32Array> counts) {
  size_t read = 0;
  size_t written = 0;
  if (target->Length() > 0)
    written = text->WriteUtf8V2(call.v8(), reinterpret_cast<char*>(data_of(target)), target->Length(),
                                v8::String::WriteFlags::kReplaceInvalidUtf8, &read);
  auto* out = reinterpret_cast<uint32_t*>(data_of(counts));
  if (counts->Length() < 2) return;
  out[0] = static_cast<uint32_t>(read);
  out[1] = static_cast<uint32_t>(written);
}

// A whole UTF-8 text: no state, ASCII and Latin-1 results stay one octet per character in the heap.
v8::Local<v8::Value> utf8_decode(js::Call& call, BytesView bytes, bool fatal, bool ignore_bom) {
  auto* isolate = call.v8();
  if (!ignore_bom && bytes.size() >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf)
    bytes = bytes.subspan(3);
  auto text = text_of(bytes);
  if (simdutf::validate_ascii(text.data(), text.size())) return make_latin1_string(isolate, text);
  std::string latin1(text.size(), '\0');
  if (auto length = simdutf::convert_utf8_to_latin1(text.data(), text.size(), latin1.data()))
    return make_latin1_string(isolate, std::string_view(latin1).substr(0, length));
  std::u16string out;
  if (!append_utf8(bytes, out) && fatal) {
    js::throw_error(isolate, Error::type_error("Failed to decode input."));
    return {};
  }
  return make_string(isolate, out);
}

Result<js::Handle<TextDecoder>> decoder_create(std::string encoding, bool fatal, bool ignore_bom) {
  return js::Handle<TextDecoder>(TRY(TextDecoder::create(encoding, {.fatal = fatal, .ignore_bom = ignore_bom})));
}

v8::Local<v8::Value> decoder_decode(js::Call& call, js::Handle<TextDecoder> decoder, BytesView bytes, bool more) {
  auto text = decoder->decode(bytes, more);
  if (text.is_ok()) return make_string(call.v8(), text.value());
  js::throw_error(call.v8(), text.error());
  return {};
}

std::optional<js::ByteString> base64_encode(js::Call& call, v8::Local<v8::String> text) {
  std::string octets;
  if (!text->ContainsOnlyOneByte()) return std::nullopt;
  octets.resize(static_cast<size_t>(text->Length()));
  text->WriteOneByteV2(call.v8(), 0, static_cast<uint32_t>(text->Length()), reinterpret_cast<uint8_t*>(octets.data()));
  js::ByteString out{std::string(simdutf::base64_length_from_binary(octets.size()), '\0')};
  auto written = simdutf::binary_to_base64(octets.data(), octets.size(), out.value.data());
  VERIFY(written == out.value.size());
  return out;
}

using LastChunk = simdutf::last_chunk_handling_options;

struct Decoded {
  simdutf::result result;
  size_t written = 0;
};

// Decodes as much as fits into the target; result.count is what was read.
Decoded decode_base64(v8::Isolate* isolate, v8::Local<v8::String> text, bool url, LastChunk last,
                      std::span<uint8_t> target) {
  v8::String::ValueView view(isolate, text);
  auto length = static_cast<size_t>(view.length());
  auto options = url ? simdutf::base64_url : simdutf::base64_default;
  Decoded out{{}, target.size()};
  auto* to = reinterpret_cast<char*>(target.data());
  if (view.is_one_byte())
    out.result = simdutf::base64_to_binary_safe(reinterpret_cast<const char*>(view.data8()), length, to, out.written,
                                                options, last, true);
  else
    out.result = simdutf::base64_to_binary_safe(reinterpret_cast<const char16_t*>(view.data16()), length, to,
                                                out.written, options, last, true);
  return out;
}

std::optional<js::ByteString> base64_decode(js::Call& call, v8::Local<v8::String> text) {
  js::ByteString out{std::string(static_cast<size_t>(text->Length()) / 4 * 3 + 3, '\0')};
  auto decoded = decode_base64(call.v8(), text, false, LastChunk::loose,
                               {reinterpret_cast<uint8_t*>(out.value.data()), out.value.size()});
  if (decoded.result.error != simdutf::SUCCESS) return std::nullopt;
  out.value.resize(decoded.written);
  return out;
}

constexpr auto bad_base64 = "the string is not base64 of the chosen alphabet";

LastChunk last_chunk_of(uint32_t mode) {
  return mode == 1 ? LastChunk::strict : mode == 2 ? LastChunk::stop_before_partial : LastChunk::loose;
}

Result<Bytes> bytes_from_base64(js::Call& call, v8::Local<v8::String> text, bool url, uint32_t last_chunk) {
  Bytes out(static_cast<size_t>(text->Length()) / 4 * 3 + 3);
  auto decoded = decode_base64(call.v8(), text, url, last_chunk_of(last_chunk), out);
  if (decoded.result.error != simdutf::SUCCESS) return Error(ErrorKind::syntax_error, bad_base64);
  out.resize(decoded.written);
  return out;
}

// Puts [read, written] into counts; what came before a bad character is written all the same.
Result<void> bytes_set_from_base64(js::Call& call, v8::Local<v8::Uint8Array> target, v8::Local<v8::String> text,
                                   bool url, uint32_t last_chunk, v8::Local<v8::Uint32Array> counts) {
  if (counts->Length() < 2) return Error::type_error("counts must have room for two numbers");
  auto decoded = decode_base64(call.v8(), text, url, last_chunk_of(last_chunk), {data_of(target), target->Length()});
  if (decoded.result.error != simdutf::SUCCESS && decoded.result.error != simdutf::OUTPUT_BUFFER_TOO_SMALL)
    return Error(ErrorKind::syntax_error, bad_base64);
  auto* out = reinterpret_cast<uint32_t*>(data_of(counts));
  out[0] = static_cast<uint32_t>(decoded.result.count);
  out[1] = static_cast<uint32_t>(decoded.written);
  return {};
}

js::ByteString bytes_to_base64(BytesView bytes, bool url, bool omit_padding) {
  auto options = url ? (omit_padding ? simdutf::base64_url : simdutf::base64_url_with_padding)
                     : (omit_padding ? simdutf::base64_default_no_padding : simdutf::base64_default);
  js::ByteString out{std::string(simdutf::base64_length_from_binary(bytes.size(), options), '\0')};
  auto written =
      simdutf::binary_to_base64(reinterpret_cast<const char*>(bytes.data()), bytes.size(), out.value.data(), options);
  VERIFY(written == out.value.size());
  return out;
}

js::ByteString bytes_to_hex(BytesView bytes) {
  js::ByteString out;
  out.value.reserve(bytes.size() * 2);
  for (auto octet : bytes) {
    out.value.push_back("0123456789abcdef"[octet >> 4]);
    out.value.push_back("0123456789abcdef"[octet & 15]);
  }
  return out;
}

int hex_value(uint16_t unit) {
  if (unit >= '0' && unit <= '9') return unit - '0';
  if ((unit | 0x20) >= 'a' && (unit | 0x20) <= 'f') return (unit | 0x20) - 'a' + 10;
  return -1;
}

// The number of octets written before the target was full, the text at its end, or (bad is set) a character no hex digit.
size_t decode_hex(v8::Isolate* isolate, v8::Local<v8::String> text, std::span<uint8_t> target, bool& bad) {
  v8::String::ValueView view(isolate, text);
  auto unit = [&](size_t at) -> uint16_t { return view.is_one_byte() ? view.data8()[at] : view.data16()[at]; };
  size_t written = 0;
  for (; written < target.size() && written * 2 + 1 < static_cast<size_t>(view.length()); ++written) {
    int high = hex_value(unit(written * 2));
    int low = hex_value(unit(written * 2 + 1));
    if (high < 0 || low < 0) {
      bad = true;
      break;
    }
    target[written] = static_cast<uint8_t>(high << 4 | low);
  }
  return written;
}

Error bad_hex() { return Error(ErrorKind::syntax_error, "the string is not an even number of hexadecimal digits"); }

Result<Bytes> bytes_from_hex(js::Call& call, v8::Local<v8::String> text) {
  if (text->Length() % 2 != 0) return bad_hex();
  Bytes out(static_cast<size_t>(text->Length()) / 2);
  bool bad = false;
  decode_hex(call.v8(), text, out, bad);
  if (bad) return bad_hex();
  return out;
}

Result<uint32_t> bytes_set_from_hex(js::Call& call, v8::Local<v8::Uint8Array> target, v8::Local<v8::String> text) {
  if (text->Length() % 2 != 0) return bad_hex();
  bool bad = false;
  auto written = decode_hex(call.v8(), text, {data_of(target), target->Length()}, bad);
  if (bad) return bad_hex();
  return static_cast<uint32_t>(written);
}

bool is_array_buffer(v8::Local<v8::Value> value) { return value->IsArrayBuffer() || value->IsSharedArrayBuffer(); }

}  // namespace

void register_encoding(js::OpTable& ops) {
  ops.add<utf8_encode>("utf8_encode");
  ops.add<utf8_encode_into>("utf8_encode_into");
  ops.add<utf8_decode>("utf8_decode");
  ops.add<decoder_create>("decoder_create");
  ops.add<decoder_decode>("decoder_decode");
  ops.add<is_array_buffer>("is_array_buffer");
  ops.add<base64_encode>("base64_encode");
  ops.add<base64_decode>("base64_decode");
  ops.add<bytes_from_base64>("bytes_from_base64");
  ops.add<bytes_set_from_base64>("bytes_set_from_base64");
  ops.add<bytes_to_base64>("bytes_to_base64");
  ops.add<bytes_to_hex>("bytes_to_hex");
  ops.add<bytes_from_hex>("bytes_from_hex");
  ops.add<bytes_set_from_hex>("bytes_set_from_hex");
}

}  // namespace adit::web
