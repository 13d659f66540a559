#include "bindings/blobs/blob_store.h"

#include <gtest/gtest.h>

#include <random>

#include "ledger/testing/simulated_disk.h"

namespace adit::bindings::blobs {
namespace {

using ledger::testing::SimulatedDisk;

// Octets that count, so that processes differ.
class CountingRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override {
    ++m_count;
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(m_count >> (8 * (i % 4)));
  }

 private:
  uint32_t m_count = 0;
};

class BlobStoreTest : public testing::Test {
 protected:
  std::shared_ptr<BlobStore> process() { return BlobStore::create(m_disk, "/state/blobs-x/one", m_random); }
  static BlobId write(BlobStore& store, std::string_view text) {
    auto writer = store.begin();
    EXPECT_TRUE(writer.is_ok());
    EXPECT_TRUE(writer.value()->write(bytes_of(text)).is_ok());
    EXPECT_TRUE(writer.value()->finish().is_ok());
    return writer.value()->id();
  }
  static std::optional<std::string> read(BlobStore& store, const BlobId& id) {
    auto file = store.open(id);
    if (file.is_error()) return std::nullopt;
    Bytes out(100);
    out.resize(file.value()->read(0, out).value());
    return std::string(text_of(out));
  }
  std::vector<std::string> files() const { return m_disk.paths(); }
  void crash(uint64_t seed) {
    std::mt19937_64 random(seed);
    m_disk.crash(random);
  }

  SimulatedDisk m_disk;
  CountingRandom m_random;
};

TEST_F(BlobStoreTest, what_is_written_is_read_before_and_after_it_is_settled) {
  auto store = process();
  auto id = write(*store, "content");
  EXPECT_EQ(read(*store, id), "content");
  store->settle({id});
  store->wait_until_idle();
  EXPECT_EQ(files(), std::vector<std::string>{"/state/blobs-x/one/01/" + id.text()});
  EXPECT_EQ(read(*process(), id), "content");
}

TEST_F(BlobStoreTest, nothing_is_made_before_the_first_write) {
  auto store = process();
  EXPECT_TRUE(store->unfinished().value().empty());
  store->remove({BlobId{}});
  store->wait_until_idle();
  EXPECT_TRUE(files().empty());
}

TEST_F(BlobStoreTest, a_writer_that_does_not_finish_leaves_nothing) {
  auto store = process();
  {
    auto writer = store->begin();
    ASSERT_TRUE(writer.value()->write(bytes_of("half")).is_ok());
    EXPECT_EQ(files().size(), 1u);
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(BlobStoreTest, a_finished_blob_survives_power_loss_wherever_it_lies) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    auto store = process();
    auto id = write(*store, "content");
    if (seed % 2 == 0) store->settle({id});
    store->wait_until_idle();
    store = nullptr;
    crash(seed);
    EXPECT_EQ(read(*process(), id), "content") << "seed " << seed;
  }
}

TEST_F(BlobStoreTest, what_an_earlier_process_did_not_settle_is_unfinished) {
  auto earlier = process();
  auto left = write(*earlier, "left");
  auto settled = write(*earlier, "settled");
  earlier->settle({settled});
  earlier->wait_until_idle();
  auto later = process();
  write(*later, "its own");
  EXPECT_EQ(later->unfinished().value(), std::vector<BlobId>{left});
  later->settle({left});
  later->wait_until_idle();
  EXPECT_TRUE(later->unfinished().value().empty());
  EXPECT_EQ(read(*later, left), "left");
}

TEST_F(BlobStoreTest, a_removed_blob_is_gone_for_good) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    auto store = process();
    auto id = write(*store, "content");
    if (seed % 2 == 0) store->settle({id});
    store->remove({id});
    store->wait_until_idle();
    EXPECT_EQ(store->take_removed(), std::vector<BlobId>{id});
    EXPECT_TRUE(store->take_removed().empty());
    EXPECT_EQ(read(*store, id), std::nullopt);
    store = nullptr;
    crash(seed);
    EXPECT_EQ(read(*process(), id), std::nullopt) << "seed " << seed;
  }
}

TEST_F(BlobStoreTest, a_pinned_blob_is_removed_with_its_last_pin) {
  auto store = process();
  auto id = write(*store, "content");
  auto first = store->pin({id});
  auto second = store->pin({id});
  store->remove({id});
  store->wait_until_idle();
  EXPECT_EQ(read(*store, id), "content");
  first = nullptr;
  store->wait_until_idle();
  EXPECT_EQ(read(*store, id), "content");
  EXPECT_TRUE(store->take_removed().empty());
  second = nullptr;
  store->wait_until_idle();
  EXPECT_EQ(read(*store, id), std::nullopt);
  EXPECT_EQ(store->take_removed(), std::vector<BlobId>{id});
}

TEST_F(BlobStoreTest, a_blob_whose_file_cannot_be_deleted_is_not_told_to_be_gone) {
  auto store = process();
  auto id = write(*store, "content");
  m_disk.set_fault([](ledger::testing::DiskOperation operation, const std::string&) -> std::optional<Error> {
    if (operation == ledger::testing::DiskOperation::remove) return Error::io("injected");
    return std::nullopt;
  });
  store->remove({id});
  store->wait_until_idle();
  EXPECT_TRUE(store->take_removed().empty());
}

TEST_F(BlobStoreTest, many_files_are_kept_open_but_not_all) {
  auto store = process();
  std::vector<BlobId> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(write(*store, std::to_string(i)));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(read(*store, ids[static_cast<size_t>(i)]), std::to_string(i));
}

TEST(BlobIdTest, text_and_back) {
  BlobId id;
  for (uint8_t i = 0; i < 16; ++i) id.octets[i] = static_cast<uint8_t>(i * 17);
  EXPECT_EQ(id.text(), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(BlobId::parse(id.text()), id);
  EXPECT_EQ(BlobId::from(id.view()), id);
  EXPECT_FALSE(BlobId::parse("00112233445566778899aabbccddeef"));
  EXPECT_FALSE(BlobId::parse("00112233445566778899aabbccddeefg"));
  EXPECT_FALSE(BlobId::parse("00112233445566778899AABBCCDDEEFF"));
}

}  // namespace
}  // namespace adit::bindings::blobs
