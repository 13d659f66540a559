// Text decoders (WHATWG Encoding): UTF-8 and UTF-16 here, the legacy encodings through ICU's converters.
// Owner: the isolate's thread. Invariant: a decoder keeps between calls only what an unfinished sequence needs (and whether a BOM
// has been looked for), so the end of a stream leaves it as new.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::web {

class TextDecoder {
 public:
  struct Options {
    bool fatal = false;
    bool ignore_bom = false;
  };
  // By the name (not a label) of an encoding, lower-cased, as the standard lists them.
  static Result<std::unique_ptr<TextDecoder>> create(std::string_view encoding, Options options);
  explicit TextDecoder(Options options) : m_options(options) {}
  virtual ~TextDecoder() = default;

  // Decodes one chunk; `more` says that another will follow. A TypeError when the input is bad and the decoder fatal.
  Result<std::u16string> decode(BytesView input, bool more);

 protected:
  // Appends to out. False when there was an error (each already replaced by U+FFFD in out).
  virtual bool step(BytesView input, bool more, std::u16string& out) = 0;
  virtual void reset() = 0;
  // Whether a leading U+FEFF is a byte order mark, which only the UTF encodings have.
  virtual bool has_bom() const { return false; }
  const Options m_options;

 private:
  bool m_bom_seen = false;
};

// How many octets at the end of `bytes` are the beginning of a well-formed UTF-8 sequence that is not complete yet (0 to 3).
size_t incomplete_utf8_suffix(BytesView bytes);

// Appends the text; false when something had to be replaced by U+FFFD.
bool append_utf8(BytesView bytes, std::u16string& out);

}  // namespace adit::web
