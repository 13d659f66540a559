// Executes the lifecycle rules of buckets: deletes objects whose time is over, moves others to infrequent access, aborts multipart uploads that
// nobody completed.
// Owner: the shard that serves the S3 API. Invariant: one bucket and one page of it at a time, so that a sweep of millions of objects costs
// little memory and lets requests pass; an error ends the sweep of that bucket until the next time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/r2/s3/directory.h"
#include "net/loop.h"

namespace adit::bindings::r2::s3 {

struct Context;

// Whether a rule says that an object (or an upload) of this key and time is to go (or to move) now.
bool is_expired(const LifecycleRule& rule, const std::string& key, int64_t stored_ms, int64_t now_ms, int64_t day_ms);
bool is_to_move(const LifecycleRule& rule, const std::string& key, int64_t stored_ms, int64_t now_ms, int64_t day_ms);
bool is_abandoned(const LifecycleRule& rule, const std::string& key, int64_t begun_ms, int64_t now_ms, int64_t day_ms);

class Lifecycle {
 public:
  // Sweeps every interval, the first time after one.
  Lifecycle(std::shared_ptr<Context> context, uint64_t interval_ms, int64_t day_ms);

 private:
  void arm();

  std::shared_ptr<Context> m_context;
  uint64_t m_interval_ms;
  int64_t m_day_ms;
  net::Timer m_timer;
  std::shared_ptr<struct Sweep> m_sweep;
};

}  // namespace adit::bindings::r2::s3
