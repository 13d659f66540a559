#include "web/crypto_cipher.h"

#include <array>
#include <limits>

#include "web/crypto_openssl.h"

namespace adit::web {
namespace {

enum class Mode { cbc, ctr, gcm, wrap };

const EVP_CIPHER* cipher_of(Mode mode, size_t key_bytes) {
  int size = key_bytes == 16 ? 0 : key_bytes == 24 ? 1 : 2;
  switch (mode) {
    case Mode::cbc:
      return std::array{EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc}[size]();
    case Mode::ctr:
      return std::array{EVP_aes_128_ctr, EVP_aes_192_ctr, EVP_aes_256_ctr}[size]();
    case Mode::gcm:
      return std::array{EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm}[size]();
    case Mode::wrap:
      return std::array{EVP_aes_128_wrap, EVP_aes_192_wrap, EVP_aes_256_wrap}[size]();
  }
  return nullptr;
}

Error failed(std::string what) { return crypto_error(ErrorKind::operation_error, std::move(what)); }

Error decryption_failed(size_t in, size_t out, const char* algorithm) {
  return failed(
      "Decryption failed. This could be due to a ciphertext authentication failure, bad padding, incorrect CryptoKey, "
      "or another algorithm-specific reason. Input length was " +
      std::to_string(in) + ", output length expected to be " + std::to_string(out) + " for " + algorithm);
}

// EVP counts in int.
bool fits(size_t size) { return size <= static_cast<size_t>(std::numeric_limits<int>::max()) - 64; }

Result<CipherContext> start(Mode mode, bool encrypting, BytesView key, BytesView iv) {
  if (key.size() != 16 && key.size() != 24 && key.size() != 32)
    return failed("An AES key has 128, 192 or 256 bits, not " + std::to_string(key.size() * 8) + ".");
  CipherContext context(EVP_CIPHER_CTX_new());
  if (!context) return failed("The cipher cannot be started.");
  if (mode == Mode::wrap) EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const auto* cipher = cipher_of(mode, key.size());
  bool good = EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, encrypting, nullptr) == 1;
  if (mode == Mode::gcm)
    good = good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv.size()), nullptr);
  const auto* iv_data = mode == Mode::wrap ? nullptr : iv.data();
  if (!good || EVP_CipherInit_ex2(context.get(), nullptr, key.data(), iv_data, encrypting, nullptr) != 1)
    return failed("The cipher cannot be started.");
  return context;
}

// The whole message in one go; nothing when OpenSSL refuses it.
std::optional<Bytes> run(EVP_CIPHER_CTX* context, BytesView data) {
  if (!fits(data.size())) return std::nullopt;
  Bytes out(data.size() + EVP_MAX_BLOCK_LENGTH);
  int updated = 0;
  int finished = 0;
  if (EVP_CipherUpdate(context, out.data(), &updated, data_or_empty(data), static_cast<int>(data.size())) != 1 ||
      EVP_CipherFinal_ex(context, out.data() + updated, &finished) != 1)
    return std::nullopt;
  out.resize(static_cast<size_t>(updated) + static_cast<size_t>(finished));
  return out;
}

Result<void> authenticate(EVP_CIPHER_CTX* context, BytesView additional) {
  int written = 0;
  if (!fits(additional.size()) ||
      (!additional.empty() &&
       EVP_CipherUpdate(context, nullptr, &written, additional.data(), static_cast<int>(additional.size())) != 1))
    return failed("The additional data cannot be authenticated.");
  return {};
}

// How many blocks come before the counting bits wrap to zero, or `at_most`, whichever is less.
uint64_t blocks_before_wrap(BytesView counter, uint32_t length_bits, uint64_t at_most) {
  if (length_bits > 64) {
    // Only the low 64 bits matter when one of the counting bits above them is zero.
    for (uint32_t bit = 64; bit < length_bits; ++bit)
      if (!(counter[15 - bit / 8] >> (bit % 8) & 1)) return at_most;
    length_bits = 64;
  }
  uint64_t low = 0;
  for (size_t i = 8; i < 16; ++i) low = low << 8 | counter[i];
  uint64_t mask = length_bits == 64 ? ~uint64_t{0} : (uint64_t{1} << length_bits) - 1;
  uint64_t rest = mask - (low & mask);  // blocks after this one
  return rest >= at_most ? at_most : rest + 1;
}

