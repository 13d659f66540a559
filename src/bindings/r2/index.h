// The index of one bucket in its ledger: objects (small ones with their content), uploads and their parts, and the blobs that are to be
// deleted. What a write forgets goes to the list of blobs to delete in the same transaction, so no crash leaves a blob behind.
// Owner: the bucket's shard. Lifecycle: made over an open ledger, gone before the ledger's store; useless once the ledger is broken.
// Invariant: every blob named here is on disk, whole. Nothing is written before the first put.
//
// Keys are blobs, so that their order is that of octets. A row begins with what a list wants; segments and content come last.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "bindings/r2/bucket.h"
#include "ledger/ledger.h"

namespace adit::bindings::r2 {

struct StoredUpload {
  UploadInfo info;
  std::string http_metadata;
  std::string custom_metadata;
  std::string ssec_key_md5;  // hex
};

struct StoredPart {
  PartInfo info;
  std::optional<blobs::Segment> segment;  // none: the part is empty
};

class Index {
 public:
  Index(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock, Random& random);

  ledger::Ledger& ledger() { return *m_ledger; }

  Result<std::optional<ObjectInfo>> head(std::string_view key);
  Result<std::optional<StoredObject>> find(std::string_view key);
  // Gives the object version and time. False: the conditions do not hold, and nothing changed.
  Result<bool> put(StoredObject& object, const Conditions& conditions);
  Result<void> remove(const std::vector<std::string>& keys);
  Result<ListPage> list(const ListRequest& request);
  Result<void> set_storage_class(const std::vector<ObjectVersion>& objects, StorageClass storage_class);

  Result<StoredUpload> create_upload(std::string key, ObjectOptions options);
  Result<std::optional<StoredUpload>> find_upload(std::string_view key, std::string_view upload_id);
  Result<void> put_part(std::string_view key, std::string_view upload_id, StoredPart& part);
  Result<StoredObject> complete_upload(std::string_view key, std::string_view upload_id, const Completion& completion);
  // False: there was none.
  Result<bool> abort_upload(std::string_view key, std::string_view upload_id);
  Result<UploadPage> list_uploads(const ListUploadsRequest& request);
  Result<PartPage> list_parts(std::string_view key, std::string_view upload_id, uint32_t after, size_t limit);
  // Aborts uploads that were begun too long ago, at most `limit`; says how many.
  Result<size_t> sweep_uploads(size_t limit);

  // The blobs that writes have forgotten since the last call: to be deleted once this is durable.
  std::vector<blobs::BlobId> take_forgotten() { return std::exchange(m_forgotten, {}); }
  // All that are still to be deleted.
  Result<std::vector<blobs::BlobId>> to_delete();
  // They have been.
  Result<void> deleted(const std::vector<blobs::BlobId>& ids);
  // Blobs in use, of `limit` objects after a key (nullopt: of all parts of uploads, then of the first objects); moves the key on, and says
  // false when these were the last.
  Result<bool> blobs_in_use(std::optional<std::string>& after_key, size_t limit, std::vector<blobs::BlobId>& out);

 private:
  Result<void> begin_write();
  Result<void> forget(const std::vector<blobs::Segment>& segments);
  Result<void> store(const StoredObject& object);
  Result<std::vector<StoredPart>> parts_of(std::string_view upload_id);
  // The transfer checksum of an upload's part; of number 0, the name that was agreed on.
  Result<std::string> upload_checksum(std::string_view upload_id, uint32_t number);
  Result<void> put_upload_checksum(std::string_view upload_id, uint32_t number, const std::string& checksum);
  bool has_table(const char* name);
  // With its parts.
  Result<void> end_upload(std::string_view key, std::string_view upload_id);
  Result<void> drop_upload(std::string_view key, std::string_view upload_id);
  std::string random_hex(size_t octets);

  std::shared_ptr<ledger::Ledger> m_ledger;
  const Clock& m_clock;
  Random& m_random;
  bool m_has_tables;
  bool m_has_upload_checksums = false;
  std::vector<blobs::BlobId> m_forgotten;
};

// The first key after all that start with the prefix.
std::string end_of_prefix(std::string_view prefix);
// The part of the key up to and with the first delimiter behind the prefix, which it shares with others; empty: none.
std::string_view group_of(std::string_view key, std::string_view prefix, std::string_view delimiter);

// Lower-case hex digits.
std::string hex_of(BytesView octets);

}  // namespace adit::bindings::r2
