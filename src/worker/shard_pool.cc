#include "worker/shard_pool.h"

#include <sched.h>
#include <signal.h>

namespace adit::worker {
namespace {

// A shard whose socket becomes readable does not push another thread off its core: by the time the core is free more sockets are, and
// one turn of the loop serves them all. With the client on the same two cores, a hello costs 8.2 us of CPU instead of 11, at half as
// many requests per second again (bench/run.mjs hello). On an idle core nothing changes.
void wake_without_preempting() {
  sched_param none{};
  // Where it is not allowed, the default is as good as it was.
  (void)sched_setscheduler(0, SCHED_BATCH, &none);
}

}  // namespace

Result<std::unique_ptr<ShardPool>> ShardPool::create(size_t shard_count, ShardOptions options) {
  std::unique_ptr<ShardPool> pool(new ShardPool());
  pool->m_shards.resize(shard_count);
  options.group = pool.get();
  std::vector<std::future<Result<Shard*>>> starting;
  auto all_ended = pool->m_all_ended.get_future().share();
  for (size_t i = 0; i < shard_count; ++i) {
    auto ready = std::make_shared<std::promise<Result<Shard*>>>();
    starting.push_back(ready->get_future());
    options.index = i;
    pool->m_shards[i].thread = std::thread([options, ready, all_ended, &member = pool->m_shards[i]] {
      // Signals are main's business.
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      wake_without_preempting();
      auto shard = Shard::create(options);
      if (shard.is_error()) return ready->set_value(std::move(shard.error()));
      ready->set_value(shard.value().get());
      shard.value()->run();
      member.ended.set_value();
      all_ended.wait();
    });
  }
  std::optional<Error> failure;
  for (size_t i = 0; i < shard_count; ++i) {
    auto shard = starting[i].get();
    if (shard.is_ok()) pool->m_shards[i].shard = shard.value();
    else failure = shard.error();
  }
  if (failure) return *failure;
  return pool;
}

ShardPool::~ShardPool() { stop(0); }

void ShardPool::post(size_t index, Function<void(Shard&)> task) {
  auto* shard = m_shards[index].shard;
  shard->loop().post([shard, task = std::move(task)]() mutable { task(*shard); });
}

template <typename T>
T ShardPool::run_on(size_t index, std::function<T(Shard&)> work) {
  std::promise<T> done;
  auto result = done.get_future();
  post(index, [&](Shard& shard) { done.set_value(work(shard)); });
  return result.get();
}

Result<void> ShardPool::set_script(size_t place, std::shared_ptr<const Script> script) {
  // The first shard goes ahead: it fails for all, and its compiled code is what the others start with.
  for (size_t i = 0; i < m_shards.size(); ++i)
    TRY(run_on<Result<void>>(i, [&](Shard& shard) { return shard.set_script(place, script); }));
  return {};
}

void ShardPool::set_failure(size_t place, const std::string& title, const std::string& detail) {
  for (size_t i = 0; i < m_shards.size(); ++i)
    post(i, [place, title, detail](Shard& shard) { shard.set_failure(place, title, detail); });
}

Result<uint16_t> ShardPool::listen(uint16_t port) {
  for (size_t i = 0; i < m_shards.size(); ++i)
    port = TRY(run_on<Result<uint16_t>>(i, [&](Shard& shard) { return shard.listen(port); }));
  return port;
}

void ShardPool::stop(uint64_t grace_ms) {
  if (std::exchange(m_stopped, true)) return;
  std::deque<std::promise<void>> drained;
  for (size_t i = 0; i < m_shards.size(); ++i) {
    if (!m_shards[i].shard) continue;
    auto& done = drained.emplace_back();
    post(i, [grace_ms, &done](Shard& shard) { shard.drain(grace_ms, [&done] { done.set_value(); }); });
  }
  for (auto& done : drained) done.get_future().wait();
  for (size_t i = 0; i < m_shards.size(); ++i)
    if (m_shards[i].shard) post(i, [](Shard& shard) { shard.finish(); });
  for (auto& member : m_shards)
    if (member.shard) member.ended.get_future().wait();
  m_all_ended.set_value();
  for (auto& member : m_shards)
    if (member.thread.joinable()) member.thread.join();
}

}  // namespace adit::worker
