// EasyHandle: one libcurl transfer's options: what all transfers share, and what went wrong in words.
// Owner: one CurlTask. Invariant: it has left the CurlMulti before it is destroyed.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include "net/client/http_client.h"

namespace adit::net {

struct EasyHandleDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct HeaderListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class EasyHandle {
 public:
  // options must outlive the handle.
  static Result<std::unique_ptr<EasyHandle>> create(const HttpClientOptions& options, const std::string& url);
  CURL* get() { return m_easy.get(); }
  template <typename T>
  void set(CURLoption option, T value) {
    VERIFY(curl_easy_setopt(m_easy.get(), option, value) == CURLE_OK);
  }
  void set_headers(const std::vector<std::string>& lines);
  // A finished transfer's failure as an Error that says what a user can act on.
  Error describe(CURLcode code) const;

 private:
  std::unique_ptr<CURL, EasyHandleDeleter> m_easy;
  std::unique_ptr<curl_slist, HeaderListDeleter> m_headers;
  std::array<char, CURL_ERROR_SIZE> m_error_text{};
  std::string m_url;
};

}  // namespace adit::net
