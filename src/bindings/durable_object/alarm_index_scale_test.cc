// The index of very many pending alarms, on the real disk: what it costs in memory, and that asking it costs the same however many there are.
// 20,000 of them; ADIT_LONG=1 takes a million and prints the numbers.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bindings/durable_object/alarm_index.h"
#include "bindings/loop_executor.h"
#include "ledger/ledger_store.h"

namespace adit::bindings::durable_object {
namespace {

namespace fs = std::filesystem;

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  return 0;
}

class AlarmIndexScale : public ::testing::Test {
 protected:
  AlarmIndexScale() {
    char folder[] = "/tmp/adit-alarms-XXXXXX";
    m_folder = mkdtemp(folder);
  }
  ~AlarmIndexScale() override {
    close();
    fs::remove_all(m_folder);
  }
  void open() {
    m_state = ledger::StateDirectory::open(m_disk, m_folder).value();
    m_store = ledger::LedgerStore::create(*m_state, 0, m_executor, m_logger, m_clock, {}).value();
    m_store->open(ledger::LedgerId::create("object-alarms", "1-0").value(),
                  [this](Result<std::shared_ptr<ledger::Ledger>> ledger) {
                    m_index = AlarmIndex::open(std::move(ledger).value()).value();
                  });
  }
  void close() {
    if (!m_store) return;
    m_index.reset();
    bool closed = false;
    m_store->close([&closed](Result<void>) { closed = true; });
    while (!closed) m_loop->run_once();
    m_store.reset();
    m_state.reset();
  }
  void settle() {
    while (!m_index->ledger().is_quiet()) m_loop->run_once();
  }
  static ObjectId object(int64_t number) {
    std::array<uint8_t, 32> octets{};
    for (int i = 0; i < 8; ++i)
      octets[static_cast<size_t>(i)] = static_cast<uint8_t>(number * 0x9e3779b97f4a7c15 >> (8 * i));
    return *ObjectId::from_octets(octets);
  }
  template <typename Work>
  static double microseconds(int times, Work work) {
    auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) work(i);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before).count() / times;
  }

  std::string m_folder;
  ledger::SystemDisk m_disk;
  Logger m_logger{LogLevel::none};
  SystemClock m_clock;
  std::unique_ptr<net::Loop> m_loop = net::Loop::create().value();
  LoopExecutor m_executor{*m_loop};
  std::unique_ptr<ledger::StateDirectory> m_state;
  std::unique_ptr<ledger::LedgerStore> m_store;
  std::unique_ptr<AlarmIndex> m_index;
};

TEST_F(AlarmIndexScale, a_million_pending_alarms_cost_no_scan) {
  const auto* wanted = std::getenv("ADIT_LONG");
  bool is_long = wanted && *wanted;
  int64_t count = is_long ? 1'000'000 : 20'000;
  constexpr int64_t first_ms = 2'000'000'000'000;
  open();
  auto idle_mb = resident_mb();
  auto put_us = microseconds(static_cast<int>(count), [&](int i) {
    ASSERT_TRUE(m_index->put({first_ms + i, "do-space", object(i), "an object's name", 0}).is_ok());
    if (i % 1000 == 0) settle();
  });
  settle();
  auto full_mb = resident_mb();
  close();
  auto disk_bytes = fs::file_size(
      fs::path(m_folder) / "ledgers/object-alarms" /
      fs::directory_iterator(fs::path(m_folder) / "ledgers/object-alarms")->path().filename() / "1-0.sqlite");
  double open_us = microseconds(1, [&](int) {
    open();
    AlarmCursor cursor;
    ASSERT_EQ(m_index->next(cursor).value(), first_ms);
  });
  // None is due, one is, one is added in front and taken away: each is a few pages, whatever lies behind.
  auto idle_us = microseconds(100, [&](int) {
    AlarmCursor cursor;
    ASSERT_TRUE(m_index->due(cursor, first_ms - 1, 100).value().empty());
  });
  auto due_us = microseconds(100, [&](int i) {
    AlarmCursor cursor;
    ASSERT_TRUE(m_index->put({1000 + i, "do-space", object(-1 - i), std::nullopt, 0}).is_ok());
    ASSERT_EQ(m_index->due(cursor, first_ms - 1, 100).value().size(), 1u);
    ASSERT_EQ(m_index->next(cursor).value(), first_ms);
    ASSERT_TRUE(m_index->remove("do-space", object(-1 - i)).is_ok());
  });
  settle();
  auto after_mb = resident_mb();
  std::printf(
      "%lld pending alarms: %.1f us to add one, %.0f MB while adding, %.0f bytes of disk each; opened in %.0f us, "
      "then %.0f MB more than without; asked when none is due %.1f us, adding, finding and removing one %.1f us\n",
      static_cast<long long>(count), put_us, full_mb - idle_mb,
      static_cast<double>(disk_bytes) / static_cast<double>(count), open_us, after_mb - idle_mb, idle_us, due_us);
  EXPECT_LT(idle_us, 1000) << "a scan of the index takes far longer";
  EXPECT_LT(due_us, 10'000);
  EXPECT_LT(open_us, 500'000);
}

}  // namespace
}  // namespace adit::bindings::durable_object
