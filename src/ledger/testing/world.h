// World: one shard's store over a simulated disk, as tests use it: start, work, crash, start again. Owner: one test.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "ledger/engines/local/local_engine.h"
#include "ledger/engines/memory/memory_engine.h"
#include "ledger/ledger_store.h"
#include "ledger/output_gate.h"
#include "ledger/testing/simulated_disk.h"
#include "ledger/testing/simulated_shard.h"

namespace adit::ledger::testing {

struct World {
  std::unique_ptr<SimulatedDisk> disk = std::make_unique<SimulatedDisk>();
  std::unique_ptr<SimulatedShard> shard = std::make_unique<SimulatedShard>();
  Logger logger{LogLevel::none};
  StoreOptions options;
  std::unique_ptr<StateDirectory> state;
  std::unique_ptr<LedgerStore> store;
  uint64_t salt = 1;
  // Null: the embedded engine. Else the memory engine over this, whose messages have these fates.
  std::shared_ptr<memory::MemoryStorage> storage;
  std::function<memory::Fate(memory::Operation)> fates = [](memory::Operation) { return memory::Fate{}; };

  Result<void> try_start(size_t shard_number = 0) {
    state = TRY(StateDirectory::open(*disk, "/state"));
    auto log = state->log_path(shard_number);
    TRY(disk->make_directories(log));
    store = TRY(LedgerStore::create_with(
        *state, *shard, logger, *shard, options, shard->make_background(),
        [&](Background& files) -> std::unique_ptr<Engine> {
          if (storage)
            return std::make_unique<memory::MemoryEngine>(storage, *shard, *shard, fates, options.log_max_bytes);
          local::LocalEngineOptions engine_options{
              .segment_bytes = options.log_segment_bytes, .max_log_bytes = options.log_max_bytes, .salt = ++salt};
          return std::make_unique<local::LocalEngine>(*disk, log, state->blob_path(), shard_number, *shard,
                                                      shard->make_background(), files, *shard, engine_options);
        }));
    return {};
  }
  void start(size_t shard_number = 0) {
    auto started = try_start(shard_number);
    ASSERT_TRUE(started.is_ok()) << started.error().full_message();
  }
  // The process is gone; the disk is as it was.
  void stop() {
    store = nullptr;  // what it left with the shard holds only weak references
    shard = std::make_unique<SimulatedShard>();
    state = nullptr;
    disk->kill();
  }
  // Power loss. The embedded engine heals torn files; with the logs elsewhere a node that lost its power has lost its disk.
  void crash(std::mt19937_64& random) {
    stop();
    if (storage) disk = std::make_unique<SimulatedDisk>();
    else disk->crash(random);
  }
  // Runs until quiet, so that all writes are durable.
  void settle() { shard->run_until_idle(); }
  // Lets time pass too, as far as messages may be under way.
  template <typename F>
  void settle_until(F&& is_done) {
    if (!is_done()) settle();
    for (int i = 0; i < 10'000 && !is_done(); ++i) {
      shard->advance(5);
      settle();
    }
  }

  static LedgerId id(std::string_view name) { return LedgerId::create("test", name).value(); }
  Result<std::shared_ptr<Ledger>> try_open(std::string_view name) {
    std::optional<Result<std::shared_ptr<Ledger>>> opened;
    store->open(id(name), [&](auto result) { opened.emplace(std::move(result)); });
    settle_until([&] { return opened.has_value(); });
    VERIFY(opened);
    return std::move(*opened);
  }
  std::shared_ptr<Ledger> open(std::string_view name) {
    auto opened = try_open(name);
    EXPECT_TRUE(opened.is_ok()) << opened.error().full_message();
    return opened.is_ok() ? opened.value() : nullptr;
  }
  Result<void> close() {
    std::optional<Result<void>> closed;
    store->close([&](Result<void> result) { closed.emplace(std::move(result)); });
    settle_until([&] { return closed.has_value(); });
    VERIFY(closed);
    return std::move(*closed);
  }
};

}  // namespace adit::ledger::testing
