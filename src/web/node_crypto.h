// What the files of node:crypto share (src/web/node_*.cc): owners for OpenSSL's objects and its failures as errors.
// Owner: any thread. Invariant: after a failure this thread's OpenSSL error queue is empty, so that TLS never reads another's errors.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::web::node {

template <auto Free>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, OpenSslFree<Free>>;

// OpenSSL's own words for what went wrong, as Node shows them: "error:1C800064:Provider routines::bad decrypt".
inline Error openssl_error(const std::string& otherwise) {
  auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return Error::failed(otherwise);
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return Error::failed(text);
}

// OpenSSL takes some null pointers for "nothing given" where an empty view means "given, and empty".
inline const uint8_t* data_or_empty(BytesView bytes) {
  static constexpr uint8_t empty = 0;
  return bytes.data() ? bytes.data() : &empty;
}

// A digest by any name that OpenSSL knows; an error in Node's words otherwise.
Result<const EVP_MD*> find_digest(const std::string& name);

// A key pair's half or whole; does not change once made, so threads may share it.
class Key {
 public:
  explicit Key(EVP_PKEY* key) : m_key(key) {}
  EVP_PKEY* get() const { return m_key.get(); }

 private:
  Owned<EVP_PKEY, EVP_PKEY_free> m_key;
};

}  // namespace adit::web::node
