#include "net/client/content_encoder.h"

#include <brotli/encode.h>
#include <zlib.h>

#include "base/verify.h"
#include "net/client/content_decoder.h"
#include "net/websocket/header_list.h"

namespace adit::net {

namespace {

// Streams are flushed chunk by chunk, so that what a worker writes arrives and does not wait for the next.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual void encode(BytesView input, bool is_last, Bytes& out) = 0;
};

class GzipEncoder final : public Encoder {
 public:
  GzipEncoder() { VERIFY(deflateInit2(&m_stream, 5, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK); }
  ~GzipEncoder() override { deflateEnd(&m_stream); }
  void encode(BytesView input, bool is_last, Bytes& out) override {
    m_stream.next_in = const_cast<Bytef*>(input.data());
    m_stream.avail_in = static_cast<uInt>(input.size());
    size_t produced = out.size();
    out.resize(produced + deflateBound(&m_stream, input.size()) + 16);
    for (;;) {
      m_stream.next_out = out.data() + produced;
      m_stream.avail_out = static_cast<uInt>(out.size() - produced);
      int code = deflate(&m_stream, is_last ? Z_FINISH : Z_SYNC_FLUSH);
      produced = out.size() - m_stream.avail_out;
      if (code == Z_STREAM_END || (!is_last && m_stream.avail_out != 0)) break;
      out.resize(out.size() * 2);
    }
    out.resize(produced);
  }

 private:
  z_stream m_stream{};
};

class BrotliEncoder final : public Encoder {
 public:
  BrotliEncoder() : m_state(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), &BrotliEncoderDestroyInstance) {
    VERIFY(m_state);
    BrotliEncoderSetParameter(m_state.get(), BROTLI_PARAM_QUALITY, 4);
  }
  void encode(BytesView input, bool is_last, Bytes& out) override {
    size_t input_left = input.size();
    const uint8_t* next_in = input.data();
    auto operation = is_last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    do {
      size_t room = 0;
      VERIFY(BrotliEncoderCompressStream(m_state.get(), operation, &input_left, &next_in, &room, nullptr, nullptr));
      size_t size = 0;
      const uint8_t* data = BrotliEncoderTakeOutput(m_state.get(), &size);
      out.insert(out.end(), data, data + size);
    } while (input_left != 0 || BrotliEncoderHasMoreOutput(m_state.get()));
  }

 private:
  std::unique_ptr<BrotliEncoderState, void (*)(BrotliEncoderState*)> m_state;
};

class EncodingSource final : public ByteSource, public std::enable_shared_from_this<EncodingSource> {
 public:
  EncodingSource(std::shared_ptr<ByteSource> plain, std::unique_ptr<Encoder> encoder)
      : m_plain(std::move(plain)), m_encoder(std::move(encoder)) {}

  void read(ReadCallback callback) override {
    if (m_ended) return callback(Bytes{});
    m_plain->read([self = shared_from_this(), callback = std::move(callback)](Result<Bytes> chunk) mutable {
      if (chunk.is_error()) return callback(std::move(chunk.error()));
      self->m_ended = chunk.value().empty();
      Bytes out;
      self->m_encoder->encode(chunk.value(), self->m_ended, out);
      callback(std::move(out));
    });
  }
  void cancel(Error reason) override { m_plain->cancel(std::move(reason)); }

 private:
  std::shared_ptr<ByteSource> m_plain;
  std::unique_ptr<Encoder> m_encoder;
  bool m_ended = false;
};

}  // namespace

std::shared_ptr<ByteSource> encode_body(std::shared_ptr<ByteSource> body, std::string_view coding) {
  using websocket::equals_ignoring_case;
  bool is_gzip = equals_ignoring_case(coding, "gzip"), is_brotli = equals_ignoring_case(coding, "br");
  if (!is_gzip && !is_brotli) return body;
  if (auto decoding = std::dynamic_pointer_cast<DecodingSource>(body);
      decoding && equals_ignoring_case(decoding->coding(), coding))
    if (auto encoded = decoding->release_encoded()) return encoded;
  if (is_gzip) return std::make_shared<EncodingSource>(std::move(body), std::make_unique<GzipEncoder>());
  return std::make_shared<EncodingSource>(std::move(body), std::make_unique<BrotliEncoder>());
}

}  // namespace adit::net
