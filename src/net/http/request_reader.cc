#include "net/http/request_reader.h"

#include <algorithm>
#include <array>

#include "base/verify.h"

namespace adit::net {

namespace {

constexpr size_t overhead_limit_bytes = 16 * 1024;

// Appends octets with A-Z made a-z. Eight at a time: header names are most of a head's octets that need any work.
void append_lower(std::string& out, const char* text, size_t length) {
  size_t start = out.size();
  out.append(text, length);
  char* at = out.data() + start;
  while (length >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    // Per octet: bit 7 of (c + 0x3f) is c >= 'A', of (c + 0x25) is c > 'Z'; names are ASCII (llhttp checked), so no carry crosses.
    uint64_t upper = ((word + 0x3f3f3f3f3f3f3f3f) & ~(word + 0x2525252525252525)) & 0x8080808080808080;
    word |= upper >> 2;
    std::memcpy(at, &word, 8);
    at += 8;
    length -= 8;
  }
  for (; length > 0; --length, ++at)
    if (*at >= 'A' && *at <= 'Z') *at = static_cast<char>(*at | 0x20);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b;
         });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// RFC 3986 § 3.2.2 and 3.2.3: the octets of a host and port. The URL parser judges the rest.
constexpr auto host_octets = [] {
  std::array<bool, 256> allowed{};
  for (unsigned char c = 'a'; c <= 'z'; ++c) allowed[c] = allowed[static_cast<unsigned char>(c - 'a' + 'A')] = true;
  for (unsigned char c = '0'; c <= '9'; ++c) allowed[c] = true;
  for (char c : std::string_view("-._~!$&'()*+,;=%:[]")) allowed[static_cast<unsigned char>(c)] = true;
  return allowed;
}();

// What may stand in a request-target. RFC 3986 § 2 has fewer octets, but clients send the others ("|", "{", "^") and the URL parser
// escapes them; none can be taken for something else. llhttp refuses controls and what is not ASCII. A fragment never belongs here (RFC 9112 § 3.2).
constexpr auto target_octets = [] {
  std::array<bool, 256> allowed{};
  for (int c = 0x21; c <= 0xff; ++c) allowed[static_cast<size_t>(c)] = c != '#' && c != 0x7f;
  return allowed;
}();

bool all_in(std::string_view text, const std::array<bool, 256>& allowed) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

}  // namespace

void RequestHead::clear() {
  method.clear();
  target.clear();
  header_block.clear();
  host = {};
  content_length.reset();
  has_body = keep_alive = wants_upgrade = expects_continue = false;
}

// What llhttp calls. Each gets at the reader through parser->data.
struct RequestReader::Callbacks {
  static RequestReader& reader(llhttp_t* parser) { return *static_cast<RequestReader*>(parser->data); }

  static int on_method(llhttp_t* parser, const char* at, size_t length) {
    auto& self = reader(parser);
    self.m_head->method.append(at, length);
    self.m_next_token = self.offset_of(at) + length + 1;
    return 0;
  }

  static int on_url(llhttp_t* parser, const char* at, size_t length) {
    auto& self = reader(parser);
    auto& target = self.m_head->target;
    // llhttp takes any number of spaces between the parts of the request line; RFC 9112 § 3 has exactly one.
    if (target.empty() && self.offset_of(at) != self.m_next_token)
      return self.fail(400, "more than one space in the request line");
    if (target.size() + length > self.m_limits.target_bytes) return self.fail(414, "the request's URL is too long");
    target.append(at, length);
    self.m_next_token = self.offset_of(at) + length + 1;
    return 0;
  }

  static int on_protocol(llhttp_t* parser, const char* at, size_t length) {
    constexpr std::string_view protocol = "HTTP";
    auto& self = reader(parser);
    if (self.m_protocol_length == 0 && self.offset_of(at) != self.m_next_token)
      return self.fail(400, "more than one space in the request line");
    // llhttp also speaks RTSP and ICE.
    for (size_t i = 0; i < length; ++i)
      if (self.m_protocol_length >= protocol.size() || protocol[self.m_protocol_length++] != at[i])
        return self.fail(400, "not HTTP");
    return 0;
  }

  static int on_header_field(llhttp_t* parser, const char* at, size_t length) {
    auto& self = reader(parser);
    if (self.m_stage != Stage::head) return self.add_overhead(length);
    auto& block = self.m_head->header_block;
    if (block.size() + length + self.m_head->target.size() > self.m_limits.head_bytes)
      return self.fail(431, "the request's headers are too large");
    append_lower(block, at, length);
    return 0;
  }

  static int on_header_field_complete(llhttp_t* parser) {
    auto& self = reader(parser);
    if (self.m_stage != Stage::head) return 0;
    auto& block = self.m_head->header_block;
    if (block.size() == self.m_name_start) return self.fail(400, "a header without a name");
    block.push_back('\0');
    self.m_value_start = block.size();
    return 0;
  }

