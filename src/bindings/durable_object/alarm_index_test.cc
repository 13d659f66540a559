// The index of alarms alone, over a ledger on a simulated disk.
#include "bindings/durable_object/alarm_index.h"

#include <gtest/gtest.h>

#include "ledger/testing/world.h"

namespace adit::bindings::durable_object {
namespace {

using ledger::testing::World;

ObjectId object(uint8_t number) {
  std::array<uint8_t, 32> octets{};
  octets[31] = number;
  return *ObjectId::from_octets(octets);
}

class AlarmIndexTest : public ::testing::Test {
 protected:
  AlarmIndexTest() {
    m_world.start();
    m_index = AlarmIndex::open(m_world.open("index")).value();
  }
  void put(int64_t time_ms, uint8_t number, const std::string& space = "do-a", int64_t retries = 0) {
    m_world.shard->turn([&] { ASSERT_TRUE(m_index->put({time_ms, space, object(number), "n", retries}).is_ok()); });
  }
  std::vector<int64_t> due(AlarmCursor& cursor, int64_t until_ms, int64_t limit = 100) {
    std::vector<int64_t> times;
    auto rows = m_index->due(cursor, until_ms, limit);
    for (const auto& row : rows.value()) times.push_back(row.time_ms);
    return times;
  }
  World m_world;
  std::unique_ptr<AlarmIndex> m_index;
};

TEST_F(AlarmIndexTest, an_index_without_alarms_writes_nothing) {
  AlarmCursor cursor;
  EXPECT_TRUE(due(cursor, INT64_MAX).empty());
  EXPECT_FALSE(m_index->next(cursor).value().has_value());
  EXPECT_TRUE(m_index->remove("do-a", object(1)).is_ok());
  EXPECT_TRUE(m_index->remove_space("do-a").is_ok());
  EXPECT_FALSE(m_index->ledger().has_data());
}

TEST_F(AlarmIndexTest, rows_come_in_order_of_time_page_by_page_each_once) {
  put(30, 1);
  put(10, 2);
  put(10, 3);
  put(10, 3, "do-b");
  put(20, 4);
  AlarmCursor cursor;
  EXPECT_EQ(due(cursor, 20, 2), (std::vector<int64_t>{10, 10}));
  EXPECT_EQ(due(cursor, 20, 2), (std::vector<int64_t>{10, 20}));
  EXPECT_TRUE(due(cursor, 20, 2).empty());
  EXPECT_EQ(m_index->next(cursor).value(), 30);
}

TEST_F(AlarmIndexTest, an_object_has_one_row_that_putting_replaces) {
  put(30, 1);
  put(10, 1, "do-a", 3);
  AlarmCursor cursor;
  EXPECT_EQ(due(cursor, INT64_MAX), (std::vector<int64_t>{10}));
  auto row = m_index->find("do-a", object(1)).value();
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->retries, 3);
  EXPECT_EQ(row->name, "n");
  EXPECT_FALSE(m_index->find("do-b", object(1)).value().has_value());
  m_world.shard->turn([&] { ASSERT_TRUE(m_index->remove("do-a", object(1)).is_ok()); });
  EXPECT_FALSE(m_index->find("do-a", object(1)).value().has_value());
}

TEST_F(AlarmIndexTest, a_removed_space_leaves_the_others) {
  put(1, 1, "do-a");
  put(2, 2, "do-b");
  m_world.shard->turn([&] { ASSERT_TRUE(m_index->remove_space("do-a").is_ok()); });
  AlarmCursor cursor;
  EXPECT_EQ(due(cursor, INT64_MAX), (std::vector<int64_t>{2}));
}

}  // namespace
}  // namespace adit::bindings::durable_object
