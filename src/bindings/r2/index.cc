#include "bindings/r2/index.h"

#include <algorithm>

namespace adit::bindings::r2 {
namespace {

constexpr std::string_view columns =
    "key, version, etag, size, uploaded, checksums, storage_class, ssec_key, part_count, http_metadata, "
    "custom_metadata";

constexpr uint8_t transfer_kind = 128;  // beside the numbers of HashKind

std::string stored_checksums(const Checksums& checksums, const TransferChecksum& transfer) {
  std::string out;
  for (size_t kind = 0; kind < hash_kinds; ++kind) {
    auto& value = checksums.values[kind];
    if (value.empty()) continue;
    out.push_back(static_cast<char>(kind));
    out.push_back(static_cast<char>(value.size()));
    out.append(value);
  }
  if (!transfer.name.empty()) {
    auto text = transfer.name + ":" + transfer.value;
    out.push_back(static_cast<char>(transfer_kind));
    out.push_back(static_cast<char>(text.size()));
    out.append(text);
  }
  return out;
}

void parse_checksums(std::string_view stored, ObjectInfo& info) {
  while (stored.size() >= 2) {
    auto kind = static_cast<uint8_t>(stored[0]);
    auto value = stored.substr(2, static_cast<uint8_t>(stored[1]));
    if (kind < hash_kinds) info.checksums.values[kind] = value;
    else if (kind == transfer_kind) info.transfer_checksum = parse_transfer_checksum(value);
    stored.remove_prefix(std::min(stored.size(), 2 + value.size()));
  }
}

void bind_text(ledger::Statement& statement, int index, const std::string& text) {
  if (text.empty()) statement.bind_null(index);
  else statement.bind(index, std::string_view(text));
}

// The row's first columns, which every read of objects selects.
void read_info(const ledger::Statement& row, ObjectInfo& info) {
  info.key = text_of(row.blob(0));
  info.version = row.text(1);
  info.etag = row.text(2);
  info.size_bytes = static_cast<uint64_t>(row.integer(3));
  info.uploaded_ms = row.integer(4);
  parse_checksums(text_of(row.blob(5)), info);
  info.storage_class = static_cast<StorageClass>(row.integer(6));
  info.ssec_key_md5 = row.text(7);
  info.part_count = static_cast<uint32_t>(row.integer(8));
  info.http_metadata = row.text(9);
  info.custom_metadata = row.text(10);
}

}  // namespace

// The first key after all that start with the prefix. 0xff is in no UTF-8 text.
std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return "\xff";
  end.back() = static_cast<char>(end.back() + 1);
  return end;
}

std::string_view group_of(std::string_view key, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty() || !key.starts_with(prefix)) return {};
  auto found = key.find(delimiter, prefix.size());
  return found == std::string_view::npos ? std::string_view() : key.substr(0, found + delimiter.size());
}

std::string hex_of(BytesView octets) {
  std::string out;
  out.reserve(2 * octets.size());
  for (auto octet : octets) {
    out.push_back("0123456789abcdef"[octet >> 4]);
    out.push_back("0123456789abcdef"[octet & 15]);
  }
  return out;
}

Index::Index(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock, Random& random)
    : m_ledger(std::move(ledger)), m_clock(clock), m_random(random), m_has_tables(m_ledger->has_data()) {
  // Without it reads are only slower.
  m_ledger->database().execute("PRAGMA cache_size = -2048").ignore();
  m_has_upload_checksums = m_has_tables && has_table("upload_checksums");
}

bool Index::has_table(const char* name) {
  auto found = m_ledger->database().prepare("SELECT 1 FROM sqlite_schema WHERE name = ?");
  if (found.is_error()) return false;
  auto row = found.value().bind(1, std::string_view(name)).step();
  return row.is_ok() && row.value();
}

Result<void> Index::begin_write() {
  TRY(m_ledger->write());
  if (m_has_tables) return {};
  TRY(m_ledger->database().execute(
      "CREATE TABLE IF NOT EXISTS objects (key BLOB PRIMARY KEY, version TEXT NOT NULL, etag TEXT NOT NULL, size "
      "INTEGER "
      "NOT NULL, uploaded INTEGER NOT NULL, checksums BLOB NOT NULL, storage_class INTEGER NOT NULL, ssec_key TEXT, "
      "part_count INTEGER NOT NULL, http_metadata TEXT, custom_metadata TEXT, nonce BLOB, segments BLOB, content BLOB) "
      "WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS uploads (key BLOB, id TEXT, created INTEGER NOT NULL, storage_class INTEGER NOT "
      "NULL, "
      "ssec_key TEXT, http_metadata TEXT, custom_metadata TEXT, PRIMARY KEY (key, id)) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS parts (upload TEXT, number INTEGER, etag TEXT NOT NULL, size INTEGER NOT NULL, "
      "uploaded "
      "INTEGER NOT NULL, segment BLOB, PRIMARY KEY (upload, number)) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS blobs_to_delete (id BLOB PRIMARY KEY) WITHOUT ROWID"));
  m_has_tables = true;
  return {};
}

