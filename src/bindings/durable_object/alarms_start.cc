// The start and end of a shard's alarms, and those that an earlier process left: in the indexes of another number of shards, and in the ledgers that its crash interrupted.
#include <charconv>
#include <map>

#include "bindings/durable_object/alarms.h"

namespace adit::bindings::durable_object {
namespace {

constexpr int64_t rows_at_once = 1000;
constexpr size_t indexes_at_once = 10'000;  // more than shards there ever were

// Of "SHARDS-SHARD" the second.
std::optional<size_t> shard_of(std::string_view name) {
  auto dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  auto digits = name.substr(dash + 1);
  size_t shard = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), shard);
  if (code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return shard;
}

}  // namespace

std::string alarm_index_name(size_t shards, size_t shard) {
  return std::to_string(shards) + "-" + std::to_string(shard);
}

// An old index whose rows go to the shards that have the objects now; then it is deleted. What a crash interrupts begins anew.
struct Alarms::Adoption {
  std::unique_ptr<AlarmIndex> old;
  AlarmCursor cursor;
  size_t waiting = 0;  // shards that have not said that their rows are durable
};

Alarms::Alarms(AlarmShard& shard) : m_shard(shard) {}
Alarms::~Alarms() = default;

void Alarms::close() {
  m_is_closed = true;
  m_is_active = false;
  m_timer.reset();
  m_again.reset();
  m_firing.clear();
  m_adoptions.clear();
  m_index.reset();
}

void Alarms::start() {
  auto started = find_interrupted();
  if (started.is_ok()) started = find_others();
  if (started.is_error()) m_shard.log_error("Alarms of an earlier start: " + started.error().full_message());
}

Result<void> Alarms::find_interrupted() {
  auto shards = m_shard.shard_count();
  for (const auto& ledger_id : TRY(m_shard.interrupted_ledgers())) {
    auto id = ObjectId::parse(ledger_id.name());
    if (!ledger_id.space().starts_with("do-") || !id || id->hash() % shards != m_shard.shard_number()) continue;
    auto space = std::string(ledger_id.space());
    auto ledger = TRY(m_shard.open_ledger(space, *id));
    auto known = TRY(TRY(index())->find(space, *id));
    if (known && known->retries > 0) continue;  // its next retry is what counts
    if (auto record = TRY(Storage::alarm_in(*ledger))) TRY(note_row({record->time_ms, space, *id, std::nullopt, 0}));
  }
  // Until then a crash must find them again, although the log has forgotten them.
  if (!m_index) m_shard.interrupted_noted();
  else
    when_durable(position(), [this](Result<void> durable) {
      if (durable.is_ok()) m_shard.interrupted_noted();
    });
  return {};
}

Result<void> Alarms::find_others() {
  auto* store = TRY(m_shard.store());
  auto shards = m_shard.shard_count();
  auto prefix = std::to_string(shards) + "-";
  for (const auto& id : TRY(store->list(alarm_index_space, "", indexes_at_once))) {
    auto shard = shard_of(id.name());
    if (id.name().starts_with(prefix) || !shard || *shard % shards != m_shard.shard_number()) continue;
    store->open(id, [this](Result<std::shared_ptr<ledger::Ledger>> opened) {
      if (opened.is_error() || m_is_closed) return;
      auto index = AlarmIndex::open(std::move(opened).value());
      if (index.is_error()) return;
      m_adoptions.push_back({std::move(index).value()});
      give_away(m_adoptions.size() - 1);
    });
  }
  return {};
}

void Alarms::give_away(size_t number) {
  auto& adoption = m_adoptions[number];
  auto rows = adoption.old->due(adoption.cursor, INT64_MAX, rows_at_once);
  if (rows.is_error()) return m_shard.log_error("Alarms: " + rows.error().full_message());
  if (rows.value().empty()) {
    auto id = adoption.old->ledger().id();
    adoption.old.reset();
    m_shard.store().value()->destroy(id, [](Result<void>) {});
    return;
  }
  std::map<size_t, std::vector<AlarmRow>> by_shard;
  for (auto& row : rows.value()) by_shard[row.id.hash() % m_shard.shard_count()].push_back(std::move(row));
  adoption.waiting = by_shard.size();
  // A failure leaves the old index as it is, for the next start.
  for (auto& [to, part] : by_shard) m_shard.give_rows(to, number, std::move(part));
}

void Alarms::given(size_t number) {
  if (!m_is_closed && --m_adoptions[number].waiting == 0) give_away(number);
}

void Alarms::adopt(const std::vector<AlarmRow>& rows, Function<void(Result<void>)> done) {
  for (const auto& row : rows)
    if (auto noted = note_row(row); noted.is_error()) return done(std::move(noted));
  when_durable(position(), std::move(done));
}

}  // namespace adit::bindings::durable_object
