// The op behind node:zlib: one incremental codec, deflate's family (zlib), brotli or zstd, with all of Node's options. Owner: the isolate's thread.
// Invariant: after an error every further call fails the same way. A call gives all output that its input makes, up to `limit`.
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>

#include "js/ops.h"

namespace adit::web {
namespace node {
namespace {

constexpr size_t chunk_size_bytes = 32 * 1024;
constexpr size_t max_output_bytes = 128 * 1024 * 1024;  // of one call: an isolate's memory limit

// Node's numbers for what a stream does.
enum class Mode : uint32_t {
  deflate = 1,
  inflate,
  gzip,
  gunzip,
  deflate_raw,
  inflate_raw,
  unzip,
  brotli_decode,
  brotli_encode
};

// What went wrong, as "CODE errno message"; builtins/node/zlib.ts makes Node's error of it.
Error zlib_error(const char* code, int number, const char* message) {
  return Error::failed(std::string(code) + " " + std::to_string(number) + " " + message);
}

Error too_large() { return zlib_error("ERR_BUFFER_TOO_LARGE", 0, "the output is larger than maxOutputLength"); }

class ZlibCodec {
 public:
  virtual ~ZlibCodec() = default;
  // flush: zlib's or brotli's own number. Sets consumed().
  virtual Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) = 0;
  size_t consumed() const { return m_consumed; }
  bool is_ended() const { return m_ended; }
  virtual Result<void> reset() = 0;
  virtual Result<void> set_parameters(int32_t, int32_t) { return Error::failed("params() is for deflate only"); }

 protected:
  // Room for more output, within the limit.
  static Result<size_t> grow(Bytes& output, size_t used, size_t limit) {
    if (used > std::min(limit, max_output_bytes)) return too_large();
    output.resize(used + chunk_size_bytes);
    return chunk_size_bytes;
  }
  size_t m_consumed = 0;
  bool m_ended = false;
};

struct ZlibOptions {
  int32_t level = Z_DEFAULT_COMPRESSION;
  int32_t window_bits = MAX_WBITS;
  int32_t memory_level = 8;
  int32_t strategy = Z_DEFAULT_STRATEGY;
  Bytes dictionary;
};

class Deflate final : public ZlibCodec {
 public:
  Deflate(Mode mode, ZlibOptions options) : m_mode(mode), m_options(std::move(options)) {}
  ~Deflate() override { deflateEnd(&m_stream); }
  Result<void> init() {
    int bits = m_options.window_bits;
    if (m_mode == Mode::gzip) bits += 16;
    if (m_mode == Mode::deflate_raw) bits = -bits;
    if (deflateInit2(&m_stream, m_options.level, Z_DEFLATED, bits, m_options.memory_level, m_options.strategy) != Z_OK)
      return zlib_error("Z_STREAM_ERROR", Z_STREAM_ERROR, "Init error");
    return use_dictionary();
  }
  Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) override {
    auto output = std::exchange(m_early, {});
    size_t used = output.size();
    m_stream.next_in = const_cast<uint8_t*>(input.data());
    m_stream.avail_in = static_cast<uInt>(input.size());
    do {
      auto room = TRY(grow(output, used, limit));
      m_stream.next_out = output.data() + used;
      m_stream.avail_out = static_cast<uInt>(room);
      int status = deflate(&m_stream, static_cast<int>(flush));
      if (status == Z_STREAM_ERROR) return zlib_error("Z_STREAM_ERROR", status, "stream error");
      used = output.size() - m_stream.avail_out;
    } while (m_stream.avail_out == 0);
    m_consumed = input.size() - m_stream.avail_in;
    output.resize(used);
    return output;
  }
  Result<void> reset() override {
    m_early.clear();
    deflateReset(&m_stream);
    return use_dictionary();
  }
  // What was written before is compressed as it was to be, which may give output: the next write's begins with it.
  Result<void> set_parameters(int32_t level, int32_t strategy) override {
    m_stream.avail_in = 0;
    int status = Z_OK;
    do {
      auto used = m_early.size();
      auto room = TRY(grow(m_early, used, SIZE_MAX));
      m_stream.next_out = m_early.data() + used;
      m_stream.avail_out = static_cast<uInt>(room);
      status = deflateParams(&m_stream, level, strategy);
      m_early.resize(m_early.size() - m_stream.avail_out);
    } while (status == Z_BUF_ERROR && m_stream.avail_out == 0);
    if (status != Z_OK && status != Z_BUF_ERROR)
      return zlib_error("Z_STREAM_ERROR", status, "Failed to set parameters");
    return {};
  }