std::string Index::random_hex(size_t octets) {
  Bytes random(octets);
  m_random.fill(random);
  return hex_of(random);
}

// ---- Objects

Result<std::optional<ObjectInfo>> Index::head(std::string_view key) {
  if (!m_has_tables) return std::optional<ObjectInfo>();
  static const std::string sql = "SELECT " + std::string(columns) + " FROM objects WHERE key = ?";
  auto row = TRY(m_ledger->database().prepare(sql));
  row.bind(1, bytes_of(key));
  if (!TRY(row.step())) return std::optional<ObjectInfo>();
  ObjectInfo info;
  read_info(row, info);
  return std::optional(std::move(info));
}

Result<std::optional<StoredObject>> Index::find(std::string_view key) {
  if (!m_has_tables) return std::optional<StoredObject>();
  static const std::string sql =
      "SELECT " + std::string(columns) + ", nonce, segments, content FROM objects WHERE key = ?";
  auto row = TRY(m_ledger->database().prepare(sql));
  row.bind(1, bytes_of(key));
  if (!TRY(row.step())) return std::optional<StoredObject>();
  StoredObject object;
  read_info(row, object);
  auto nonce = row.blob(11);
  if (nonce.size() == object.content_nonce.size()) std::copy(nonce.begin(), nonce.end(), object.content_nonce.begin());
  auto segments = text_of(row.blob(12));
  if (segments.size() % blobs::segment_octets != 0)
    return Error::io("the index of a bucket is damaged: " + object.version);
  object.segments = blobs::parse_segments(segments);
  if (object.segments.empty()) object.content = text_of(row.blob(13));
  return std::optional(std::move(object));
}

Result<void> Index::forget(const std::vector<blobs::Segment>& segments) {
  if (segments.empty()) return {};
  auto insert = TRY(m_ledger->database().prepare("INSERT OR IGNORE INTO blobs_to_delete (id) VALUES (?)"));
  for (auto& segment : segments) {
    TRY(insert.bind(1, segment.id.view()).run());
    insert.reset();
    m_forgotten.push_back(segment.id);
  }
  return {};
}

Result<void> Index::store(const StoredObject& object) {
  static const std::string sql = "REPLACE INTO objects (" + std::string(columns) +
                                 ", nonce, segments, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  auto row = TRY(m_ledger->database().prepare(sql));
  auto checksums = stored_checksums(object.checksums, object.transfer_checksum);
  std::string segments;
  for (auto& segment : object.segments) blobs::append_stored(segments, segment);
  row.bind_all(bytes_of(object.key), std::string_view(object.version), std::string_view(object.etag),
               static_cast<int64_t>(object.size_bytes), object.uploaded_ms, bytes_of(checksums),
               static_cast<int64_t>(object.storage_class));
  bind_text(row, 8, object.ssec_key_md5);
  row.bind(9, static_cast<int64_t>(object.part_count));
  bind_text(row, 10, object.http_metadata);
  bind_text(row, 11, object.custom_metadata);
  if (object.is_inline() && !object.ssec_key_md5.empty()) row.bind(12, BytesView(object.content_nonce));
  else row.bind_null(12);
  if (segments.empty()) row.bind_null(13);
  else row.bind(13, bytes_of(segments));
  if (object.is_inline()) row.bind(14, bytes_of(object.content));
  else row.bind_null(14);
  return row.run();
}

Result<bool> Index::put(StoredObject& object, const Conditions& conditions) {
  auto current = TRY(find(object.key));
  if (!conditions.is_empty() && !conditions_hold(conditions, current ? &*current : nullptr)) return false;
  TRY(begin_write());
  if (current) TRY(forget(current->segments));
  object.version = random_hex(16);
  object.uploaded_ms = m_clock.unix_ms();
  TRY(store(object));
  return true;
}

