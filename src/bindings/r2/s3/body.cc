#include "bindings/r2/s3/body.h"

#include <charconv>

#include "bindings/r2/index.h"
#include "bindings/r2/s3/error.h"

namespace adit::bindings::r2::s3 {
namespace {

constexpr std::string_view checksum_prefix = "x-amz-checksum-";

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<std::shared_ptr<RequestBodySource>> RequestBodySource::create(const S3Request& request,
                                                                     const VerifiedSignature& signature,
                                                                     std::shared_ptr<net::ByteSource> inner) {
  std::shared_ptr<RequestBodySource> self(new RequestBodySource());
  self->m_inner = inner ? std::move(inner) : std::make_shared<net::MemorySource>(Bytes());
  const auto& hash = signature.payload_hash;
  if (hash.starts_with("STREAMING-")) {
    bool is_signed =
        hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" || hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    if (!is_signed && hash != "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
      return error("NotImplemented", "x-amz-content-sha256 " + hash + " is not implemented");
    self->m_decoder.emplace(is_signed ? std::optional(signature) : std::nullopt);
    auto length = number(request.header("x-amz-decoded-content-length").value_or(""));
    if (!length) return error("MissingContentLength", "You must provide the x-amz-decoded-content-length HTTP header.");
    self->m_length = *length;
  } else {
    auto length = self->m_inner->remaining_bytes();
    if (!length) return error("MissingContentLength");
    self->m_length = *length;
    if (is_sha256_hex(hash)) {
      self->m_sha256 = hash;
      self->m_digest = TRY(web::Digest::create("SHA-256"));
    } else if (hash != "UNSIGNED-PAYLOAD") {
      return error("InvalidArgument",
                   "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING- value or a SHA-256.");
    }
  }
  TRY(self->expect_checksums(request));
  return self;
}

Result<void> RequestBodySource::expect_checksums(const S3Request& request) {
  auto expect = [&](std::string name, std::string_view kind, std::string value) -> Result<void> {
    auto checksum = Checksum::create(kind);
    if (!checksum) return error("InvalidRequest", "The checksum " + std::string(kind) + " is not supported");
    m_expected.push_back({std::move(name), std::move(value), std::move(checksum)});
    return {};
  };
  if (auto md5 = request.header("content-md5")) {
    auto octets = bytes_of_base64(*md5);
    if (!octets || octets->size() != 16) return error("InvalidDigest");
    TRY(expect("content-md5", "md5", base64_of(*octets)));
  }
  // Those of CompleteMultipartUpload are the object's, not its document's.
  if (request.method == "POST" && request.has("uploadId")) return {};
  for (const auto& [name, value] : request.headers) {
    if (!name.starts_with(checksum_prefix)) continue;
    auto kind = name.substr(checksum_prefix.size());
    if (kind == "algorithm" || kind == "type" || kind == "mode") continue;
    TRY(expect(name, kind, value));
  }
  if (auto trailer = request.header("x-amz-trailer"); trailer && trailer->starts_with(checksum_prefix))
    TRY(expect(std::string(*trailer), trailer->substr(checksum_prefix.size()), ""));
  return {};
}

void RequestBodySource::read(net::ReadCallback callback) {
  m_callback = std::move(callback);
  pull();
}

void RequestBodySource::pull() {
  m_inner->read([self = shared_from_this()](Result<Bytes> chunk) { self->received(std::move(chunk)); });
}

void RequestBodySource::received(Result<Bytes> chunk) {
  if (chunk.is_error()) return answer(error("IncompleteBody"));
  if (chunk.value().empty()) {
    auto checked = check_end();
    return answer(checked.is_error() ? Result<Bytes>(std::move(checked.error())) : Result<Bytes>(Bytes()));
  }
  auto data = take(std::move(chunk).value());
  if (data.is_ok() && data.value().empty()) return pull();  // only the coding's own octets
  answer(std::move(data));
}

Result<Bytes> RequestBodySource::take(Bytes chunk) {
  if (m_decoder) {
    Bytes decoded;
    TRY(m_decoder->write(chunk, decoded));
    chunk = std::move(decoded);
  }
  if (chunk.size() > m_length - m_delivered)
    return error("IncompleteBody", "The body is longer than it was said to be");
  m_delivered += chunk.size();
  if (m_digest) m_digest->update(chunk);
  for (auto& expected : m_expected) expected.checksum->update(chunk);
  return chunk;
}

Result<void> RequestBodySource::check_end() {
  if (m_delivered != m_length || (m_decoder && !m_decoder->is_done())) return error("IncompleteBody");
  if (m_digest && hex_of(TRY(std::exchange(m_digest, nullptr)->finish())) != m_sha256)
    return error("XAmzContentSHA256Mismatch");
  for (auto& expected : m_expected) {
    if (m_decoder)
      for (const auto& [name, value] : m_decoder->trailers())
        if (name == expected.name) expected.value = value;
    auto actual = expected.checksum->finish();
    if (actual != expected.value)
      return error("BadDigest", "The " + expected.name + " you specified did not match the calculated checksum.");
    if (expected.name != "content-md5") m_checksum = {expected.name.substr(checksum_prefix.size()), actual};
  }
  m_expected.clear();
  return {};
}

void RequestBodySource::answer(Result<Bytes> result) {
  auto callback = std::move(m_callback);
  if (callback) callback(std::move(result));
}

void RequestBodySource::cancel(Error reason) { m_inner->cancel(std::move(reason)); }

void read_all(std::shared_ptr<net::ByteSource> source, size_t limit_bytes, Function<void(Result<std::string>)> done) {
  struct Reader : std::enable_shared_from_this<Reader> {
    std::shared_ptr<net::ByteSource> source;
    size_t limit_bytes = 0;
    std::string text;
    Function<void(Result<std::string>)> done;
    void next() {
      source->read([self = shared_from_this()](Result<Bytes> chunk) {
        if (chunk.is_error()) return self->done(std::move(chunk.error()));
        if (chunk.value().empty()) return self->done(std::move(self->text));
        if (self->text.size() + chunk.value().size() > self->limit_bytes) {
          self->source->cancel(Error(ErrorKind::limit, "too long"));
          return self->done(error("EntityTooLarge", "The request's document is too long"));
        }
        self->text += text_of(chunk.value());
        self->next();
      });
    }
  };
  auto reader = std::make_shared<Reader>();
  reader->source = std::move(source);
  reader->limit_bytes = limit_bytes;
  reader->done = std::move(done);
  reader->next();
}

}  // namespace adit::bindings::r2::s3
