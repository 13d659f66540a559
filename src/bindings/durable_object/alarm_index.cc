#include "bindings/durable_object/alarm_index.h"

namespace adit::bindings::durable_object {
namespace {

// Spaces are numbered, since their names would make up most of a row.
constexpr std::string_view tables =
    "CREATE TABLE IF NOT EXISTS spaces (number INTEGER PRIMARY KEY, space TEXT NOT NULL UNIQUE);"
    "CREATE TABLE IF NOT EXISTS alarms (space INTEGER NOT NULL, id BLOB NOT NULL, name TEXT, time_ms INTEGER NOT NULL,"
    " retries INTEGER NOT NULL, PRIMARY KEY (space, id)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS alarms_by_time ON alarms (time_ms, space, id);";

BytesView octets_of(const ObjectId& id) { return {id.octets().data(), id.octets().size()}; }

}  // namespace

Result<std::unique_ptr<AlarmIndex>> AlarmIndex::open(std::shared_ptr<ledger::Ledger> ledger) {
  std::unique_ptr<AlarmIndex> index(new AlarmIndex(std::move(ledger)));
  index->m_has_tables = index->m_ledger->has_data();
  return index;
}

Result<void> AlarmIndex::make_tables() {
  TRY(m_ledger->write());
  if (m_has_tables) return {};
  TRY(m_ledger->database().execute(tables));
  m_has_tables = true;
  return {};
}

Result<std::optional<int64_t>> AlarmIndex::number_of(const std::string& space) {
  if (!m_has_tables) return std::optional<int64_t>();
  auto statement = TRY(m_ledger->database().prepare("SELECT number FROM spaces WHERE space = ?"));
  statement.bind(1, std::string_view(space));
  if (!TRY(statement.step())) return std::optional<int64_t>();
  return std::optional<int64_t>(statement.integer(0));
}

Result<std::optional<AlarmRow>> AlarmIndex::find(const std::string& space, const ObjectId& id) {
  auto number = TRY(number_of(space));
  if (!number) return std::optional<AlarmRow>();
  auto statement =
      TRY(m_ledger->database().prepare("SELECT name, time_ms, retries FROM alarms WHERE space = ? AND id = ?"));
  statement.bind_all(*number, octets_of(id));
  if (!TRY(statement.step())) return std::optional<AlarmRow>();
  AlarmRow row{statement.integer(1), space, id, std::nullopt, statement.integer(2)};
  if (!statement.is_null(0)) row.name = statement.text(0);
  return std::optional<AlarmRow>(std::move(row));
}

Result<void> AlarmIndex::put(const AlarmRow& row) {
  TRY(make_tables());
  auto number = TRY(number_of(row.space));
  if (!number) {
    auto insert = TRY(m_ledger->database().prepare("INSERT INTO spaces (space) VALUES (?)"));
    TRY(insert.bind(1, std::string_view(row.space)).run());
    number = m_ledger->database().last_insert_rowid();
  }
  auto statement = TRY(
      m_ledger->database().prepare("REPLACE INTO alarms (space, id, name, time_ms, retries) VALUES (?, ?, ?, ?, ?)"));
  statement.bind(1, *number).bind(2, octets_of(row.id)).bind(4, row.time_ms).bind(5, row.retries);
  if (row.name) statement.bind(3, std::string_view(*row.name));
  else statement.bind_null(3);
  return statement.run();
}

Result<void> AlarmIndex::remove(const std::string& space, const ObjectId& id) {
  auto number = TRY(number_of(space));
  if (!number) return {};
  TRY(m_ledger->write());
  auto statement = TRY(m_ledger->database().prepare("DELETE FROM alarms WHERE space = ? AND id = ?"));
  return statement.bind_all(*number, octets_of(id)).run();
}

Result<void> AlarmIndex::remove_space(const std::string& space) {
  auto number = TRY(number_of(space));
  if (!number) return {};
  TRY(m_ledger->write());
  auto alarms = TRY(m_ledger->database().prepare("DELETE FROM alarms WHERE space = ?"));
  TRY(alarms.bind(1, *number).run());
  auto spaces = TRY(m_ledger->database().prepare("DELETE FROM spaces WHERE number = ?"));
  return spaces.bind(1, *number).run();
}

Result<std::vector<AlarmRow>> AlarmIndex::due(AlarmCursor& cursor, int64_t until_ms, int64_t limit) {
  std::vector<AlarmRow> rows;
  if (!m_has_tables) return rows;
  auto statement = TRY(m_ledger->database().prepare(
      "SELECT alarms.time_ms, alarms.space, alarms.id, spaces.space, name, retries FROM alarms JOIN spaces ON number = "
      "alarms.space WHERE (alarms.time_ms, alarms.space, alarms.id) > (?, ?, ?) AND alarms.time_ms <= ? ORDER BY "
      "alarms.time_ms, alarms.space, alarms.id LIMIT ?"));
  auto from = cursor;  // bound values are borrowed
  statement.bind_all(from.time_ms, from.space, bytes_of(from.id), until_ms, limit);
  while (TRY(statement.step())) {
    auto octets = statement.blob(2);
    auto id = ObjectId::from_octets(octets);
    if (!id) return Error::failed("the index of alarms names an impossible object");
    cursor = {statement.integer(0), statement.integer(1), std::string(text_of(octets))};
    AlarmRow row{cursor.time_ms, std::string(statement.text(3)), *id, std::nullopt, statement.integer(5)};
    if (!statement.is_null(4)) row.name = statement.text(4);
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::optional<int64_t>> AlarmIndex::next(const AlarmCursor& cursor) {
  if (!m_has_tables) return std::optional<int64_t>();
  auto statement = TRY(m_ledger->database().prepare(
      "SELECT time_ms FROM alarms WHERE (time_ms, space, id) > (?, ?, ?) ORDER BY time_ms, space, id LIMIT 1"));
  statement.bind_all(cursor.time_ms, cursor.space, bytes_of(cursor.id));
  if (!TRY(statement.step())) return std::optional<int64_t>();
  return std::optional<int64_t>(statement.integer(0));
}

}  // namespace adit::bindings::durable_object
