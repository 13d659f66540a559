// Index: multipart uploads.
#include <algorithm>
#include <set>

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

void read_upload(const ledger::Statement& row, StoredUpload& upload) {
  upload.info = {std::string(text_of(row.blob(0))), std::string(row.text(1)), row.integer(2),
                 static_cast<StorageClass>(row.integer(3))};
  upload.ssec_key_md5 = row.text(4);
  upload.http_metadata = row.text(5);
  upload.custom_metadata = row.text(6);
}

}  // namespace

Result<StoredUpload> Index::create_upload(std::string key, ObjectOptions options) {
  TRY(begin_write());
  StoredUpload upload;
  upload.info = {std::move(key), random_hex(32), m_clock.unix_ms(), options.storage_class};
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
  return upload;
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
  return std::optional(std::move(upload));
}

Result<std::vector<StoredPart>> Index::parts_of(std::string_view upload_id) {
  std::vector<StoredPart> parts;
  auto rows = TRY(m_ledger->database().prepare(
      "SELECT number, etag, size, uploaded, segment FROM parts WHERE upload = ? ORDER BY number"));
  rows.bind(1, upload_id);
  while (TRY(rows.step())) {
    StoredPart part{{static_cast<uint32_t>(rows.integer(0)), std::string(rows.text(1)),
                     static_cast<uint64_t>(rows.integer(2)), rows.integer(3)},
                    std::nullopt};
    if (auto segments = blobs::parse_segments(text_of(rows.blob(4))); !segments.empty()) part.segment = segments[0];
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
  return row.run();
}

Result<StoredObject> Index::complete_upload(std::string_view key, std::string_view upload_id,
                                            const std::vector<PartName>& names) {
  auto upload = TRY(find_upload(key, upload_id));
  if (!upload) return failure(Code::no_such_upload);
  auto parts = TRY(parts_of(upload_id));
  std::set<uint32_t> seen;
  StoredObject object;
  Bytes digests;
  uint64_t first_bytes = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    auto part = std::lower_bound(parts.begin(), parts.end(), names[i].number,
                                 [](auto& one, uint32_t number) { return one.info.number < number; });
    if (part == parts.end() || part->info.number != names[i].number || part->info.etag != names[i].etag)
      return failure(Code::invalid_part);
    if (!seen.insert(names[i].number).second) return failure(Code::internal_error);
    if (i == 0) first_bytes = part->info.size_bytes;
    object.size_bytes += part->info.size_bytes;
    if (part->segment) object.segments.push_back(*part->segment);
    auto digest = octets_of_hex(part->info.etag).value_or(Bytes());
    digests.insert(digests.end(), digest.begin(), digest.end());
    // The last may be of any size up to that of the others.
    bool is_last = i + 1 == names.size();
    if (!is_last && part->info.size_bytes < min_part_bytes) return failure(Code::entity_too_small);
    if (is_last ? part->info.size_bytes > first_bytes : part->info.size_bytes != first_bytes)
      return failure(Code::bad_upload);
  }
  if (object.size_bytes > max_object_bytes) return failure(Code::entity_too_large);
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
  auto upload = TRY(m_ledger->database().prepare("DELETE FROM uploads WHERE key = ? AND id = ?"));
  return upload.bind_all(bytes_of(key), upload_id).run();
}

Result<bool> Index::abort_upload(std::string_view key, std::string_view upload_id) {
  if (!TRY(find_upload(key, upload_id))) return false;
  TRY(begin_write());
  std::vector<blobs::Segment> segments;
  for (auto& part : TRY(parts_of(upload_id)))
    if (part.segment) segments.push_back(*part.segment);
  TRY(forget(segments));
  TRY(drop_upload(key, upload_id));
  return true;
}

Result<UploadPage> Index::list_uploads(const ListUploadsRequest& request) {
  UploadPage page;
  if (!m_has_tables) return page;
  auto rows =
      TRY(m_ledger->database().prepare("SELECT key, id, created, storage_class, ssec_key, http_metadata, "
                                       "custom_metadata FROM uploads WHERE (key, id) > (?, "
                                       "?) ORDER BY key, id"));
  // No id is as high as this one.
  std::string after_id = request.after_upload_id.empty() && !request.after_key.empty() ? "~" : request.after_upload_id;
  auto after_key = request.after_key;
  if (after_key < request.prefix) {
    after_key = request.prefix;
    after_id.clear();
  }
  rows.bind_all(bytes_of(after_key), std::string_view(after_id));
  while (TRY(rows.step())) {
    StoredUpload upload;
    read_upload(rows, upload);
    if (!upload.info.key.starts_with(request.prefix)) break;
    if (page.uploads.size() == request.limit) {
      page.is_truncated = true;
      break;
    }
    page.uploads.push_back(std::move(upload.info));
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

Result<void> Index::sweep_uploads(size_t limit) {
  if (!m_has_tables) return {};
  std::vector<UploadInfo> old;
  {
    auto rows = TRY(m_ledger->database().prepare("SELECT key, id FROM uploads WHERE created < ? LIMIT ?"));
    rows.bind_all(m_clock.unix_ms() - upload_life_ms, static_cast<int64_t>(limit));
    while (TRY(rows.step()))
      old.push_back({std::string(text_of(rows.blob(0))), std::string(rows.text(1)), 0, StorageClass::standard});
  }
  for (auto& upload : old) TRY(abort_upload(upload.key, upload.upload_id));
  return {};
}

}  // namespace adit::bindings::r2
