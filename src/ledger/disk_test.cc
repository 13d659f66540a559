// The real disk and the real threads, in a temporary folder.
#include "ledger/disk.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "ledger/ledger_store.h"

namespace adit::ledger {
namespace {

class DiskTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(m_path.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(m_path); }
  std::string m_path = "/tmp/adit-disk-test-XXXXXX";
  SystemDisk m_disk;
};

TEST_F(DiskTest, files_are_written_read_renamed_listed_and_removed) {
  ASSERT_TRUE(m_disk.make_directories(m_path + "/a/b").is_ok());
  auto file = m_disk.open(m_path + "/a/b/f", OpenMode::create_new).value();
  ASSERT_TRUE(file->write(3, bytes_of("abc")).is_ok());
  ASSERT_TRUE(file->sync().is_ok());
  EXPECT_EQ(file->size().value(), 6u);
  uint8_t out[10];
  EXPECT_EQ(file->read(4, out).value(), 2u);
  ASSERT_TRUE(file->truncate(1).is_ok());
  ASSERT_TRUE(m_disk.rename(m_path + "/a/b/f", m_path + "/a/b/g").is_ok());
  ASSERT_TRUE(m_disk.sync_directory(m_path + "/a/b").is_ok());
  ASSERT_TRUE(m_disk.sync_everything(m_path).is_ok());
  EXPECT_EQ(m_disk.list(m_path + "/a/b").value(), std::vector<std::string>{"g"});
  ASSERT_TRUE(m_disk.remove(m_path + "/a/b/g").is_ok());
  EXPECT_TRUE(m_disk.remove(m_path + "/a/b/g").is_ok());
  EXPECT_EQ(m_disk.open(m_path + "/a/b/g", OpenMode::read).error().kind(), ErrorKind::not_found);
  EXPECT_TRUE(m_disk.list(m_path + "/none").value().empty());
}

TEST_F(DiskTest, a_state_directory_has_one_owner) {
  auto first = StateDirectory::open(m_disk, m_path + "/state");
  ASSERT_TRUE(first.is_ok()) << first.error().full_message();
  auto second = StateDirectory::open(m_disk, m_path + "/state");
  EXPECT_EQ(second.error().full_message(), "state directory " + m_path + "/state is in use by another adit");
  first.value() = nullptr;
  EXPECT_TRUE(StateDirectory::open(m_disk, m_path + "/state").is_ok());
}

TEST_F(DiskTest, a_state_directory_that_cannot_be_made_is_a_clear_error) {
  auto file = m_disk.open(m_path + "/file", OpenMode::create);
  auto opened = StateDirectory::open(m_disk, m_path + "/file/state");
  ASSERT_TRUE(opened.is_error());
  EXPECT_NE(opened.error().full_message().find("cannot be made"), std::string::npos) << opened.error().full_message();
}

// A minimal event loop.
class ThreadExecutor final : public Executor {
 public:
  void post(Task task) override {
    std::lock_guard lock(m_mutex);
    m_tasks.push_back(std::move(task));
    m_wake.notify_one();
  }
  void defer(Task task) override { m_deferred.push_back(std::move(task)); }
  void after(uint64_t, Task) override {}  // no deadline passes in this test
  void run_until(const bool& done) {
    run_deferred();
    while (!done) {
      std::unique_lock lock(m_mutex);
      m_wake.wait(lock, [this] { return !m_tasks.empty(); });
      auto task = std::move(m_tasks.front());
      m_tasks.pop_front();
      lock.unlock();
      task();
      run_deferred();
    }
  }

 private:
  void run_deferred() {
    while (!m_deferred.empty()) {
      auto task = std::move(m_deferred.front());
      m_deferred.pop_front();
      task();
    }
  }
  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::deque<Task> m_tasks;
  std::deque<Task> m_deferred;
};

TEST_F(DiskTest, a_ledger_lives_through_close_and_a_file_is_plain_sqlite) {
  Logger logger(LogLevel::none);
  SystemClock clock;
  auto id = LedgerId::create("space", "name").value();
  std::string path;
  for (int64_t run = 1; run <= 3; ++run) {
    ThreadExecutor executor;
    auto state = StateDirectory::open(m_disk, m_path + "/state").value();
    auto store = LedgerStore::create(*state, static_cast<size_t>(run), executor, logger, clock, {}).value();
    path = state->database_path(id);
    store->open(id, [&](Result<std::shared_ptr<Ledger>> opened) {
      auto& database = opened.value()->database();
      ASSERT_TRUE(opened.value()->write().is_ok());
      ASSERT_TRUE(database.execute("CREATE TABLE IF NOT EXISTS t (v INTEGER); INSERT INTO t VALUES (1)").is_ok());
      auto count = database.prepare("SELECT count(*) FROM t").value();
      ASSERT_TRUE(count.step().value());
      EXPECT_EQ(count.integer(0), run);
    });
    bool closed = false;
    store->close([&](Result<void> result) {
      EXPECT_TRUE(result.is_ok());
      closed = true;
    });
    executor.run_until(closed);
    EXPECT_TRUE(m_disk.list(state->log_path(static_cast<size_t>(run))).value().empty());
  }
  auto plain = Database::open(path, nullptr, {}).value();
  auto count = plain->prepare("SELECT count(*) FROM t").value();
  ASSERT_TRUE(count.step().value());
  EXPECT_EQ(count.integer(0), 3);
}

}  // namespace
}  // namespace adit::ledger