 private:
  Result<void> use_dictionary() {
    const auto& dictionary = m_options.dictionary;
    if (!dictionary.empty() &&
        deflateSetDictionary(&m_stream, dictionary.data(), static_cast<uInt>(dictionary.size())) != Z_OK)
      return zlib_error("Z_STREAM_ERROR", Z_STREAM_ERROR, "Failed to set dictionary");
    return {};
  }
  z_stream m_stream{};
  Mode m_mode;
  ZlibOptions m_options;
  Bytes m_early;  // output that set_parameters made
};

class Inflate final : public ZlibCodec {
 public:
  Inflate(Mode mode, ZlibOptions options) : m_mode(mode), m_options(std::move(options)) {}
  ~Inflate() override { inflateEnd(&m_stream); }
  Result<void> init() {
    int bits = m_options.window_bits;
    if (m_mode == Mode::gunzip) bits += 16;
    if (m_mode == Mode::unzip) bits += 32;
    if (m_mode == Mode::inflate_raw) bits = -bits;
    if (inflateInit2(&m_stream, bits) != Z_OK) return zlib_error("Z_STREAM_ERROR", Z_STREAM_ERROR, "Init error");
    return use_raw_dictionary();
  }
  Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) override {
    Bytes output;
    size_t used = 0;
    m_stream.next_in = const_cast<uint8_t*>(input.data());
    m_stream.avail_in = static_cast<uInt>(input.size());
    // Gzip members may follow one another; what follows the last one and begins no other is left alone.
    if (m_ended && !TRY(begin_next_member())) return Bytes();
    do {
      auto room = TRY(grow(output, used, limit));
      m_stream.next_out = output.data() + used;
      m_stream.avail_out = static_cast<uInt>(room);
      int status = inflate(&m_stream, static_cast<int>(flush));
      if (status == Z_NEED_DICT) status = TRY(give_dictionary(flush));
      used = output.size() - m_stream.avail_out;
      if (status == Z_STREAM_END) {
        m_ended = true;
        if (!TRY(begin_next_member())) break;
        continue;
      }
      if (status == Z_BUF_ERROR && m_stream.avail_out == 0) continue;
      if (status == Z_BUF_ERROR && flush == Z_FINISH)
        return zlib_error("Z_BUF_ERROR", Z_BUF_ERROR, "unexpected end of file");
      if (status != Z_OK && status != Z_BUF_ERROR) return failure(status);
    } while (m_stream.avail_out == 0 || m_stream.avail_in > 0);
    if (flush == Z_FINISH && !m_ended) return zlib_error("Z_BUF_ERROR", Z_BUF_ERROR, "unexpected end of file");
    m_consumed = input.size() - m_stream.avail_in;
    output.resize(used);
    return output;
  }
  Result<void> reset() override {
    inflateReset(&m_stream);
    m_ended = false;
    return use_raw_dictionary();
  }

