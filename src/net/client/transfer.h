// Transfer: one HTTP exchange of the client: the request's body goes from its ByteSource into libcurl, the response's head and body come out.
// Owner: the loop's thread; held by the CurlMulti while libcurl works on it, by the body while somebody may read it.
// Invariant: libcurl's callbacks only move octets and set flags (see CurlMulti); after_curl() acts on them.
#pragma once

#include "net/client/curl_multi.h"
#include "net/client/easy_handle.h"
#include "net/client/response_head.h"

namespace adit::net {

class Transfer final : public CurlTask, public Abortable {
 public:
  static Result<std::shared_ptr<Transfer>> create(CurlMulti& multi, const HttpClientOptions& options,
                                                  OutgoingRequest request,
                                                  Function<void(Result<IncomingResponse>)> on_response);
  Result<void> start();
  void abort(Error reason) override;
  void on_finished(CURLcode code) override;
  void after_curl() override;

  // For the response's body.
  void read(ReadCallback callback);
  void cancel_body(Error reason);
  std::optional<uint64_t> remaining_bytes() const { return m_remaining_bytes; }

 private:
  Transfer(CurlMulti& multi, size_t buffer_limit_bytes) : m_multi(&multi), m_buffer_limit_bytes(buffer_limit_bytes) {}
  void configure(const OutgoingRequest& request);
  void configure_upload();
  std::shared_ptr<Transfer> self() { return std::static_pointer_cast<Transfer>(shared_from_this()); }

  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static size_t on_upload(char* buffer, size_t size, size_t count, void* self);
  static int on_rewind(void* self, curl_off_t offset, int origin);

  void pull_upload();
  void deliver_head();
  void deliver_body();
  void fail(Error error);
  void stop_upload(const Error& reason);
  void leave_multi();

  CurlMulti* m_multi;  // null once libcurl is done with it
  size_t m_buffer_limit_bytes;
  std::unique_ptr<EasyHandle> m_easy;
  std::string m_url;

  Function<void(Result<IncomingResponse>)> m_on_response;
  ResponseHeadReader m_head;
  bool m_head_delivered = false;

  Bytes m_buffer;
  ReadCallback m_reader;
  bool m_body_paused = false;
  std::optional<uint64_t> m_remaining_bytes;

  std::shared_ptr<ByteSource> m_upload;
  Bytes m_upload_chunk;
  size_t m_upload_position = 0;
  uint64_t m_upload_sent_bytes = 0;
  bool m_upload_reading = false;
  bool m_upload_paused = false;
  bool m_upload_ended = false;

  bool m_finished = false;
  std::optional<Error> m_error;  // why the body ended early
};

}  // namespace adit::net
