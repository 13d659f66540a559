// RequestReader: octets in, one request head and its body's octets out; llhttp underneath, with the checks that it leaves out.
// Owner: one HttpConnection. Pure: no loop, no socket, no clock; the fuzzer runs it bare.
// Invariant: consumes no octet past the end of its message, so that what follows (the next request, an upgraded protocol) is intact.
// Why strict: where two HTTP implementations read the same octets differently, a request can be smuggled (RFC 9112 § 11.2).
#pragma once

#include <llhttp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "net/http/request_head.h"

namespace adit::net {

struct RequestFailure {
  int status = 0;
  const char* reason = "";
};

class RequestReader {
 public:
  struct Limits {
    size_t target_bytes;
    size_t head_bytes;
    uint64_t body_bytes = UINT64_MAX;
    const char* body_reason = "the request's body is too large";  // told with 413; outlives the reader
  };
  explicit RequestReader(Limits limits);
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Starts the next message, which will be written into head. The one before must be complete.
  void begin(RequestHead& head);
  // Consumes until the message is complete, data is exhausted or the request turns out wrong; returns how many octets were consumed.
  size_t feed(BytesView data);

  bool head_complete() const { return m_stage >= Stage::body; }
  bool message_complete() const { return m_stage == Stage::complete; }
  const std::optional<RequestFailure>& failure() const { return m_failure; }
  // Octets consumed of a head that is not complete yet.
  size_t head_bytes() const { return m_head_bytes; }
  // Body octets of the last feed(); the caller takes them.
  Bytes& body() { return m_body; }

 private:
  enum class Stage : uint8_t { head, body, complete };
  struct Callbacks;
  friend struct Callbacks;
  static const llhttp_settings_t settings;

  int fail(int status, const char* reason);
  uint64_t offset_of(const char* at) const { return m_base + static_cast<uint64_t>(at - m_data); }
  int add_overhead(size_t length);
  int on_header_value_complete();
  int on_known_header(std::string_view name, std::string_view value);
  int on_transfer_encoding(std::string_view value);
  int on_headers_complete();
  int resolve_host();
  void fail_from_parser(llhttp_errno_t code);

  llhttp_t m_parser;
  RequestHead* m_head = nullptr;
  Limits m_limits;
  std::optional<RequestFailure> m_failure;
  Bytes m_body;
  const char* m_data = nullptr;
  uint64_t m_base = 0;        // stream offset of m_data
  uint64_t m_next_token = 0;  // where the request line's next part must start: one space after the last
  size_t m_head_bytes = 0;
  size_t m_name_start = 0;  // in header_block
  size_t m_value_start = 0;
  uint64_t m_body_bytes = 0;                              // of this message, so far
  size_t m_overhead_bytes = 0;                            // chunk extensions and trailers
  std::optional<std::pair<size_t, size_t>> m_host_range;  // in header_block
  uint8_t m_protocol_length = 0;
  Stage m_stage = Stage::complete;
  bool m_chunked = false;
};

}  // namespace adit::net
