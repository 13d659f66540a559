// AES (WebCrypto Level 2 § 27 to 30; NIST SP 800-38A, 800-38D; RFC 3394) over OpenSSL. Sizes of IVs, counters and tags are the
// caller's to check. Owner: any thread; pure functions. Invariant: a key has 16, 24 or 32 octets.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace adit::web {

// With PKCS #7 padding; iv has 16 octets.
Result<Bytes> aes_cbc_encrypt(BytesView key, BytesView iv, BytesView data);
Result<Bytes> aes_cbc_decrypt(BytesView key, BytesView iv, BytesView data);

// Both directions. The last `length_bits` (1 to 128) of the 16-octet counter count up and wrap; the rest stay.
Result<Bytes> aes_ctr(BytesView key, BytesView counter, uint32_t length_bits, BytesView data);

// The tag of `tag_bytes` (4 to 16) follows the ciphertext.
Result<Bytes> aes_gcm_encrypt(BytesView key, BytesView iv, BytesView additional, uint32_t tag_bytes, BytesView data);
Result<Bytes> aes_gcm_decrypt(BytesView key, BytesView iv, BytesView additional, uint32_t tag_bytes, BytesView data);

// RFC 3394: the data's size is a multiple of 8, at least 16.
Result<Bytes> aes_kw_wrap(BytesView key, BytesView data);
Result<Bytes> aes_kw_unwrap(BytesView key, BytesView data);

}  // namespace adit::web
