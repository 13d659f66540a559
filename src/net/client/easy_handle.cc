#include "net/client/easy_handle.h"

#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdlib>

namespace adit::net {

namespace {

// Adds the extra authorities to what libcurl has loaded.
CURLcode add_extra_authorities(CURL*, void* context, void* options_pointer) {
  auto* options = static_cast<const HttpClientOptions*>(options_pointer);
  auto* store = SSL_CTX_get_cert_store(static_cast<SSL_CTX*>(context));
  return X509_STORE_load_file(store, options->extra_ca_file.c_str()) == 1 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

// "https://user@host:1/path" → "host:1"
std::string authority_of(const std::string& url) {
  auto start = url.find("://");
  if (start == std::string::npos) return url;
  auto authority = url.substr(start + 3, url.find_first_of("/?#", start + 3) - start - 3);
  return authority.substr(authority.rfind('@') + 1);
}

}  // namespace

std::string find_system_ca_file() {
  if (const char* file = std::getenv("SSL_CERT_FILE"); file && access(file, R_OK) == 0) return file;
  for (const char* file :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"})
    if (access(file, R_OK) == 0) return file;
  return "";
}

Result<std::unique_ptr<EasyHandle>> EasyHandle::create(const HttpClientOptions& options, const std::string& url) {
  auto self = std::make_unique<EasyHandle>();
  self->m_easy.reset(curl_easy_init());
  if (!self->m_easy) return Error::failed("libcurl has no memory for a transfer");
  self->m_url = url;
  self->set(CURLOPT_ERRORBUFFER, self->m_error_text.data());
  self->set(CURLOPT_NOSIGNAL, 1L);
  self->set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  self->set(CURLOPT_PROTOCOLS_STR, "http,https");
  self->set(CURLOPT_FOLLOWLOCATION, 0L);
  self->set(CURLOPT_PATH_AS_IS, 1L);
  self->set(CURLOPT_PROXY, options.proxy.c_str());
  self->set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  self->set(CURLOPT_TCP_KEEPALIVE, 1L);
  if (!options.ca_file.empty()) self->set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.extra_ca_file.empty()) {
    self->set(CURLOPT_SSL_CTX_FUNCTION, &add_extra_authorities);
    self->set(CURLOPT_SSL_CTX_DATA, const_cast<HttpClientOptions*>(&options));
  }
  if (curl_easy_setopt(self->get(), CURLOPT_URL, url.c_str()) != CURLE_OK)
    return Error::type_error("The URL is too long: " + url.substr(0, 100) + "...");
  return self;
}

void EasyHandle::set_headers(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const auto& line : lines) {
    auto* longer = curl_slist_append(list, line.c_str());
    VERIFY(longer);
    list = longer;
  }
  m_headers.reset(list);
  set(CURLOPT_HTTPHEADER, list);
}

Error EasyHandle::describe(CURLcode code) const {
  std::string detail = m_error_text[0] != '\0' ? m_error_text.data() : curl_easy_strerror(code);
  auto authority = authority_of(m_url);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorKind::network, "The host name of " + authority + " could not be resolved: " + detail + "."};
    case CURLE_COULDNT_CONNECT:
      return {ErrorKind::network, "Could not connect to " + authority + ": " + detail + "."};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::network, "Connecting to " + authority + " timed out: " + detail + "."};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorKind::network, "The TLS certificate of " + authority + " is not trusted: " + detail + "."};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorKind::network, "TLS with " + authority + " failed: " + detail + "."};
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorKind::network, "The certificate authorities cannot be read: " + detail + "."};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return {ErrorKind::network,
              "The connection to " + authority + " was lost before the response was complete: " + detail + "."};
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error::type_error("Only http: and https: URLs can be fetched, not " + m_url.substr(0, m_url.find(':')) +
                               ":.");
    default:
      return {ErrorKind::network, "The request to " + authority + " failed: " + detail + "."};
  }
}

}  // namespace adit::net
