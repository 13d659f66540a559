#include "net/client/transfer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/verify.h"
#include "net/websocket/header_list.h"

namespace adit::net {

namespace {

using websocket::equals_ignoring_case;

constexpr long receive_buffer_bytes = 64 * 1024;

// What the client decides itself.
bool is_connection_header(std::string_view name) {
  constexpr std::array<std::string_view, 9> names = {"host",       "content-length",   "transfer-encoding",
                                                     "connection", "keep-alive",       "expect",
                                                     "upgrade",    "proxy-connection", "te"};
  return std::any_of(names.begin(), names.end(), [&](auto own) { return equals_ignoring_case(name, own); });
}

class BodySource final : public ByteSource {
 public:
  explicit BodySource(std::shared_ptr<Transfer> transfer) : m_transfer(std::move(transfer)) {}
  // Nobody can read any more: the connection is better used elsewhere.
  ~BodySource() override { m_transfer->cancel_body(Error(ErrorKind::aborted, "The response's body was dropped.")); }
  void read(ReadCallback callback) override { m_transfer->read(std::move(callback)); }
  void cancel(Error reason) override { m_transfer->cancel_body(std::move(reason)); }
  std::optional<uint64_t> remaining_bytes() const override { return m_transfer->remaining_bytes(); }

 private:
  std::shared_ptr<Transfer> m_transfer;
};

}  // namespace

Result<std::shared_ptr<Transfer>> Transfer::create(CurlMulti& multi, const HttpClientOptions& options,
                                                   OutgoingRequest request,
                                                   Function<void(Result<IncomingResponse>)> on_response) {
  std::shared_ptr<Transfer> self(new Transfer(multi, options.body_buffer_bytes));
  self->m_easy = TRY(EasyHandle::create(options, request.url));
  self->m_url = request.url;
  self->m_on_response = std::move(on_response);
  self->m_upload = std::move(request.body);
  self->configure(request);
  return self;
}

void Transfer::configure(const OutgoingRequest& request) {
  auto& easy = *m_easy;
  easy.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  easy.set(CURLOPT_BUFFERSIZE, receive_buffer_bytes);
  easy.set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  easy.set(CURLOPT_HEADERDATA, this);
  easy.set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  easy.set(CURLOPT_WRITEDATA, this);
  easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (request.method == "HEAD") easy.set(CURLOPT_NOBODY, 1L);
  else if (m_upload) configure_upload();
  easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());

  std::vector<std::string> lines;
  bool has_accept = false;
  for (const auto& line : request.header_lines) {
    auto name = std::string_view(line).substr(0, line.find(':'));
    if (is_connection_header(name)) continue;
    has_accept = has_accept || equals_ignoring_case(name, "accept");
    // libcurl takes "Name:" for "leave this one out", and "Name;" for an empty value.
    if (line.find_first_not_of(" \t", name.size() + 1) == std::string::npos) lines.push_back(std::string(name) + ";");
    else lines.push_back(line);
  }
  if (!has_accept) lines.emplace_back("Accept:");
  lines.emplace_back("Expect:");
  // Fetch § 4.6, step 8.4 to 8.6: a POST or PUT without a body says so.
  if (!m_upload && (request.method == "POST" || request.method == "PUT")) lines.emplace_back("Content-Length: 0");
  easy.set_headers(lines);
}

void Transfer::configure_upload() {
  auto& easy = *m_easy;
  easy.set(CURLOPT_UPLOAD, 1L);
  easy.set(CURLOPT_READFUNCTION, &Transfer::on_upload);
  easy.set(CURLOPT_READDATA, this);
  easy.set(CURLOPT_SEEKFUNCTION, &Transfer::on_rewind);
  easy.set(CURLOPT_SEEKDATA, this);
  auto length = m_upload->remaining_bytes();
  easy.set(CURLOPT_INFILESIZE_LARGE, length ? static_cast<curl_off_t>(*length) : curl_off_t{-1});
}

