#include "bindings/blobs/sealing.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace adit::bindings::blobs {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

std::array<uint8_t, 12> nonce_of(const SealingNonce& nonce, uint32_t number) {
  std::array<uint8_t, 12> out{};
  std::copy(nonce.begin(), nonce.end(), out.begin());
  for (size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
  return out;
}

Error failure() { return {ErrorKind::operation_error, "the object cannot be decrypted: it or its key is damaged"}; }

}  // namespace

Result<Bytes> seal_chunk(const SealingKey& key, const SealingNonce& nonce, uint32_t number, bool last,
                         BytesView plain) {
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  auto iv = nonce_of(nonce, number);
  uint8_t header = last ? 1 : 0;
  int size = 0;
  Bytes out(plain.size() + seal_bytes);
  bool good = context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), iv.data()) == 1 &&
              EVP_EncryptUpdate(context.get(), nullptr, &size, &header, 1) == 1 &&
              EVP_EncryptUpdate(context.get(), out.data(), &size, plain.data(), static_cast<int>(plain.size())) == 1 &&
              EVP_EncryptFinal_ex(context.get(), out.data() + size, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, seal_bytes, out.data() + plain.size()) == 1;
  if (!good) return Error(ErrorKind::operation_error, "the object cannot be encrypted");
  return out;
}

Result<Bytes> unseal_chunk(const SealingKey& key, const SealingNonce& nonce, uint32_t number, bool last,
                           BytesView sealed) {
  if (sealed.size() < seal_bytes) return failure();
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  auto iv = nonce_of(nonce, number);
  uint8_t header = last ? 1 : 0;
  int size = 0;
  Bytes out(sealed.size() - seal_bytes);
  Bytes tag(sealed.end() - static_cast<ptrdiff_t>(seal_bytes), sealed.end());
  bool good = context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), iv.data()) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, seal_bytes, tag.data()) == 1 &&
              EVP_DecryptUpdate(context.get(), nullptr, &size, &header, 1) == 1 &&
              EVP_DecryptUpdate(context.get(), out.data(), &size, sealed.data(), static_cast<int>(out.size())) == 1 &&
              EVP_DecryptFinal_ex(context.get(), out.data() + size, &size) == 1;
  if (!good) return failure();
  return out;
}

}  // namespace adit::bindings::blobs