  static int on_header_value(llhttp_t* parser, const char* at, size_t length) {
    auto& self = reader(parser);
    if (self.m_stage != Stage::head) return self.add_overhead(length);
    auto& block = self.m_head->header_block;
    if (block.size() + length + self.m_head->target.size() > self.m_limits.head_bytes)
      return self.fail(431, "the request's headers are too large");
    block.append(at, length);
    return 0;
  }

  static int on_header_value_complete(llhttp_t* parser) {
    auto& self = reader(parser);
    return self.m_stage == Stage::head ? self.on_header_value_complete() : 0;
  }

  static int on_headers_complete(llhttp_t* parser) { return reader(parser).on_headers_complete(); }

  static int on_body(llhttp_t* parser, const char* at, size_t length) {
    auto& self = reader(parser);
    self.m_body_bytes += length;
    if (self.m_body_bytes > self.m_limits.body_bytes) return self.fail(413, self.m_limits.body_reason);
    auto view = bytes_of({at, length});
    auto& body = self.m_body;
    body.insert(body.end(), view.begin(), view.end());
    return 0;
  }

  static int on_chunk_extension(llhttp_t* parser, const char*, size_t length) {
    return reader(parser).add_overhead(length + 1);
  }

  static int on_message_complete(llhttp_t* parser) {
    reader(parser).m_stage = Stage::complete;
    return HPE_PAUSED;
  }
};

const llhttp_settings_t RequestReader::settings = [] {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = Callbacks::on_method;
  settings.on_url = Callbacks::on_url;
  settings.on_protocol = Callbacks::on_protocol;
  settings.on_header_field = Callbacks::on_header_field;
  settings.on_header_field_complete = Callbacks::on_header_field_complete;
  settings.on_header_value = Callbacks::on_header_value;
  settings.on_header_value_complete = Callbacks::on_header_value_complete;
  settings.on_headers_complete = Callbacks::on_headers_complete;
  settings.on_body = Callbacks::on_body;
  settings.on_chunk_extension_name = Callbacks::on_chunk_extension;
  settings.on_chunk_extension_value = Callbacks::on_chunk_extension;
  settings.on_message_complete = Callbacks::on_message_complete;
  return settings;
}();

RequestReader::RequestReader(Limits limits) : m_limits(limits) {
  llhttp_init(&m_parser, HTTP_REQUEST, &settings);
  m_parser.data = this;
}

int RequestReader::fail(int status, const char* reason) {
  m_failure = RequestFailure{status, reason};
  return HPE_USER;
}

int RequestReader::add_overhead(size_t length) {
  m_overhead_bytes += length;
  return m_overhead_bytes > overhead_limit_bytes ? fail(400, "chunk extensions or trailers are too large") : 0;
}

void RequestReader::begin(RequestHead& head) {
  VERIFY(m_stage == Stage::complete && !m_failure);
  head.clear();
  m_head = &head;
  m_stage = Stage::head;
  m_head_bytes = m_name_start = m_value_start = m_overhead_bytes = 0;
  m_host_range.reset();
  m_body_bytes = 0;
  m_protocol_length = 0;
  m_chunked = false;
  if (llhttp_get_errno(&m_parser) == HPE_PAUSED) llhttp_resume(&m_parser);
}

size_t RequestReader::feed(BytesView data) {
  VERIFY(!m_failure && m_stage != Stage::complete);
  // Leading empty lines and spaces before values are in no callback; feeding no more than this bounds them.
  if (m_stage == Stage::head) data = data.first(std::min(data.size(), m_limits.head_bytes + 1 - m_head_bytes));
  m_data = text_of(data).data();
  auto code = llhttp_execute(&m_parser, m_data, data.size());
  // The message before asked for an upgrade and did not get it: its connection goes on with HTTP.
  if (code == HPE_PAUSED_UPGRADE && m_stage == Stage::head && m_head_bytes == 0) {
    llhttp_resume_after_upgrade(&m_parser);
    code = llhttp_execute(&m_parser, m_data, data.size());
  }
  size_t consumed = data.size();
  if (code != HPE_OK) {
    const char* position = llhttp_get_error_pos(&m_parser);
    consumed = position ? static_cast<size_t>(position - m_data) : 0;
    VERIFY(consumed <= data.size());
    if (code != HPE_PAUSED) fail_from_parser(code);
  }
  m_base += consumed;
  if (m_stage == Stage::head) {
    m_head_bytes += consumed;
    if (!m_failure && m_head_bytes > m_limits.head_bytes)
      (void)fail(m_head->header_block.empty() ? 414 : 431, "the request's head is too large");
  }
  return consumed;
}

