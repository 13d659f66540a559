#include "web/encoding.h"

#include <simdutf.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>

namespace adit::web {
namespace {

constexpr char16_t replacement = 0xfffd;

// The octets that may follow a lead octet: how many, and the range of the first of them (Encoding § 8.1.1).
struct Lead {
  uint8_t needed = 0;
  uint8_t lower = 0x80;
  uint8_t upper = 0xbf;
};

Lead lead_of(uint8_t octet) {
  if (octet >= 0xc2 && octet <= 0xdf) return {1};
  if (octet == 0xe0) return {2, 0xa0};
  if (octet == 0xed) return {2, 0x80, 0x9f};
  if (octet >= 0xe1 && octet <= 0xef) return {2};
  if (octet == 0xf0) return {3, 0x90};
  if (octet == 0xf4) return {3, 0x80, 0x8f};
  if (octet >= 0xf1 && octet <= 0xf3) return {3};
  return {};
}

// The length of the maximal well-formed subpart at `at`, which is not a complete sequence: what one U+FFFD replaces.
size_t bad_length(BytesView bytes, size_t at) {
  auto lead = lead_of(bytes[at]);
  size_t length = 1;
  while (length <= lead.needed && at + length < bytes.size()) {
    auto octet = bytes[at + length];
    if (octet < (length == 1 ? lead.lower : 0x80) || octet > (length == 1 ? lead.upper : 0xbf)) break;
    ++length;
  }
  return length;
}

class Utf8Decoder final : public TextDecoder {
 public:
  using TextDecoder::TextDecoder;

 private:
  bool step(BytesView input, bool more, std::u16string& out) override {
    Bytes joined;
    if (!m_pending.empty()) {
      joined = std::move(m_pending);
      joined.insert(joined.end(), input.begin(), input.end());
      input = joined;
      m_pending.clear();
    }
    if (more) {
      auto kept = incomplete_utf8_suffix(input);
      auto rest = copy_bytes(input.last(kept));
      bool good = append_utf8(input.first(input.size() - kept), out);
      m_pending = std::move(rest);
      return good;
    }
    return append_utf8(input, out);
  }
  void reset() override { m_pending.clear(); }
  bool has_bom() const override { return true; }
  Bytes m_pending;
};

// Encoding § 14.2, "shared UTF-16 decoder".
class Utf16Decoder final : public TextDecoder {
 public:
  Utf16Decoder(Options options, bool big_endian) : TextDecoder(options), m_big_endian(big_endian) {}

 private:
  bool step(BytesView input, bool more, std::u16string& out) override {
    bool good = true;
    out.reserve(out.size() + input.size() / 2 + 2);
    for (auto octet : input) {
      if (!m_have_octet) {
        m_octet = octet;
        m_have_octet = true;
        continue;
      }
      m_have_octet = false;
      auto unit = static_cast<char16_t>(m_big_endian ? m_octet << 8 | octet : octet << 8 | m_octet);
      good = push(unit, out) && good;
    }
    if (!more && (m_have_octet || m_lead != 0)) {
      out.push_back(replacement);
      good = false;
    }
    return good;
  }
  bool push(char16_t unit, std::u16string& out) {
    bool good = true;
    bool is_trail = (unit & 0xfc00) == 0xdc00;
    if (m_lead != 0) {
      if (is_trail) {
        out.push_back(m_lead);
        out.push_back(unit);
        m_lead = 0;
        return true;
      }
      out.push_back(replacement);
      m_lead = 0;
      good = false;
    }
    if ((unit & 0xfc00) == 0xd800) {
      m_lead = unit;
    } else if (is_trail) {
      out.push_back(replacement);
      good = false;
    } else {
      out.push_back(unit);
    }
    return good;
  }
  void reset() override {
    m_have_octet = false;
    m_lead = 0;
  }
  bool has_bom() const override { return true; }
  const bool m_big_endian;
  bool m_have_octet = false;
  uint8_t m_octet = 0;
  char16_t m_lead = 0;
};

// Encoding § 14.5.
class UserDefinedDecoder final : public TextDecoder {
 public:
  using TextDecoder::TextDecoder;

 private:
  bool step(BytesView input, bool, std::u16string& out) override {
    for (auto octet : input) out.push_back(static_cast<char16_t>(octet < 0x80 ? octet : 0xf780 + octet - 0x80));
    return true;
  }
  void reset() override {}
};

// Encoding § 9, iso-8859-16, which ICU does not have. Octets below 0xa0 are their own code points.
class Latin10Decoder final : public TextDecoder {
 public:
  using TextDecoder::TextDecoder;

 private:
  bool step(BytesView input, bool, std::u16string& out) override {
    static constexpr std::u16string_view high =
        u"\u00a0ĄąŁ€„Š§š©Ș«Ź\u00adźŻ°±ČłŽ”¶·žčș»ŒœŸżÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛÜĘȚßàáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ";
    static_assert(high.size() == 96);
    for (auto octet : input) out.push_back(octet < 0xa0 ? octet : high[octet - 0xa0]);
    return true;
  }
  void reset() override {}
};

class IcuDecoder final : public TextDecoder {
 public:
  IcuDecoder(Options options, UConverter* converter) : TextDecoder(options), m_converter(converter, &ucnv_close) {}

