// The Compression standard's formats over zlib, as one incremental codec. Owner: the isolate's thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::js {
class OpTable;
}

namespace adit::web {

// Whether octets after the end of compressed data, or an end that is missing, are errors.
enum class Checks { strict, lenient };

class Codec {
 public:
  virtual ~Codec() = default;
  // What the codec gives for these octets now, maybe nothing. Output that no isolate has room for is an error.
  virtual Result<Bytes> write(BytesView input) = 0;
  // The rest. Incomplete compressed data is an error.
  virtual Result<Bytes> finish() = 0;

  // format: "gzip", "deflate" (the zlib format) or "deflate-raw".
  static Result<std::shared_ptr<Codec>> compressor(std::string_view format);
  static Result<std::shared_ptr<Codec>> decompressor(std::string_view format, Checks checks = Checks::strict);
};

void register_compression(js::OpTable& ops);

}  // namespace adit::web
