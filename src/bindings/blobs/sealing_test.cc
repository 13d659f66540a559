#include "bindings/blobs/sealing.h"

#include <gtest/gtest.h>

namespace adit::bindings::blobs {
namespace {

SealingKey key_of(uint8_t octet) {
  SealingKey key;
  key.fill(octet);
  return key;
}
constexpr SealingNonce nonce{1, 2, 3, 4, 5, 6, 7, 8};

TEST(sealing, what_is_sealed_is_unsealed) {
  for (size_t size : {size_t(0), size_t(1), size_t(1000), size_t(sealed_chunk_bytes)}) {
    Bytes plain(size, 42);
    auto sealed = seal_chunk(key_of(7), nonce, 3, true, plain);
    ASSERT_TRUE(sealed.is_ok());
    EXPECT_EQ(sealed.value().size(), size + seal_bytes);
    auto back = unseal_chunk(key_of(7), nonce, 3, true, sealed.value());
    ASSERT_TRUE(back.is_ok());
    EXPECT_EQ(back.value(), plain);
  }
}

TEST(sealing, equal_chunks_in_different_places_differ) {
  Bytes plain(100, 42);
  auto first = seal_chunk(key_of(7), nonce, 0, false, plain).value();
  EXPECT_NE(first, seal_chunk(key_of(7), nonce, 1, false, plain).value());
  EXPECT_NE(first, seal_chunk(key_of(7), {}, 0, false, plain).value());
  EXPECT_NE(first, plain);
}

TEST(sealing, anything_changed_is_noticed) {
  Bytes plain(100, 42);
  auto sealed = seal_chunk(key_of(7), nonce, 3, false, plain).value();
  EXPECT_TRUE(unseal_chunk(key_of(8), nonce, 3, false, sealed).is_error()) << "another key";
  EXPECT_TRUE(unseal_chunk(key_of(7), nonce, 4, false, sealed).is_error()) << "another place";
  EXPECT_TRUE(unseal_chunk(key_of(7), nonce, 3, true, sealed).is_error()) << "made the last";
  EXPECT_TRUE(unseal_chunk(key_of(7), {}, 3, false, sealed).is_error()) << "another blob";
  for (size_t at = 0; at < sealed.size(); at += 7) {
    auto changed = sealed;
    changed[at] ^= 1;
    EXPECT_TRUE(unseal_chunk(key_of(7), nonce, 3, false, changed).is_error()) << "octet " << at;
  }
  EXPECT_TRUE(unseal_chunk(key_of(7), nonce, 3, false, BytesView(sealed).first(10)).is_error());
  sealed.pop_back();
  EXPECT_TRUE(unseal_chunk(key_of(7), nonce, 3, false, sealed).is_error()) << "cut short";
}

TEST(sealing, the_size_on_disk) {
  EXPECT_EQ(sealed_size(0), 0u);
  EXPECT_EQ(sealed_size(1), 1 + seal_bytes);
  EXPECT_EQ(sealed_size(sealed_chunk_bytes), sealed_chunk_bytes + seal_bytes);
  EXPECT_EQ(sealed_size(sealed_chunk_bytes + 1), sealed_chunk_bytes + 1 + 2 * seal_bytes);
}

}  // namespace
}  // namespace adit::bindings::blobs
