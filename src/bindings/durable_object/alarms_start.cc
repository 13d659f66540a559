// The start and end of a shard's alarms, and those that an earlier process left: in the indexes of another number of shards, and in the ledgers that its crash interrupted.
#include <charconv>
#include <map>

#include "bindings/durable_object/alarms.h"
#include "bindings/durable_object/object_host.h"
#include "bindings/shard_services.h"
#include "bindings/state.h"

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

Alarms::Alarms(ObjectHost& host, ShardState& state) : m_host(host), m_state(state) {}
Alarms::~Alarms() = default;

void Alarms::close() {
  m_is_closed = true;
  m_is_active = false;
  m_timer = {};
  m_again = {};
  m_firing.clear();
  m_adoptions.clear();
  m_index.reset();
}

void Alarms::start() {
  auto started = find_interrupted();
  if (started.is_ok()) started = find_others();
  if (started.is_error())
    m_host.shard().logger().error("Alarms of an earlier start: {}", started.error().full_message());
}

Result<void> Alarms::find_interrupted() {
  auto* directory = TRY(m_state.directory());
  auto shards = m_host.shard().group().shard_count();
  for (const auto& ledger_id : directory->recovery().ledger_ids) {
    auto id = ObjectId::parse(ledger_id.name());
    if (!ledger_id.space().starts_with("do-") || !id || id->hash() % shards != m_host.shard().index()) continue;
    auto space = std::string(ledger_id.space());
    auto ledger = TRY(m_host.open_ledger(space, *id));
    auto known = TRY(TRY(index())->find(space, *id));
    if (known && known->retries > 0) continue;  // its next retry is what counts
    if (auto record = TRY(Storage::alarm_in(*ledger))) TRY(note_row({record->time_ms, space, *id, std::nullopt, 0}));
  }
  return {};
}

Result<void> Alarms::find_others() {
  auto* store = TRY(m_state.store());
  auto shards = m_host.shard().group().shard_count();
  auto prefix = std::to_string(shards) + "-";
  for (const auto& id : TRY(store->list(alarm_index_space, "", indexes_at_once))) {
    auto shard = shard_of(id.name());
    if (id.name().starts_with(prefix) || !shard || *shard % shards != m_host.shard().index()) continue;
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
  if (rows.is_error()) return m_host.shard().logger().error("Alarms: {}", rows.error().full_message());
  if (rows.value().empty()) {
    auto id = adoption.old->ledger().id();
    adoption.old.reset();
    m_state.store().value()->destroy(id, [](Result<void>) {});
    return;
  }
  std::map<size_t, std::vector<AlarmRow>> by_shard;
  auto& shard = m_host.shard();
  for (auto& row : rows.value()) by_shard[row.id.hash() % shard.group().shard_count()].push_back(std::move(row));
  adoption.waiting = by_shard.size();
  for (auto& [to, part] : by_shard)
    shard.post_to(to, [number, home = shard.index(), part = std::move(part)](worker::Shard& there) {
      ShardServices::of(there).objects().alarms().adopt(part, [number, home, &there](Result<void> durable) {
        // A failure leaves the old index as it is, for the next start.
        if (durable.is_error()) return;
        there.post_to(home,
                      [number](worker::Shard& back) { ShardServices::of(back).objects().alarms().given(number); });
      });
    });
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