 private:
  bool step(BytesView input, bool more, std::u16string& out) override {
    const auto* source = reinterpret_cast<const char*>(input.data());
    const auto* end = source + input.size();
    std::array<char16_t, 2048> buffer;
    while (true) {
      char16_t* target = buffer.data();
      UErrorCode status = U_ZERO_ERROR;
      ucnv_toUnicode(m_converter.get(), &target, buffer.data() + buffer.size(), &source, end, nullptr, !more, &status);
      out.append(buffer.data(), target);
      if (status == U_BUFFER_OVERFLOW_ERROR) continue;
      return U_SUCCESS(status);
    }
  }
  void reset() override { ucnv_resetToUnicode(m_converter.get()); }
  std::unique_ptr<UConverter, decltype(&ucnv_close)> m_converter;
};

// ICU's converters under the standard's names, where ICU's default of the same name is another table.
const char* icu_name(std::string_view encoding) {
  struct Name {
    std::string_view encoding;
    const char* icu;
  };
  static constexpr Name names[] = {
      {"ibm866", "ibm866"},
      {"iso-8859-2", "iso-8859-2"},
      {"iso-8859-3", "iso-8859-3"},
      {"iso-8859-4", "iso-8859-4"},
      {"iso-8859-5", "iso-8859-5"},
      {"iso-8859-6", "iso-8859-6"},
      {"iso-8859-7", "iso-8859-7"},
      {"iso-8859-8", "iso-8859-8"},
      {"iso-8859-8-i", "iso-8859-8"},
      {"iso-8859-10", "iso-8859-10"},
      {"iso-8859-13", "iso-8859-13"},
      {"iso-8859-14", "iso-8859-14"},
      {"iso-8859-15", "iso-8859-15"},
      {"koi8-r", "koi8-r"},
      {"koi8-u", "koi8-u"},
      {"macintosh", "macintosh"},
      {"windows-874", "windows-874"},
      {"windows-1250", "windows-1250"},
      {"windows-1251", "windows-1251"},
      {"windows-1252", "windows-1252"},
      {"windows-1253", "windows-1253"},
      {"windows-1254", "windows-1254"},
      {"windows-1255", "windows-1255"},
      {"windows-1256", "windows-1256"},
      {"windows-1257", "windows-1257"},
      {"windows-1258", "windows-1258"},
      {"x-mac-cyrillic", "x-mac-cyrillic"},
      {"gbk", "gb18030"},
      {"gb18030", "gb18030"},
      {"big5", "big5-hkscs"},
      {"euc-jp", "euc-jp"},
      {"iso-2022-jp", "iso-2022-jp"},
      {"shift_jis", "ibm-943_P15A-2003"},
      {"euc-kr", "windows-949-2000"},
  };
  for (const auto& name : names)
    if (name.encoding == encoding) return name.icu;
  return nullptr;
}

}  // namespace

size_t incomplete_utf8_suffix(BytesView bytes) {
  for (size_t length = 1; length <= 3 && length <= bytes.size(); ++length) {
    auto at = bytes.size() - length;
    auto needed = lead_of(bytes[at]).needed;
    if (needed == 0) {
      if ((bytes[at] & 0xc0) == 0x80) continue;  // perhaps inside a sequence that began before
      return 0;
    }
    return needed >= length && bad_length(bytes, at) == length ? length : 0;
  }
  return 0;
}

bool append_utf8(BytesView bytes, std::u16string& out) {
  bool good = true;
  while (!bytes.empty()) {
    const auto* data = reinterpret_cast<const char*>(bytes.data());
    auto result = simdutf::validate_utf8_with_errors(data, bytes.size());
    auto valid = result.error == simdutf::SUCCESS ? bytes.size() : result.count;
    auto old = out.size();
    out.resize(old + simdutf::utf16_length_from_utf8(data, valid));
    auto written = simdutf::convert_valid_utf8_to_utf16(data, valid, out.data() + old);
    VERIFY(old + written == out.size());
    if (valid == bytes.size()) break;
    good = false;
    out.push_back(replacement);
    bytes = bytes.subspan(valid + bad_length(bytes, valid));
  }
  return good;
}

Result<std::unique_ptr<TextDecoder>> TextDecoder::create(std::string_view encoding, Options options) {
  using Made = std::unique_ptr<TextDecoder>;
  if (encoding == "utf-8") return Made(std::make_unique<Utf8Decoder>(options));
  if (encoding == "utf-16le") return Made(std::make_unique<Utf16Decoder>(options, false));
  if (encoding == "utf-16be") return Made(std::make_unique<Utf16Decoder>(options, true));
  if (encoding == "x-user-defined") return Made(std::make_unique<UserDefinedDecoder>(options));
  if (encoding == "iso-8859-16") return Made(std::make_unique<Latin10Decoder>(options));
  const char* name = icu_name(encoding);
  if (!name) return Error::range_error("no decoder for the encoding " + std::string(encoding));
  UErrorCode status = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(name, &status);
  if (U_FAILURE(status)) return Error::failed(std::string("ICU has no converter ") + name);
  auto made = std::make_unique<IcuDecoder>(options, converter);
  if (options.fatal) ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  if (U_FAILURE(status)) return Error::failed(std::string("ICU: ") + u_errorName(status));
  return Made(std::move(made));
}

Result<std::u16string> TextDecoder::decode(BytesView input, bool more) {
  std::u16string out;
  bool good = step(input, more, out);
  if (!good && m_options.fatal) {
    reset();
    m_bom_seen = false;
    return Error::type_error("Failed to decode input.");
  }
  if (has_bom() && !m_bom_seen && !out.empty()) {
    m_bom_seen = true;
    if (!m_options.ignore_bom && out.front() == 0xfeff) out.erase(0, 1);
  }
  if (!more) {
    reset();
    m_bom_seen = false;
  }
  return out;
}

}  // namespace adit::web
