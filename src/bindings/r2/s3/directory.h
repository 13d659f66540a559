// The buckets that the S3 API knows, with their CORS and lifecycle rules: those of the configuration and those made by CreateBucket. A ledger
// of its own keeps them; all are in memory while the S3 API runs.
// Owner: the shard that serves the S3 API. Invariant: what is in memory is what the ledger says or will say; a change is acknowledged
// when it is durable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bindings/r2/s3/xml.h"
#include "ledger/ledger.h"

namespace adit::bindings {
class ShardState;
}

namespace adit::bindings::r2::s3 {

struct BucketRecord {
  int64_t created_ms = 0;
  std::vector<CorsRule> cors;
  std::vector<LifecycleRule> lifecycle;
};

class BucketDirectory {
 public:
  static void open(ShardState& state, Callback<std::shared_ptr<BucketDirectory>> done);

  const std::map<std::string, BucketRecord>& all() const { return m_buckets; }
  const BucketRecord* find(const std::string& name) const;
  // Replaces what there is; null removes it.
  void put(const std::string& name, const BucketRecord* record, Callback<void> done);
  // A bucket of the configuration, which exists without anybody's call.
  Result<void> ensure(const std::string& name, int64_t now_ms);

 private:
  explicit BucketDirectory(std::shared_ptr<ledger::Ledger> ledger) : m_ledger(std::move(ledger)) {}
  Result<void> load();
  Result<void> write(const std::string& name, const BucketRecord* record);

  std::shared_ptr<ledger::Ledger> m_ledger;
  std::map<std::string, BucketRecord> m_buckets;
};

}  // namespace adit::bindings::r2::s3
