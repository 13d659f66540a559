// The ops over src/web/compression.h. Owner: the isolate's thread.
#include "js/ops.h"
#include "web/compression.h"

namespace adit::web {

static Result<std::shared_ptr<Codec>> compression_create(std::string format) { return Codec::compressor(format); }
static Result<std::shared_ptr<Codec>> decompression_create(std::string format, bool is_strict) {
  return Codec::decompressor(format, is_strict ? Checks::strict : Checks::lenient);
}
static Result<Bytes> codec_write(js::Handle<Codec> codec, BytesView bytes) { return codec->write(bytes); }
static Result<Bytes> codec_finish(js::Handle<Codec> codec) { return codec->finish(); }

void register_compression(js::OpTable& ops) {
  ops.add<compression_create>("compression_create");
  ops.add<decompression_create>("decompression_create");
  ops.add<codec_write>("codec_write");
  ops.add<codec_finish>("codec_finish");
}

}  // namespace adit::web
