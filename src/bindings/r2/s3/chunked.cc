#include "bindings/r2/s3/chunked.h"

#include <algorithm>
#include <charconv>

#include "bindings/r2/index.h"
#include "bindings/r2/object.h"
#include "bindings/r2/s3/error.h"

namespace adit::bindings::r2::s3 {
namespace {

constexpr size_t max_line_bytes = 4096;
constexpr size_t max_trailers = 16;

std::unique_ptr<web::Digest> start_digest() {
  auto digest = web::Digest::create("SHA-256");
  VERIFY(digest.is_ok());
  return std::move(digest).value();
}

}  // namespace

ChunkDecoder::ChunkDecoder(std::optional<VerifiedSignature> seed) : m_seed(std::move(seed)) {
  if (m_seed) m_previous = m_seed->signature;
}

Result<void> ChunkDecoder::write(BytesView in, Bytes& out) {
  while (!in.empty()) {
    if (m_state == State::done) return error("InvalidRequest", "There is data after the last chunk");
    if (m_state == State::data) {
      auto part = in.first(static_cast<size_t>(std::min<uint64_t>(in.size(), m_left)));
      if (m_digest) m_digest->update(part);
      out.insert(out.end(), part.begin(), part.end());
      in = in.subspan(part.size());
      m_left -= part.size();
      if (m_left == 0) m_state = State::data_end;
      continue;
    }
    auto end = std::find(in.begin(), in.end(), '\n');
    auto taken = static_cast<size_t>(end - in.begin()) + (end != in.end() ? 1 : 0);
    if (m_line.size() + taken > max_line_bytes) return error("InvalidRequest", "A chunk's header is too long");
    m_line.append(reinterpret_cast<const char*>(in.data()), taken);
    in = in.subspan(taken);
    if (m_line.ends_with('\n')) TRY(line());
  }
  return {};
}

Result<void> ChunkDecoder::line() {
  auto text = std::exchange(m_line, {});
  if (!text.ends_with("\r\n")) return error("InvalidRequest", "A chunk's header does not end with CR LF");
  text.resize(text.size() - 2);
  if (m_state == State::size) return size_line(text);
  if (m_state == State::trailer) return trailer_line(text);
  if (!text.empty()) return error("InvalidRequest", "A chunk is longer than it says");
  return chunk_ended();
}

Result<void> ChunkDecoder::size_line(std::string_view text) {
  auto digits = text.substr(0, text.find(';'));
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), m_left, 16);
  if (code != std::errc() || digits.empty() || end != digits.data() + digits.size() || m_left > max_put_bytes)
    return error("InvalidRequest", "A chunk's size is not valid");
  constexpr std::string_view name = ";chunk-signature=";
  auto rest = text.substr(digits.size());
  if (m_seed) {
    if (!rest.starts_with(name)) return error("InvalidRequest", "A chunk has no signature");
    m_signature = rest.substr(name.size());
    m_digest = start_digest();
  }
  m_is_last = m_left == 0;
  m_state = m_is_last ? State::trailer : State::data;
  return m_is_last ? chunk_ended() : Result<void>();
}

Result<void> ChunkDecoder::check(std::string_view expected) {
  if (expected.size() != m_signature.size() || !web::equal_in_constant_time(bytes_of(expected), bytes_of(m_signature)))
    return error("SignatureDoesNotMatch");
  return {};
}

Result<void> ChunkDecoder::chunk_ended() {
  if (m_seed) {
    auto digest = TRY(m_digest->finish());
    m_digest.reset();
    TRY(check(chunk_signature(*m_seed, m_previous, hex_of(digest))));
    m_previous = m_signature;
  }
  if (!m_is_last) m_state = State::size;
  return {};
}

Result<void> ChunkDecoder::trailer_line(std::string_view text) {
  if (!text.empty()) {
    auto name = text.substr(0, text.find(':'));
    if (name.size() == text.size() || m_trailers.size() >= max_trailers)
      return error("InvalidRequest", "A trailer is not valid");
    auto value = text.substr(name.size() + 1);
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
    std::string lower(name);
    for (auto& unit : lower)
      if (unit >= 'A' && unit <= 'Z') unit = static_cast<char>(unit + 32);
    if (lower == "x-amz-trailer-signature") m_trailer_signature = value;
    else {
      m_trailer_text.append(lower).append(":").append(value).append("\n");
      m_trailers.emplace_back(std::move(lower), value);
    }
    return {};
  }
  if (m_seed && !m_trailers.empty()) {
    m_signature = m_trailer_signature;
    TRY(check(trailer_signature(*m_seed, m_previous, m_trailer_text)));
  }
  m_state = State::done;
  return {};
}

}  // namespace adit::bindings::r2::s3
