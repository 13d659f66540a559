// A raw TCP or TLS connection made by libcurl (CURLOPT_CONNECT_ONLY), as a Stream. libcurl does names, address racing and TLS;
// reading and writing go through curl_easy_recv and curl_easy_send when the socket is ready.
// Owner: the loop's thread. The easy handle stays in the CurlMulti, because the connection belongs to its pool.
// Invariant: reads go on until libcurl says "again": TLS may hold octets that the socket no longer shows.
#pragma once

#include "net/client/curl_multi.h"
#include "net/client/easy_handle.h"

namespace adit::net {

class CurlConnector final : public CurlTask, public Abortable {
 public:
  static Result<std::shared_ptr<CurlConnector>> start(CurlMulti& multi, const HttpClientOptions& options,
                                                      const StreamTarget& target,
                                                      Function<void(Result<std::unique_ptr<Stream>>)> on_connected);
  // Ends the connection, connected or not.
  void abort(Error reason) override;
  void on_finished(CURLcode code) override;
  void after_curl() override;

 private:
  friend class CurlStream;
  explicit CurlConnector(CurlMulti& multi) : m_multi(&multi) {}
  void leave_multi();

  CurlMulti* m_multi;
  std::unique_ptr<EasyHandle> m_easy;
  Function<void(Result<std::unique_ptr<Stream>>)> m_on_connected;
  std::optional<CURLcode> m_code;
  Function<void(Error)> m_on_abort;  // the stream's, once there is one
};

}  // namespace adit::net