Result<void> Transfer::start() { return m_multi->add(m_easy->get(), self()); }

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self_pointer) {
  auto* self = static_cast<Transfer*>(self_pointer);
  bool was_complete = self->m_head.is_complete();
  self->m_head.take_line({data, size * count});
  if (!was_complete && self->m_head.is_complete()) self->m_multi->mark(*self);
  return size * count;
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self_pointer) {
  auto* self = static_cast<Transfer*>(self_pointer);
  if (self->m_buffer.size() >= self->m_buffer_limit_bytes) {
    self->m_body_paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  self->m_buffer.insert(self->m_buffer.end(), data, data + size * count);
  if (self->m_reader) self->m_multi->mark(*self);
  return size * count;
}

size_t Transfer::on_upload(char* buffer, size_t size, size_t count, void* self_pointer) {
  auto* self = static_cast<Transfer*>(self_pointer);
  size_t available = self->m_upload_chunk.size() - self->m_upload_position;
  if (available == 0) {
    if (self->m_error) return CURL_READFUNC_ABORT;
    if (self->m_upload_ended) return 0;
    self->m_upload_paused = true;
    self->m_multi->mark(*self);
    return CURL_READFUNC_PAUSE;
  }
  size_t taken = std::min(available, size * count);
  std::memcpy(buffer, self->m_upload_chunk.data() + self->m_upload_position, taken);
  self->m_upload_position += taken;
  self->m_upload_sent_bytes += taken;
  // The next chunk is asked for while this one is on its way.
  if (taken == available) self->m_multi->mark(*self);
  return taken;
}

// libcurl wants to send the request again on a fresh connection: possible only while nothing of the body has been taken.
int Transfer::on_rewind(void* self_pointer, curl_off_t offset, int origin) {
  auto* self = static_cast<Transfer*>(self_pointer);
  return offset == 0 && origin == SEEK_SET && self->m_upload_sent_bytes == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

void Transfer::on_finished(CURLcode code) {
  m_finished = true;
  m_multi = nullptr;
  if (code != CURLE_OK && !m_error) m_error = m_easy->describe(code);
}

void Transfer::after_curl() {
  auto keep = self();
  if (m_head.is_complete() && !m_head_delivered) deliver_head();
  else if (m_finished && !m_head_delivered)
    fail(m_error.value_or(Error(ErrorKind::network, "The server sent no response.")));
  deliver_body();
  if (!m_finished) return pull_upload();
  stop_upload(Error(ErrorKind::aborted, "The request has ended before its body."));
  m_easy.reset();
}

void Transfer::pull_upload() {
  if (!m_upload || m_upload_ended || m_upload_reading || m_error || m_upload_position < m_upload_chunk.size()) return;
  m_upload_reading = true;
  m_upload->read([self = self()](Result<Bytes> chunk) {
    self->m_upload_reading = false;
    if (chunk.is_error()) {
      if (!self->m_error) self->m_error = std::move(chunk.error());
    } else {
      self->m_upload_chunk = std::move(chunk).value();
      self->m_upload_position = 0;
      self->m_upload_ended = self->m_upload_chunk.empty();
    }
    if (!self->m_multi || !std::exchange(self->m_upload_paused, false)) return;
    CurlMulti::Action action(*self->m_multi);
    curl_easy_pause(self->m_easy->get(), self->m_body_paused ? CURLPAUSE_RECV : CURLPAUSE_CONT);
  });
}

void Transfer::deliver_head() {
  m_head_delivered = true;
  IncomingResponse response;
  response.status = m_head.status();
  response.status_text = std::move(m_head.status_text());
  response.header_block = std::move(m_head.header_block());
  response.http_version = std::move(m_head.http_version());
  if (m_finished && m_buffer.empty() && !m_error) {
    response.body = std::make_shared<MemorySource>(Bytes());
  } else {
    curl_off_t length = -1;
    curl_easy_getinfo(m_easy->get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) m_remaining_bytes = static_cast<uint64_t>(length);
    response.body = std::make_shared<BodySource>(self());
  }
  std::exchange(m_on_response, nullptr)(std::move(response));
}

void Transfer::read(ReadCallback callback) {
  VERIFY(!m_reader);
  m_reader = std::move(callback);
  deliver_body();
}

void Transfer::deliver_body() {
  if (!m_reader) return;
  if (!m_buffer.empty()) {
    auto chunk = std::exchange(m_buffer, {});
    if (m_remaining_bytes) *m_remaining_bytes -= std::min<uint64_t>(*m_remaining_bytes, chunk.size());
    auto reader = std::exchange(m_reader, nullptr);
    // Before the reader runs: it may read again at once.
    if (m_multi && std::exchange(m_body_paused, false)) {
      CurlMulti::Action action(*m_multi);
      curl_easy_pause(m_easy->get(), m_upload_paused ? CURLPAUSE_SEND : CURLPAUSE_CONT);
    }
    return reader(std::move(chunk));
  }
  if (m_error) return std::exchange(m_reader, nullptr)(*m_error);
  if (m_finished) std::exchange(m_reader, nullptr)(Bytes{});
}

void Transfer::abort(Error reason) {
  if (m_finished) {
    // All of the body may be here already, but the caller gave it up.
    if (m_head_delivered) cancel_body(std::move(reason));
    return;
  }
  auto keep = self();
  leave_multi();
  m_buffer.clear();
  fail(std::move(reason));
}

void Transfer::cancel_body(Error reason) {
  auto keep = self();
  leave_multi();
  m_buffer.clear();
  if (!m_error) m_error = Error(ErrorKind::aborted, reason.message());
  stop_upload(*m_error);
  deliver_body();
}

void Transfer::fail(Error error) {
  m_error = std::move(error);
  stop_upload(*m_error);
  if (m_on_response) std::exchange(m_on_response, nullptr)(*m_error);
  deliver_body();
}

void Transfer::stop_upload(const Error& reason) {
  if (auto upload = std::exchange(m_upload, nullptr); upload && !m_upload_ended) upload->cancel(reason);
}

void Transfer::leave_multi() {
  m_finished = true;
  if (auto* multi = std::exchange(m_multi, nullptr)) {
    multi->remove(m_easy->get());
    m_easy.reset();
  }
}

}  // namespace adit::net