 private:
  Result<bool> begin_next_member() {
    bool is_gzip = m_mode == Mode::gunzip || m_mode == Mode::unzip;
    if (!is_gzip || m_stream.avail_in == 0 || m_stream.next_in[0] != 0x1f) return false;
    inflateReset(&m_stream);
    m_ended = false;
    return true;
  }
  Result<void> use_raw_dictionary() {
    if (m_mode != Mode::inflate_raw || m_options.dictionary.empty()) return {};
    if (inflateSetDictionary(&m_stream, m_options.dictionary.data(), static_cast<uInt>(m_options.dictionary.size())) !=
        Z_OK)
      return zlib_error("Z_DATA_ERROR", Z_DATA_ERROR, "Failed to set dictionary");
    return {};
  }
  Result<int> give_dictionary(uint32_t flush) {
    const auto& dictionary = m_options.dictionary;
    if (dictionary.empty()) return zlib_error("Z_NEED_DICT", Z_NEED_DICT, "Missing dictionary");
    if (inflateSetDictionary(&m_stream, dictionary.data(), static_cast<uInt>(dictionary.size())) != Z_OK)
      return zlib_error("Z_DATA_ERROR", Z_DATA_ERROR, "Bad dictionary");
    return inflate(&m_stream, static_cast<int>(flush));
  }
  Error failure(int status) const {
    const char* code = status == Z_DATA_ERROR  ? "Z_DATA_ERROR"
                       : status == Z_MEM_ERROR ? "Z_MEM_ERROR"
                                               : "Z_STREAM_ERROR";
    return zlib_error(code, status, m_stream.msg ? m_stream.msg : "Zlib error");
  }
  z_stream m_stream{};
  Mode m_mode;
  ZlibOptions m_options;
};

// name, value, name, value, ... as Node gives them to brotli and zstd.
template <typename Name, typename T, typename Set>
Result<void> set_parameters_of(const std::vector<T>& pairs, const char* otherwise, Set set) {
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    if (!set(static_cast<Name>(pairs[i]), pairs[i + 1]))
      return zlib_error("ERR_ZLIB_INITIALIZATION_FAILED", 0, otherwise);
  return {};
}

class BrotliEncode final : public ZlibCodec {
 public:
  explicit BrotliEncode(std::vector<uint32_t> parameters) : m_parameters(std::move(parameters)) {}
  ~BrotliEncode() override { BrotliEncoderDestroyInstance(m_state); }
  Result<void> init() {
    m_state = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    return set_parameters_of<BrotliEncoderParameter>(
        m_parameters, "Initialization failed", [this](BrotliEncoderParameter name, uint32_t value) {
          return BrotliEncoderSetParameter(m_state, name, value) == BROTLI_TRUE;
        });
  }
  Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) override {
    Bytes output;
    size_t used = 0;
    const uint8_t* next_in = input.data();
    size_t available_in = input.size();
    do {
      size_t room = TRY(grow(output, used, limit));
      uint8_t* next_out = output.data() + used;
      if (BrotliEncoderCompressStream(m_state, static_cast<BrotliEncoderOperation>(flush), &available_in, &next_in,
                                      &room, &next_out, nullptr) == BROTLI_FALSE)
        return zlib_error("ERR_BROTLI_COMPRESSION_FAILED", 0, "Compression failed");
      used = output.size() - room;
    } while (available_in > 0 || BrotliEncoderHasMoreOutput(m_state) == BROTLI_TRUE);
    m_consumed = input.size();
    output.resize(used);
    return output;
  }
  Result<void> reset() override {
    BrotliEncoderDestroyInstance(m_state);
    return init();
  }

 private:
  BrotliEncoderState* m_state = nullptr;
  std::vector<uint32_t> m_parameters;
};

class BrotliDecode final : public ZlibCodec {
 public:
  explicit BrotliDecode(std::vector<uint32_t> parameters) : m_parameters(std::move(parameters)) {}
  ~BrotliDecode() override { BrotliDecoderDestroyInstance(m_state); }
  Result<void> init() {
    m_state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
    return set_parameters_of<BrotliDecoderParameter>(
        m_parameters, "Initialization failed", [this](BrotliDecoderParameter name, uint32_t value) {
          return BrotliDecoderSetParameter(m_state, name, value) == BROTLI_TRUE;
        });
  }
  Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) override {
    Bytes output;
    size_t used = 0;
    const uint8_t* next_in = input.data();
    size_t available_in = input.size();
    BrotliDecoderResult status = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (!m_ended && status == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
      size_t room = TRY(grow(output, used, limit));
      uint8_t* next_out = output.data() + used;
      status = BrotliDecoderDecompressStream(m_state, &available_in, &next_in, &room, &next_out, nullptr);
      used = output.size() - room;
      if (status == BROTLI_DECODER_RESULT_SUCCESS) m_ended = true;
      if (status == BROTLI_DECODER_RESULT_ERROR) {
        std::string text = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(m_state));
        if (text.starts_with("_")) text.erase(0, 1);
        return zlib_error(("ERR_" + text).c_str(), static_cast<int>(BrotliDecoderGetErrorCode(m_state)),
                          "Decompression failed");
      }
    }
    if (flush == BROTLI_OPERATION_FINISH && !m_ended)
      return zlib_error("Z_BUF_ERROR", Z_BUF_ERROR, "unexpected end of file");
    m_consumed = input.size() - available_in;
    output.resize(used);
    return output;
  }
  Result<void> reset() override {
    BrotliDecoderDestroyInstance(m_state);
    m_ended = false;
    return init();
  }

 private:
  BrotliDecoderState* m_state = nullptr;
  std::vector<uint32_t> m_parameters;
};

