#include "net/client/content_decoder.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <algorithm>

#include "base/verify.h"
#include "net/websocket/header_list.h"

namespace adit::net {

namespace {

constexpr size_t chunk_bytes = 64 * 1024;

// Decodes step by step. Takes octets off input, puts at most room.size() into room.
class Codec {
 public:
  // boundary: may end here, if nothing more comes.
  enum class Status { more, boundary, end, corrupt };
  virtual ~Codec() = default;
  virtual Status step(BytesView& input, std::span<uint8_t> room, size_t& produced) = 0;
};

class ZlibCodec final : public Codec {
 public:
  // window_bits as zlib's inflateInit2 takes them: 31 is gzip, 15 zlib, -15 raw; 0: zlib or raw, whichever the first octets show.
  explicit ZlibCodec(int window_bits) : m_window_bits(window_bits) {}
  ~ZlibCodec() override {
    if (m_ready) inflateEnd(&m_stream);
  }
  Status step(BytesView& input, std::span<uint8_t> room, size_t& produced) override {
    if (!m_ready && !prepare(input)) return Status::more;
    // RFC 1952 § 2.2: a gzip file is a series of members. Anything else behind one is not part of it.
    if (m_between_members) {
      if (input.empty()) return Status::boundary;
      if (input[0] != 0x1f || inflateReset(&m_stream) != Z_OK) return Status::end;
      m_between_members = false;
    }
    m_stream.next_in = const_cast<Bytef*>(input.data());
    m_stream.avail_in = static_cast<uInt>(input.size());
    m_stream.next_out = room.data();
    m_stream.avail_out = static_cast<uInt>(room.size());
    int code = inflate(&m_stream, Z_NO_FLUSH);
    produced = room.size() - m_stream.avail_out;
    input = input.last(m_stream.avail_in);
    if (code == Z_STREAM_END) {
      if (m_window_bits != gzip_window_bits) return Status::end;
      m_between_members = true;
      return input.empty() ? Status::boundary : Status::more;
    }
    return code == Z_OK || code == Z_BUF_ERROR ? Status::more : Status::corrupt;
  }
  static constexpr int gzip_window_bits = 31;

 private:
  // RFC 9110 § 8.4.1.2 means zlib by "deflate", but some servers send raw deflate. The zlib header is two octets (RFC 1950 § 2.2).
  bool prepare(BytesView& input) {
    if (m_window_bits == 0) {
      if (input.empty()) return false;
      m_window_bits = (input[0] & 0x0f) == 8 && (input.size() < 2 || (input[0] << 8 | input[1]) % 31 == 0) ? 15 : -15;
    }
    m_ready = true;
    VERIFY(inflateInit2(&m_stream, m_window_bits) == Z_OK);
    return true;
  }

  z_stream m_stream{};
  int m_window_bits;
  bool m_ready = false;
  bool m_between_members = false;
};

class BrotliCodec final : public Codec {
 public:
  BrotliCodec() : m_state(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance) {
    VERIFY(m_state);
  }
  Status step(BytesView& input, std::span<uint8_t> room, size_t& produced) override {
    size_t input_left = input.size(), room_left = room.size();
    const uint8_t* next_in = input.data();
    uint8_t* next_out = room.data();
    auto result = BrotliDecoderDecompressStream(m_state.get(), &input_left, &next_in, &room_left, &next_out, nullptr);
    produced = room.size() - room_left;
    input = input.last(input_left);
    if (result == BROTLI_DECODER_RESULT_ERROR) return Status::corrupt;
    return result == BROTLI_DECODER_RESULT_SUCCESS ? Status::end : Status::more;
  }

 private:
  std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> m_state;
};

class Decoding final : public DecodingSource, public std::enable_shared_from_this<Decoding> {
 public:
  Decoding(std::shared_ptr<ByteSource> encoded, std::unique_ptr<Codec> codec, std::string_view coding)
      : m_encoded(std::move(encoded)), m_codec(std::move(codec)), m_coding(coding) {}

  std::string_view coding() const override { return m_coding; }

  void read(ReadCallback callback) override {
    VERIFY(!m_reader);
    m_reader = std::move(callback);
    advance();
  }

  void cancel(Error reason) override {
    if (m_outcome || m_ended) return;
    m_outcome = Error(ErrorKind::aborted, reason.message());
    if (m_encoded) m_encoded->cancel(std::move(reason));
    if (m_reader && !m_pulling) answer(*m_outcome);
  }