Result<void> Index::remove(const std::vector<std::string>& keys) {
  if (!m_has_tables) return {};
  TRY(begin_write());
  for (auto& key : keys) {
    auto current = TRY(find(key));
    if (!current) continue;
    TRY(forget(current->segments));
    auto row = TRY(m_ledger->database().prepare("DELETE FROM objects WHERE key = ?"));
    TRY(row.bind(1, bytes_of(key)).run());
  }
  return {};
}

Result<void> Index::set_storage_class(const std::vector<ObjectVersion>& objects, StorageClass storage_class) {
  if (!m_has_tables) return {};
  TRY(begin_write());
  auto row = TRY(m_ledger->database().prepare("UPDATE objects SET storage_class = ? WHERE key = ? AND version = ?"));
  for (auto& object : objects) {
    row.bind_all(static_cast<int64_t>(storage_class), bytes_of(object.key), std::string_view(object.version));
    TRY(row.run());
    row.reset();
  }
  return {};
}

Result<ListPage> Index::list(const ListRequest& request) {
  ListPage page;
  if (!m_has_tables) return page;
  static const std::string sql =
      "SELECT " + std::string(columns) + " FROM objects WHERE key >= ? AND key < ? ORDER BY key";
  auto from = request.prefix;
  if (!request.cursor.empty()) {
    auto group = group_of(request.cursor, request.prefix, request.delimiter);
    from = std::max(from, group.empty() ? request.cursor + '\0' : end_of_prefix(group));
  } else if (!request.start_after.empty()) {
    from = std::max(from, request.start_after + '\0');
  }
  auto end = end_of_prefix(request.prefix);
  auto limit = std::min(request.limit, max_list_keys);
  auto rows = TRY(m_ledger->database().prepare(sql));
  rows.bind_all(bytes_of(from), bytes_of(end));
  std::string last;
  while (TRY(rows.step())) {
    if (page.objects.size() + page.prefixes.size() == limit) {
      page.cursor = last;
      break;
    }
    auto group = group_of(text_of(rows.blob(0)), request.prefix, request.delimiter);
    if (group.empty()) {
      read_info(rows, page.objects.emplace_back());
      auto& object = page.objects.back();
      if (!request.with_http_metadata) object.http_metadata.clear();
      if (!request.with_custom_metadata) object.custom_metadata.clear();
      last = object.key;
      continue;
    }
    last = group;
    page.prefixes.emplace_back(last);
    // Past all keys of the group, however many there are.
    from = end_of_prefix(last);
    rows.reset();
    rows.bind_all(bytes_of(from), bytes_of(end));
  }
  return page;
}

// ---- Blobs

Result<std::vector<blobs::BlobId>> Index::to_delete() {
  std::vector<blobs::BlobId> ids;
  if (!m_has_tables) return ids;
  auto rows = TRY(m_ledger->database().prepare("SELECT id FROM blobs_to_delete"));
  while (TRY(rows.step()))
    if (auto id = blobs::BlobId::from(rows.blob(0))) ids.push_back(*id);
  return ids;
}

Result<void> Index::deleted(const std::vector<blobs::BlobId>& ids) {
  if (ids.empty() || !m_has_tables) return {};
  TRY(begin_write());
  auto row = TRY(m_ledger->database().prepare("DELETE FROM blobs_to_delete WHERE id = ?"));
  for (auto& id : ids) {
    TRY(row.bind(1, id.view()).run());
    row.reset();
  }
  return {};
}

Result<bool> Index::blobs_in_use(std::optional<std::string>& after_key, size_t limit, std::vector<blobs::BlobId>& out) {
  if (!m_has_tables) return false;
  if (!after_key) {
    auto parts = TRY(m_ledger->database().prepare("SELECT segment FROM parts WHERE segment IS NOT NULL"));
    while (TRY(parts.step()))
      for (auto& segment : blobs::parse_segments(text_of(parts.blob(0)))) out.push_back(segment.id);
    after_key.emplace();
  }
  auto rows =
      TRY(m_ledger->database().prepare("SELECT key, segments FROM objects WHERE key >= ? ORDER BY key LIMIT ?"));
  auto from = after_key->empty() ? std::string() : *after_key + '\0';
  rows.bind_all(bytes_of(from), static_cast<int64_t>(limit));
  size_t count = 0;
  while (TRY(rows.step())) {
    ++count;
    after_key = std::string(text_of(rows.blob(0)));
    for (auto& segment : blobs::parse_segments(text_of(rows.blob(1)))) out.push_back(segment.id);
  }
  return count == limit;
}

}  // namespace adit::bindings::r2
