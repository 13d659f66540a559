// All shards of the process: starts a thread for each, gives them the worker, stops them together.
// Owner: main's thread; post() from any. Invariant: a version serves requests only when it started on every shard.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "worker/shard.h"

namespace adit::worker {

class ShardPool final : public ShardGroup {
 public:
  // `options` is each shard's, with index and group filled in here.
  static Result<std::unique_ptr<ShardPool>> create(size_t shard_count, ShardOptions options);
  ~ShardPool();

  // Places: see Shard. Blocks until every shard runs this version or one failed to start it.
  Result<void> set_script(size_t place, std::shared_ptr<const Script> script);
  void set_failure(size_t place, const std::string& title, const std::string& detail);
  // Listens on every shard; port 0 picks one. Returns the port.
  Result<uint16_t> listen(uint16_t port);
  // Drains and ends every shard; blocks until their threads are done.
  void stop(uint64_t grace_ms);

  size_t shard_count() const override { return m_shards.size(); }
  void post(size_t shard, Function<void(Shard&)> task) override;

 private:
  struct Member {
    std::thread thread;
    Shard* shard = nullptr;  // lives on the thread
    std::promise<void> ended;
  };
  ShardPool() = default;
  template <typename T>
  T run_on(size_t shard, std::function<T(Shard&)> work);

  std::deque<Member> m_shards;
  std::promise<void> m_all_ended;  // a shard is destroyed only when no other can post to it
  bool m_stopped = false;
};

}  // namespace adit::worker