Error zstd_failure(size_t status) {
  auto code = ZSTD_getErrorCode(status);
  auto name = code == ZSTD_error_srcSize_wrong          ? "ZSTD_error_srcSize_wrong"
              : code == ZSTD_error_prefix_unknown       ? "ZSTD_error_prefix_unknown"
              : code == ZSTD_error_corruption_detected  ? "ZSTD_error_corruption_detected"
              : code == ZSTD_error_checksum_wrong       ? "ZSTD_error_checksum_wrong"
              : code == ZSTD_error_dictionary_wrong     ? "ZSTD_error_dictionary_wrong"
              : code == ZSTD_error_parameter_outOfBound ? "ZSTD_error_parameter_outOfBound"
                                                        : "ZSTD_error_GENERIC";
  return zlib_error(name, static_cast<int>(code), ZSTD_getErrorName(status));
}

class ZstdEncode final : public ZlibCodec {
 public:
  ZstdEncode(std::vector<int32_t> parameters, double source_size)
      : m_parameters(std::move(parameters)), m_source_size(source_size) {}
  ~ZstdEncode() override { ZSTD_freeCCtx(m_context); }
  Result<void> init() {
    if (!m_context) m_context = ZSTD_createCCtx();
    TRY(set_parameters_of<ZSTD_cParameter>(m_parameters, "Setting parameter failed",
                                           [this](ZSTD_cParameter name, int value) {
                                             return !ZSTD_isError(ZSTD_CCtx_setParameter(m_context, name, value));
                                           }));
    if (m_source_size >= 0) {
      auto status = ZSTD_CCtx_setPledgedSrcSize(m_context, static_cast<unsigned long long>(m_source_size));
      if (ZSTD_isError(status)) return zstd_failure(status);
    }
    return {};
  }
  Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) override {
    Bytes output;
    size_t used = 0;
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    for (;;) {
      auto room = TRY(grow(output, used, limit));
      ZSTD_outBuffer out{output.data() + used, room, 0};
      auto left = ZSTD_compressStream2(m_context, &out, &in, static_cast<ZSTD_EndDirective>(flush));
      if (ZSTD_isError(left)) return zstd_failure(left);
      used += out.pos;
      if (flush == ZSTD_e_continue ? in.pos == in.size : left == 0) break;
    }
    m_consumed = in.pos;
    output.resize(used);
    return output;
  }
  Result<void> reset() override {
    ZSTD_CCtx_reset(m_context, ZSTD_reset_session_and_parameters);
    return init();
  }

 private:
  ZSTD_CCtx* m_context = nullptr;
  std::vector<int32_t> m_parameters;
  double m_source_size;
};

