// What the crypto files share of OpenSSL: owners for its objects, and its failures as errors.
// Owner: any thread. Invariant: after a failure this thread's OpenSSL error queue is empty, so that TLS never reads another's errors.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::web {

template <auto Free>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using OpenSslOwner = std::unique_ptr<T, OpenSslFree<Free>>;

using CipherContext = OpenSslOwner<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using PkeyContext = OpenSslOwner<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Pkey = OpenSslOwner<EVP_PKEY, EVP_PKEY_free>;

inline Error crypto_error(ErrorKind kind, std::string message) {
  ERR_clear_error();
  return {kind, std::move(message)};
}

// OpenSSL takes some null pointers for "nothing given" where an empty view means "given, and empty".
inline const uint8_t* data_or_empty(BytesView bytes) {
  static constexpr uint8_t empty = 0;
  return bytes.data() ? bytes.data() : &empty;
}

}  // namespace adit::web