Bytes wrapped_to_zero(BytesView counter, uint32_t length_bits) {
  Bytes out = copy_bytes(counter);
  for (uint32_t bit = 0; bit < length_bits; ++bit) out[15 - bit / 8] &= static_cast<uint8_t>(~(1 << bit % 8));
  return out;
}

}  // namespace

Result<Bytes> aes_cbc_encrypt(BytesView key, BytesView iv, BytesView data) {
  auto context = TRY(start(Mode::cbc, true, key, iv));
  auto out = run(context.get(), data);
  if (!out) return failed("Encryption failed.");
  return std::move(*out);
}

Result<Bytes> aes_cbc_decrypt(BytesView key, BytesView iv, BytesView data) {
  auto context = TRY(start(Mode::cbc, false, key, iv));
  auto out = run(context.get(), data);
  if (!out) return decryption_failed(data.size(), data.size() / 16 * 16, "AES-CBC");
  return std::move(*out);
}

// SP 800-38A appendix B.1 with a counter of fewer bits: OpenSSL's counts in all 128, so the message is cut where the bits wrap.
Result<Bytes> aes_ctr(BytesView key, BytesView counter, uint32_t length_bits, BytesView data) {
  if (counter.size() != 16 || length_bits < 1 || length_bits > 128) return failed("The counter is not valid.");
  uint64_t blocks = (data.size() + 15) / 16;
  if (length_bits < 64 && blocks > uint64_t{1} << length_bits) return failed("Counter block values will repeat.");
  auto first_blocks = blocks_before_wrap(counter, length_bits, blocks);
  size_t cut = std::min<uint64_t>(data.size(), first_blocks * 16);
  auto context = TRY(start(Mode::ctr, true, key, counter));
  auto out = run(context.get(), data.first(cut));
  if (!out) return failed("Encryption failed.");
  if (cut == data.size()) return std::move(*out);
  auto second = TRY(start(Mode::ctr, true, key, wrapped_to_zero(counter, length_bits)));
  auto rest = run(second.get(), data.subspan(cut));
  if (!rest) return failed("Encryption failed.");
  out->insert(out->end(), rest->begin(), rest->end());
  return std::move(*out);
}

Result<Bytes> aes_gcm_encrypt(BytesView key, BytesView iv, BytesView additional, uint32_t tag_bytes, BytesView data) {
  auto context = TRY(start(Mode::gcm, true, key, iv));
  TRY(authenticate(context.get(), additional));
  auto out = run(context.get(), data);
  if (!out) return failed("Encryption failed.");
  auto size = out->size();
  out->resize(size + tag_bytes);
  if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_bytes), out->data() + size) != 1)
    return failed("Encryption failed.");
  return std::move(*out);
}

Result<Bytes> aes_gcm_decrypt(BytesView key, BytesView iv, BytesView additional, uint32_t tag_bytes, BytesView data) {
  if (data.size() < tag_bytes) return failed("The ciphertext is shorter than its tag.");
  auto context = TRY(start(Mode::gcm, false, key, iv));
  TRY(authenticate(context.get(), additional));
  auto text = data.first(data.size() - tag_bytes);
  Bytes tag = copy_bytes(data.last(tag_bytes));
  if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes), tag.data()) != 1)
    return failed("Decryption failed.");
  auto out = run(context.get(), text);
  if (!out) return decryption_failed(text.size(), text.size(), "AES-GCM");
  return std::move(*out);
}

Result<Bytes> aes_kw_wrap(BytesView key, BytesView data) {
  auto context = TRY(start(Mode::wrap, true, key, {}));
  auto out = run(context.get(), data);
  if (!out) return failed("AES-KW key wrapping failed.");
  return std::move(*out);
}

Result<Bytes> aes_kw_unwrap(BytesView key, BytesView data) {
  auto context = TRY(start(Mode::wrap, false, key, {}));
  auto out = run(context.get(), data);
  if (!out) return failed("AES-KW key unwrapping failed.");
  return std::move(*out);
}

}  // namespace adit::web