int RequestReader::on_header_value_complete() {
  auto& block = m_head->header_block;
  while (block.size() > m_value_start && (block.back() == ' ' || block.back() == '\t')) block.pop_back();
  std::string_view name(block.data() + m_name_start, m_value_start - 1 - m_name_start);
  std::string_view value(block.data() + m_value_start, block.size() - m_value_start);
  switch (name.size()) {
    case 4:
    case 6:
    case 14:
    case 17:
      if (int code = on_known_header(name, value); code != 0) return code;
  }
  block.push_back('\0');
  m_name_start = block.size();
  return 0;
}

int RequestReader::on_known_header(std::string_view name, std::string_view value) {
  if (name == "host") {
    if (m_host_range) return fail(400, "more than one Host header");
    if (!all_in(value, host_octets)) return fail(400, "the Host header is not a host");
    m_host_range = {m_value_start, value.size()};
  } else if (name == "expect") {
    if (!equals_ignoring_case(value, "100-continue"))
      return fail(417, "the only expectation that is met is 100-continue");
    m_head->expects_continue = true;
  } else if (name == "content-length") {
    // llhttp refuses a second one, and one beside Transfer-Encoding.
    if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), is_digit))
      return fail(400, "Content-Length is not a number");
  } else if (name == "transfer-encoding") {
    return on_transfer_encoding(value);
  }
  return 0;
}

int RequestReader::on_transfer_encoding(std::string_view value) {
  if (m_chunked) return fail(400, "more than one Transfer-Encoding header");
  if (!equals_ignoring_case(value, "chunked")) return fail(501, "the only transfer coding that is known is chunked");
  m_chunked = true;
  return 0;
}

int RequestReader::on_headers_complete() {
  int minor = llhttp_get_http_minor(&m_parser);
  if (llhttp_get_http_major(&m_parser) != 1 || minor > 1)
    return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  m_head->http_minor = static_cast<uint8_t>(minor);
  if (m_parser.method == HTTP_CONNECT) return fail(501, "CONNECT is not supported");
  if (minor == 0) {
    // RFC 9112 § 6.1: a request with Transfer-Encoding from before HTTP/1.1 has faulty framing. RFC 9110 § 10.1.1 and 7.8: ignore these.
    if (m_chunked) return fail(400, "Transfer-Encoding in an HTTP/1.0 request");
    m_head->expects_continue = false;
  }
  if (m_chunked && (m_parser.flags & F_CONTENT_LENGTH)) return fail(400, "both Transfer-Encoding and Content-Length");
  if (int code = resolve_host(); code != 0) return code;
  m_head->keep_alive = llhttp_should_keep_alive(&m_parser) != 0;
  m_head->wants_upgrade = minor == 1 && llhttp_get_upgrade(&m_parser) != 0;
  m_head->has_body = m_chunked;
  if (m_parser.flags & F_CONTENT_LENGTH) {
    m_head->content_length = m_parser.content_length;
    m_head->has_body = m_parser.content_length > 0;
    if (m_parser.content_length > m_limits.body_bytes) return fail(413, m_limits.body_reason);
  }
  if (!m_head->has_body) m_head->expects_continue = false;
  m_stage = Stage::body;
  return 0;
}

// RFC 9112 § 3.2: exactly one Host in HTTP/1.1; an absolute-form target's authority replaces it.
int RequestReader::resolve_host() {
  const auto& target = m_head->target;
  if (target.empty() || !all_in(target, target_octets))
    return fail(400, "the request's URL has an octet that a URL can not have");
  if (!m_host_range && m_head->http_minor == 1) return fail(400, "the Host header is missing");
  if (m_host_range)
    m_head->host = std::string_view(m_head->header_block).substr(m_host_range->first, m_host_range->second);
  if (target.front() != '/' && target != "*") {
    std::string_view rest = target;
    if (equals_ignoring_case(rest.substr(0, 7), "http://")) rest.remove_prefix(7);
    else if (equals_ignoring_case(rest.substr(0, 8), "https://")) rest.remove_prefix(8);
    else return fail(400, "the request's URL is neither a path nor an http URL");
    m_head->host = rest.substr(0, rest.find_first_of("/?"));
    if (m_head->host.empty() || !all_in(m_head->host, host_octets))
      return fail(400, "the request's URL has no valid host");
  }
  if (target == "*" && m_parser.method != HTTP_OPTIONS) return fail(400, "only OPTIONS may ask for *");
  if (m_head->host.empty() && m_head->http_minor == 1) return fail(400, "the Host header is empty");
  return 0;
}

void RequestReader::fail_from_parser(llhttp_errno_t code) {
  if (m_failure) return;
  const char* reason = llhttp_get_error_reason(&m_parser);
  if (!reason || !*reason) reason = "the request is malformed";
  // Not every HPE_INVALID_VERSION is a version: "HTTP/1.1" followed by anything but CR LF is one, too.
  bool other_version = code == HPE_PAUSED_H2_UPGRADE ||
                       (code == HPE_INVALID_VERSION && std::string_view(reason) == "Invalid HTTP version");
  if (other_version) (void)fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  else (void)fail(400, reason);
}

}  // namespace adit::net
