// Index: multipart uploads.
#include <algorithm>
#include <set>

#include "bindings/r2/checksum.h"
#include "bindings/r2/index.h"
#include "web/digest.h"

namespace adit::bindings::r2 {
namespace {

void bind_text(ledger::Statement& statement, int index, const std::string& text) {
  if (text.empty()) statement.bind_null(index);
  else statement.bind(index, std::string_view(text));
}

std::optional<Bytes> octets_of_hex(std::string_view hex) {
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes octets;
  for (size_t i = 0; i < hex.size(); i += 2) {
    int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    octets.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return octets;
}

bool is_same(const TransferChecksum& one, const TransferChecksum& other) {
  return one.name == other.name && one.value == other.value;
}

TransferChecksum checksum_of_parts(const std::string& name, const std::vector<Checksum::OfPart>& parts) {
  auto value = Checksum::of_parts(name, parts);
  return value.empty() ? TransferChecksum() : TransferChecksum{name, std::move(value)};
}

void read_upload(const ledger::Statement& row, StoredUpload& upload) {
  upload.info = {std::string(text_of(row.blob(0))), std::string(row.text(1)), row.integer(2),
                 static_cast<StorageClass>(row.integer(3)), ""};
  upload.ssec_key_md5 = row.text(4);
  upload.http_metadata = row.text(5);
  upload.custom_metadata = row.text(6);
}

}  // namespace

Result<StoredUpload> Index::create_upload(std::string key, ObjectOptions options) {
  TRY(begin_write());
  StoredUpload upload;
  upload.info = {std::move(key), random_hex(32), m_clock.unix_ms(), options.storage_class, options.checksum_name};
  upload.http_metadata = std::move(options.http_metadata);
  upload.custom_metadata = std::move(options.custom_metadata);
  if (options.ssec_key) upload.ssec_key_md5 = hex_of(TRY(web::digest("MD5", *options.ssec_key)));
  auto row =
      TRY(m_ledger->database().prepare("INSERT INTO uploads (key, id, created, storage_class, ssec_key, http_metadata, "
                                       "custom_metadata) VALUES (?, ?, ?, "
                                       "?, ?, ?, ?)"));
  row.bind_all(bytes_of(upload.info.key), std::string_view(upload.info.upload_id), upload.info.created_ms,
               static_cast<int64_t>(upload.info.storage_class));
  bind_text(row, 5, upload.ssec_key_md5);
  bind_text(row, 6, upload.http_metadata);
  bind_text(row, 7, upload.custom_metadata);
  TRY(row.run());
  if (!options.checksum_name.empty()) TRY(put_upload_checksum(upload.info.upload_id, 0, options.checksum_name));
  return upload;
}

Result<std::string> Index::upload_checksum(std::string_view upload_id, uint32_t number) {
  if (!m_has_upload_checksums) return std::string();
  auto row = TRY(m_ledger->database().prepare("SELECT checksum FROM upload_checksums WHERE upload = ? AND number = ?"));
  row.bind_all(upload_id, static_cast<int64_t>(number));
  if (!TRY(row.step())) return std::string();
  return std::string(row.text(0));
}

Result<void> Index::put_upload_checksum(std::string_view upload_id, uint32_t number, const std::string& checksum) {
  if (!m_has_upload_checksums) {
    if (checksum.empty()) return {};
    TRY(m_ledger->database().execute(
        "CREATE TABLE IF NOT EXISTS upload_checksums (upload TEXT, number INTEGER, checksum TEXT NOT NULL, PRIMARY KEY "
        "(upload, number)) WITHOUT ROWID"));
    m_has_upload_checksums = true;
  }
  auto row =
      TRY(m_ledger->database().prepare("REPLACE INTO upload_checksums (upload, number, checksum) VALUES (?, ?, ?)"));
  return row.bind_all(upload_id, static_cast<int64_t>(number), std::string_view(checksum)).run();
}

Result<std::optional<StoredUpload>> Index::find_upload(std::string_view key, std::string_view upload_id) {
  if (!m_has_tables) return std::optional<StoredUpload>();
  auto row =
      TRY(m_ledger->database().prepare("SELECT key, id, created, storage_class, ssec_key, http_metadata, "
                                       "custom_metadata FROM uploads WHERE key = ? AND id "
                                       "= ?"));
  row.bind_all(bytes_of(key), upload_id);
  if (!TRY(row.step())) return std::optional<StoredUpload>();
  StoredUpload upload;
  read_upload(row, upload);
  // It has ended, whether it has been swept yet or not.
  if (upload.info.created_ms < m_clock.unix_ms() - upload_life_ms) return std::optional<StoredUpload>();
  upload.info.checksum_name = TRY(upload_checksum(upload_id, 0));
  return std::optional(std::move(upload));
}

Result<std::vector<StoredPart>> Index::parts_of(std::string_view upload_id) {
  std::vector<StoredPart> parts;
  auto rows = TRY(m_ledger->database().prepare(
      "SELECT number, etag, size, uploaded, segment FROM parts WHERE upload = ? ORDER BY number"));
  rows.bind(1, upload_id);
  while (TRY(rows.step())) {
    StoredPart part{{static_cast<uint32_t>(rows.integer(0)),
                     std::string(rows.text(1)),
                     static_cast<uint64_t>(rows.integer(2)),
                     rows.integer(3),
                     {}},
                    std::nullopt};
    if (auto segments = blobs::parse_segments(text_of(rows.blob(4))); !segments.empty()) part.segment = segments[0];
    part.info.checksum = parse_transfer_checksum(TRY(upload_checksum(upload_id, part.info.number)));
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<void> Index::put_part(std::string_view key, std::string_view upload_id, StoredPart& part) {
  if (!TRY(find_upload(key, upload_id))) return failure(Code::no_such_upload);
  TRY(begin_write());
  auto old = TRY(m_ledger->database().prepare("SELECT segment FROM parts WHERE upload = ? AND number = ?"));
  old.bind_all(upload_id, static_cast<int64_t>(part.info.number));
  if (TRY(old.step())) TRY(forget(blobs::parse_segments(text_of(old.blob(0)))));
  old.reset();
  part.info.uploaded_ms = m_clock.unix_ms();
  std::string segment;
  if (part.segment) blobs::append_stored(segment, *part.segment);
  auto row = TRY(m_ledger->database().prepare(
      "REPLACE INTO parts (upload, number, etag, size, uploaded, segment) VALUES (?, ?, ?, ?, ?, ?)"));
  row.bind_all(upload_id, static_cast<int64_t>(part.info.number), std::string_view(part.info.etag),
               static_cast<int64_t>(part.info.size_bytes), part.info.uploaded_ms);
  if (segment.empty()) row.bind_null(6);
  else row.bind(6, bytes_of(segment));
  TRY(row.run());
  auto& checksum = part.info.checksum;
  return put_upload_checksum(upload_id, part.info.number,
                             checksum.name.empty() ? "" : checksum.name + ":" + checksum.value);
}

Result<StoredObject> Index::complete_upload(std::string_view key, std::string_view upload_id,
                                            const Completion& completion) {
  const auto& names = completion.parts;
  auto upload = TRY(find_upload(key, upload_id));
  if (!upload) return failure(Code::no_such_upload);
  auto parts = TRY(parts_of(upload_id));
  std::set<uint32_t> seen;
  StoredObject object;
  Bytes digests;
  uint64_t first_bytes = 0;
  std::vector<Checksum::OfPart> checksums;
  for (size_t i = 0; i < names.size(); ++i) {
    auto part = std::lower_bound(parts.begin(), parts.end(), names[i].number,
                                 [](auto& one, uint32_t number) { return one.info.number < number; });
    if (part == parts.end() || part->info.number != names[i].number || part->info.etag != names[i].etag)
      return failure(Code::invalid_part);
    if (!names[i].checksum.name.empty() && !is_same(names[i].checksum, part->info.checksum))
      return failure(Code::invalid_part);
    if (!seen.insert(names[i].number).second) return failure(Code::internal_error);
    if (i == 0) first_bytes = part->info.size_bytes;
    object.size_bytes += part->info.size_bytes;
    if (part->segment) object.segments.push_back(*part->segment);
    auto digest = octets_of_hex(part->info.etag).value_or(Bytes());
    digests.insert(digests.end(), digest.begin(), digest.end());
    bool is_agreed = part->info.checksum.name == upload->info.checksum_name;
    checksums.push_back({is_agreed ? part->info.checksum.value : "", part->info.size_bytes});
    // The last may be of any size up to that of the others.
    bool is_last = i + 1 == names.size();
    if (!is_last && part->info.size_bytes < min_part_bytes) return failure(Code::entity_too_small);
    if (is_last ? part->info.size_bytes > first_bytes : part->info.size_bytes != first_bytes)
      return failure(Code::bad_upload);
  }
  if (object.size_bytes > max_object_bytes) return failure(Code::entity_too_large);
  if (completion.size_bytes && *completion.size_bytes != object.size_bytes) return failure(Code::bad_upload);
  object.transfer_checksum = checksum_of_parts(upload->info.checksum_name, checksums);
  if (!completion.checksum.name.empty() && !is_same(completion.checksum, object.transfer_checksum))
    return failure(Code::bad_digest);
  object.key = key;
  object.etag = hex_of(TRY(web::digest("MD5", digests))) + "-" + std::to_string(names.size());
  object.part_count = static_cast<uint32_t>(names.size());
  object.http_metadata = std::move(upload->http_metadata);
  object.custom_metadata = std::move(upload->custom_metadata);
  object.storage_class = upload->info.storage_class;
  object.ssec_key_md5 = std::move(upload->ssec_key_md5);
  // Parts that are not named are forgotten; what is in the object now is not.
  std::vector<blobs::Segment> unused;
  for (auto& part : parts)
    if (part.segment && !seen.contains(part.info.number)) unused.push_back(*part.segment);
  TRY(begin_write());
  TRY(forget(unused));
  TRY(drop_upload(key, upload_id));
  if (!TRY(put(object, {}))) return failure(Code::internal_error);
  return object;
}

Result<void> Index::drop_upload(std::string_view key, std::string_view upload_id) {
  auto parts = TRY(m_ledger->database().prepare("DELETE FROM parts WHERE upload = ?"));
  TRY(parts.bind(1, upload_id).run());
  if (m_has_upload_checksums) {
    auto checksums = TRY(m_ledger->database().prepare("DELETE FROM upload_checksums WHERE upload = ?"));
    TRY(checksums.bind(1, upload_id).run());
  }
  auto upload = TRY(m_ledger->database().prepare("DELETE FROM uploads WHERE key = ? AND id = ?"));
  return upload.bind_all(bytes_of(key), upload_id).run();
}

Result<bool> Index::abort_upload(std::string_view key, std::string_view upload_id) {
  if (!TRY(find_upload(key, upload_id))) return false;
  TRY(end_upload(key, upload_id));
  return true;
}

Result<void> Index::end_upload(std::string_view key, std::string_view upload_id) {
  TRY(begin_write());
  std::vector<blobs::Segment> segments;
  for (auto& part : TRY(parts_of(upload_id)))
    if (part.segment) segments.push_back(*part.segment);
  TRY(forget(segments));
  return drop_upload(key, upload_id);
}

Result<UploadPage> Index::list_uploads(const ListUploadsRequest& request) {
  UploadPage page;
  if (!m_has_tables) return page;
  auto rows = TRY(
      m_ledger->database().prepare("SELECT key, id, created, storage_class, ssec_key, http_metadata, "
                                   "custom_metadata FROM uploads WHERE (key, id) > (?, ?) AND created >= ? ORDER BY "
                                   "key, id"));
  auto ended_before = m_clock.unix_ms() - upload_life_ms;
  // No id is as high as this one.
  std::string after_id = request.after_upload_id.empty() && !request.after_key.empty() ? "~" : request.after_upload_id;
  auto after_key = request.after_key;
  if (auto group = group_of(after_key, request.prefix, request.delimiter); !group.empty()) {
    after_key = end_of_prefix(group);
    after_id.clear();
  }
  if (after_key < request.prefix) {
    after_key = request.prefix;
    after_id.clear();
  }
  rows.bind_all(bytes_of(after_key), std::string_view(after_id), ended_before);
  while (TRY(rows.step())) {
    StoredUpload upload;
    read_upload(rows, upload);
    if (!upload.info.key.starts_with(request.prefix)) break;
    if (page.uploads.size() + page.prefixes.size() == request.limit) {
      page.is_truncated = true;
      break;
    }
    auto group = group_of(upload.info.key, request.prefix, request.delimiter);
    if (group.empty()) {
      page.last_key = upload.info.key;
      page.last_upload_id = upload.info.upload_id;
      upload.info.checksum_name = TRY(upload_checksum(upload.info.upload_id, 0));
      page.uploads.push_back(std::move(upload.info));
      continue;
    }
    page.last_key = group;
    page.last_upload_id.clear();
    page.prefixes.emplace_back(group);
    // Past all keys of the group, however many there are.
    after_key = end_of_prefix(group);
    rows.reset();
    rows.bind_all(bytes_of(after_key), std::string_view(""), ended_before);
  }
  return page;
}

Result<PartPage> Index::list_parts(std::string_view key, std::string_view upload_id, uint32_t after, size_t limit) {
  auto upload = TRY(find_upload(key, upload_id));
  if (!upload) return failure(Code::no_such_upload);
  PartPage page{std::move(upload->info), {}, false};
  for (auto& part : TRY(parts_of(upload_id))) {
    if (part.info.number <= after) continue;
    if (page.parts.size() == limit) {
      page.is_truncated = true;
      break;
    }
    page.parts.push_back(std::move(part.info));
  }
  return page;
}

Result<size_t> Index::sweep_uploads(size_t limit) {
  if (!m_has_tables) return 0;
  std::vector<std::pair<std::string, std::string>> old;
  {
    auto rows = TRY(m_ledger->database().prepare("SELECT key, id FROM uploads WHERE created < ? LIMIT ?"));
    rows.bind_all(m_clock.unix_ms() - upload_life_ms, static_cast<int64_t>(limit));
    while (TRY(rows.step())) old.emplace_back(text_of(rows.blob(0)), rows.text(1));
  }
  for (auto& [key, id] : old) TRY(end_upload(key, id));
  return old.size();
}

}  // namespace adit::bindings::r2