class ZstdDecode final : public ZlibCodec {
 public:
  explicit ZstdDecode(std::vector<int32_t> parameters) : m_parameters(std::move(parameters)) {}
  ~ZstdDecode() override { ZSTD_freeDCtx(m_context); }
  Result<void> init() {
    if (!m_context) m_context = ZSTD_createDCtx();
    return set_parameters_of<ZSTD_dParameter>(m_parameters, "Setting parameter failed",
                                              [this](ZSTD_dParameter name, int value) {
                                                return !ZSTD_isError(ZSTD_DCtx_setParameter(m_context, name, value));
                                              });
  }
  Result<Bytes> write(BytesView input, uint32_t flush, size_t limit) override {
    Bytes output;
    size_t used = 0;
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    bool is_full = false;
    while (in.pos < in.size || is_full) {
      auto room = TRY(grow(output, used, limit));
      ZSTD_outBuffer out{output.data() + used, room, 0};
      m_wanted = ZSTD_decompressStream(m_context, &out, &in);
      if (ZSTD_isError(m_wanted)) return zstd_failure(m_wanted);
      used += out.pos;
      is_full = out.pos == out.size && m_wanted != 0;
    }
    // Zero: a frame ended here. Frames may follow one another.
    if (flush == ZSTD_e_end && m_wanted != 0) return zlib_error("Z_BUF_ERROR", Z_BUF_ERROR, "unexpected end of file");
    m_consumed = in.pos;
    output.resize(used);
    return output;
  }
  Result<void> reset() override {
    ZSTD_DCtx_reset(m_context, ZSTD_reset_session_and_parameters);
    m_wanted = 1;
    return init();
  }

 private:
  ZSTD_DCtx* m_context = nullptr;
  std::vector<int32_t> m_parameters;
  size_t m_wanted = 1;
};

template <typename T>
Result<std::shared_ptr<ZlibCodec>> started(std::shared_ptr<T> codec) {
  TRY(codec->init());
  return std::shared_ptr<ZlibCodec>(std::move(codec));
}

using Handle = js::Handle<ZlibCodec>;

Result<Handle> node_zlib_create(uint32_t mode, int32_t level, int32_t window_bits, int32_t memory_level,
                                int32_t strategy, std::optional<BytesView> dictionary) {
  ZlibOptions options{level, window_bits, memory_level, strategy, dictionary ? copy_bytes(*dictionary) : Bytes()};
  auto kind = static_cast<Mode>(mode);
  if (kind == Mode::deflate || kind == Mode::gzip || kind == Mode::deflate_raw)
    return started(std::make_shared<Deflate>(kind, std::move(options)));
  return started(std::make_shared<Inflate>(kind, std::move(options)));
}
Result<Handle> node_brotli_create(bool encodes, std::vector<uint32_t> parameters) {
  if (encodes) return started(std::make_shared<BrotliEncode>(std::move(parameters)));
  return started(std::make_shared<BrotliDecode>(std::move(parameters)));
}
Result<Handle> node_zstd_create(bool encodes, std::vector<int32_t> parameters, double source_size) {
  if (encodes) return started(std::make_shared<ZstdEncode>(std::move(parameters), source_size));
  return started(std::make_shared<ZstdDecode>(std::move(parameters)));
}
Result<Bytes> node_zlib_write(Handle codec, BytesView input, uint32_t flush, double limit) {
  auto output = TRY(codec->write(input, flush, static_cast<size_t>(limit)));
  if (static_cast<double>(output.size()) > limit) return too_large();
  return output;
}
double node_zlib_consumed(Handle codec) { return static_cast<double>(codec->consumed()); }
bool node_zlib_ended(Handle codec) { return codec->is_ended(); }
Result<void> node_zlib_reset(Handle codec) { return codec->reset(); }
Result<void> node_zlib_params(Handle codec, int32_t level, int32_t strategy) {
  return codec->set_parameters(level, strategy);
}
uint32_t node_crc32(BytesView data, uint32_t value) {
  return static_cast<uint32_t>(crc32(value, data.data(), static_cast<uInt>(data.size())));
}

}  // namespace
}  // namespace node

void register_node_zlib(js::OpTable& ops) {
  ops.add<node::node_zlib_create>("node_zlib_create");
  ops.add<node::node_brotli_create>("node_brotli_create");
  ops.add<node::node_zstd_create>("node_zstd_create");
  ops.add<node::node_zlib_write>("node_zlib_write");
  ops.add<node::node_zlib_consumed>("node_zlib_consumed");
  ops.add<node::node_zlib_ended>("node_zlib_ended");
  ops.add<node::node_zlib_reset>("node_zlib_reset");
  ops.add<node::node_zlib_params>("node_zlib_params");
  ops.add<node::node_crc32>("node_crc32");
}

}  // namespace adit::web
