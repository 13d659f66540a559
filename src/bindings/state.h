// Where the bindings' state lives: the state directory of the process and, per shard, the ledger store in it. Both are made at first
// use: a worker that stores nothing leaves nothing on disk, and starting costs nothing.
// Owner: ProcessState is main's, its directory() any thread's; ShardState its shard's thread.
// Invariant: a state directory has one owner process from first use to the end; a ShardState is closed before its shard's loop ends.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "bindings/blobs/blob_store.h"
#include "bindings/loop_executor.h"
#include "ledger/disk.h"
#include "ledger/ledger_store.h"
#include "ledger/state_directory.h"

namespace adit::bindings {

constexpr uint32_t default_history_days = 30;

class ProcessState {
 public:
  ProcessState(std::filesystem::path path, const Logger& logger) : m_path(std::move(path)), m_logger(logger) {}
  // How long Durable Objects and D1 databases keep their past. Before directory(), which writes it into the state: it holds for every later
  // process, until another one is told otherwise.
  void set_history_days(uint32_t days) { m_wanted_history_days = days; }
  // Called once, on whichever thread, when the directory has been opened. Before directory().
  void on_opened(Function<void()> callback) { m_on_opened = std::move(callback); }
  // Locks the directory and recovers what the last process left there, the first time; an error is tried again at the next call.
  Result<ledger::StateDirectory*> directory();
  // For a store in it, once directory() gave it: without the spaces that keep their past.
  ledger::StoreOptions store_options();
  // Something was stored here before: there may be alarms to run, for one.
  bool has_state() const;
  // The blobs beside a ledger, shared by all shards: FOLDER/blobs-KIND/NAME.
  Result<std::shared_ptr<blobs::BlobStore>> blobs(const std::string& kind, const std::string& name);

 private:
  Result<void> settle_history_days(const std::string& folder);

  std::filesystem::path m_path;
  const Logger& m_logger;
  ledger::SystemDisk m_disk;
  SystemRandom m_random;
  std::optional<uint32_t> m_wanted_history_days;
  Function<void()> m_on_opened;
  std::mutex m_mutex;  // guards what is below
  std::unique_ptr<ledger::StateDirectory> m_directory;
  uint32_t m_history_days = default_history_days;
  std::map<std::string, std::shared_ptr<blobs::BlobStore>> m_blobs;  // by folder
};

class ShardState {
 public:
  ShardState(ProcessState& process, size_t shard, net::Loop& loop, const Logger& logger, const Clock& clock)
      : m_process(process), m_shard(shard), m_logger(logger), m_clock(clock), m_executor(loop) {}
  // This shard's ledgers.
  Result<ledger::LedgerStore*> store();
  Result<ledger::StateDirectory*> directory() { return m_process.directory(); }
  bool has_state() const { return m_process.has_state(); }
  Result<std::shared_ptr<blobs::BlobStore>> blobs(const std::string& kind, const std::string& name) {
    return m_process.blobs(kind, name);
  }
  // Makes everything durable and leaves no log behind. Nobody may use the store after that.
  void close(Function<void()> done);

 private:
  ProcessState& m_process;
  size_t m_shard;
  const Logger& m_logger;
  const Clock& m_clock;
  LoopExecutor m_executor;
  std::unique_ptr<ledger::LedgerStore> m_store;
  bool m_closed = false;
};

}  // namespace adit::bindings
