#include "bindings/r2/s3/directory.h"

#include "bindings/state.h"

namespace adit::bindings::r2::s3 {

void BucketDirectory::open(ShardState& state, Callback<std::shared_ptr<BucketDirectory>> done) {
  auto store = state.store();
  if (store.is_error()) return done(std::move(store.error()));
  auto id = ledger::LedgerId::create("r2-directory", "buckets");
  if (id.is_error()) return done(std::move(id.error()));
  store.value()->open(id.value(), [done = std::move(done)](Result<std::shared_ptr<ledger::Ledger>> ledger) mutable {
    if (ledger.is_error()) return done(std::move(ledger.error()));
    std::shared_ptr<BucketDirectory> self(new BucketDirectory(std::move(ledger).value()));
    if (auto loaded = self->load(); loaded.is_error()) return done(std::move(loaded.error()));
    done(std::move(self));
  });
}

Result<void> BucketDirectory::load() {
  if (!m_ledger->has_data()) return {};
  auto rows = TRY(m_ledger->database().prepare("SELECT name, created_ms, cors, lifecycle FROM buckets"));
  while (TRY(rows.step())) {
    BucketRecord record;
    record.created_ms = rows.integer(1);
    if (!rows.text(2).empty()) record.cors = TRY(parse_cors(rows.text(2)));
    if (!rows.text(3).empty()) record.lifecycle = TRY(parse_lifecycle(rows.text(3)));
    m_buckets.emplace(rows.text(0), std::move(record));
  }
  return {};
}

const BucketRecord* BucketDirectory::find(const std::string& name) const {
  auto found = m_buckets.find(name);
  return found == m_buckets.end() ? nullptr : &found->second;
}

Result<void> BucketDirectory::write(const std::string& name, const BucketRecord* record) {
  TRY(m_ledger->write());
  auto& database = m_ledger->database();
  TRY(
      database.execute("CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL, "
                       "cors TEXT NOT NULL, lifecycle TEXT NOT NULL) WITHOUT ROWID"));
  if (!record) {
    auto statement = TRY(database.prepare("DELETE FROM buckets WHERE name = ?"));
    TRY(statement.bind_all(std::string_view(name)).run());
    m_buckets.erase(name);
    return {};
  }
  auto cors = record->cors.empty() ? std::string() : to_xml(record->cors);
  auto lifecycle = record->lifecycle.empty() ? std::string() : to_xml(record->lifecycle);
  auto statement = TRY(database.prepare("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?)"));
  TRY(statement
          .bind_all(std::string_view(name), record->created_ms, std::string_view(cors), std::string_view(lifecycle))
          .run());
  m_buckets[name] = *record;
  return {};
}

void BucketDirectory::put(const std::string& name, const BucketRecord* record, Callback<void> done) {
  if (auto written = write(name, record); written.is_error()) return done(std::move(written));
  m_ledger->when_durable(m_ledger->pending_position(), std::move(done));
}

Result<void> BucketDirectory::ensure(const std::string& name, int64_t now_ms) {
  if (m_buckets.contains(name)) return {};
  BucketRecord record;
  record.created_ms = now_ms;
  return write(name, &record);
}

}  // namespace adit::bindings::r2::s3