  std::shared_ptr<ByteSource> release_encoded() override {
    if (m_started || m_outcome || m_ended || m_reader) return nullptr;
    m_ended = true;
    return std::move(m_encoded);
  }

 private:
  void answer(Result<Bytes> result) { std::exchange(m_reader, nullptr)(std::move(result)); }

  // Decodes what is there; pulls when that makes nothing. A loop and not a recursion, because a source may answer at once.
  void advance() {
    while (m_reader) {
      if (m_outcome) return answer(*m_outcome);
      if (m_ended) return answer(Bytes{});
      if (!m_input.empty() && decode()) return;
      if (!m_reader || m_outcome || m_ended) continue;
      if (!pull()) return;
    }
  }

  // True when it has answered the reader.
  bool decode() {
    Bytes out(chunk_bytes);
    size_t filled = 0;
    BytesView rest = BytesView(m_input).subspan(m_position);
    auto status = Codec::Status::more;
    while (status == Codec::Status::more && filled < out.size()) {
      size_t before = rest.size(), produced = 0;
      status = m_codec->step(rest, std::span(out).subspan(filled), produced);
      filled += produced;
      if (produced == 0 && rest.size() == before) break;
    }
    m_at_boundary = status == Codec::Status::boundary;
    m_position = m_input.size() - rest.size();
    // With room left and nothing more to come out, the input is used up.
    if (filled < out.size()) {
      m_input.clear();
      m_position = 0;
    }
    if (status == Codec::Status::corrupt)
      m_outcome = Error(ErrorKind::network, "The response's body does not match its Content-Encoding.");
    if (status == Codec::Status::end) finish();
    if (filled == 0) return false;
    out.resize(filled);
    answer(std::move(out));
    return true;
  }

  void finish() {
    m_ended = true;
    m_input.clear();
    // What may follow is not content; the connection is let go.
    if (m_encoded) m_encoded->cancel(Error(ErrorKind::aborted, "The encoded body has ended."));
    m_encoded.reset();
  }

  // False when the source will answer later; then the answer goes on with advance().
  bool pull() {
    m_started = true;
    m_pulling = true;
    m_in_pull = true;
    m_encoded->read([self = shared_from_this()](Result<Bytes> chunk) {
      self->take(std::move(chunk));
      if (!self->m_in_pull) self->advance();
    });
    m_in_pull = false;
    return !m_pulling;
  }

  void take(Result<Bytes> chunk) {
    m_pulling = false;
    if (m_outcome) return;
    if (chunk.is_error()) m_outcome = std::move(chunk.error());
    else if (!chunk.value().empty()) {
      m_input = std::move(chunk).value();
      m_position = 0;
      m_saw_input = true;
    } else if (m_saw_input && !m_at_boundary)
      m_outcome = Error(ErrorKind::network, "The response's body ends in the middle of its encoded data.");
    else m_ended = true;  // complete, or without octets, as an empty response is
  }

  std::shared_ptr<ByteSource> m_encoded;
  std::unique_ptr<Codec> m_codec;
  std::string_view m_coding;  // static text
  ReadCallback m_reader;
  Bytes m_input;
  size_t m_position = 0;
  std::optional<Error> m_outcome;
  bool m_started = false;
  bool m_pulling = false;  // a read of the encoded source is outstanding
  bool m_in_pull = false;
  bool m_saw_input = false;
  bool m_at_boundary = false;
  bool m_ended = false;
};

}  // namespace

std::shared_ptr<DecodingSource> DecodingSource::create(std::shared_ptr<ByteSource> encoded, std::string_view coding) {
  using websocket::equals_ignoring_case;
  auto make = [&](std::unique_ptr<Codec> codec, std::string_view name) {
    return std::make_shared<Decoding>(std::move(encoded), std::move(codec), name);
  };
  if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip"))
    return make(std::make_unique<ZlibCodec>(ZlibCodec::gzip_window_bits), "gzip");
  if (equals_ignoring_case(coding, "deflate")) return make(std::make_unique<ZlibCodec>(0), "deflate");
  if (equals_ignoring_case(coding, "br")) return make(std::make_unique<BrotliCodec>(), "br");
  return nullptr;
}

}  // namespace adit::net
