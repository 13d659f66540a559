// What asymmetric keys do: signatures (RSASSA-PKCS1-v1_5, RSA-PSS, ECDSA, Ed25519), RSA-OAEP, and the secret that two keys share.
// Owner: any thread; pure functions. Invariant: the key fits the scheme; the caller has checked it.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "web/crypto_key.h"

namespace adit::web {

// `scheme` is WebCrypto's name; `hash` as Digest::create takes it, ignored by Ed25519; `salt_bytes` counts for RSA-PSS only.
// An ECDSA signature is r and s in the width of the curve (IEEE P1363), as WebCrypto has it.
Result<Bytes> sign(KeyHandle key, std::string scheme, std::string hash, uint32_t salt_bytes, BytesView data);
// False for every signature that is not one of this key over this data.
Result<bool> verify(KeyHandle key, std::string scheme, std::string hash, uint32_t salt_bytes, BytesView signature,
                    BytesView data);

// RFC 8017 § 7.1, with the same hash in MGF1.
Result<Bytes> rsa_oaep_encrypt(KeyHandle key, std::string hash, BytesView label, BytesView data);
Result<Bytes> rsa_oaep_decrypt(KeyHandle key, std::string hash, BytesView label, BytesView data);

// ECDH (SEC 1 § 3.3.1: the x coordinate) and X25519 (RFC 7748 § 6.1; an all-zero secret is an operation_error).
Result<Bytes> shared_secret(KeyHandle key, KeyHandle peer);

}  // namespace adit::web
