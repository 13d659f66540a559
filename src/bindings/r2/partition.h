// One bucket on the shard that owns it: its index, and what of it waits for the log.
// Owner: the bucket's shard. Lifecycle: as long as its ledger works; a broken one is replaced by a new partition over the reopened ledger.
// Invariant: what is not durable yet is told to nobody; a blob is settled or deleted only after the index durably says so.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/r2/index.h"

namespace adit::bindings::r2 {

// An object's content as it travels to the reader's shard.
struct Found {
  std::shared_ptr<StoredObject> object;
  std::shared_ptr<blobs::BlobPin> pin;  // of its segments
};

class Partition final : public std::enable_shared_from_this<Partition> {
 public:
  Partition(std::shared_ptr<ledger::Ledger> ledger, std::shared_ptr<blobs::BlobStore> blobs, const Clock& clock,
            Random& random)
      : m_index(std::move(ledger), clock, random), m_blobs(std::move(blobs)) {}

  bool is_broken() { return m_index.ledger().is_broken(); }
  // Deletes the blobs that an earlier process left to be deleted, and takes up its unfinished ones. `post` runs a task later on this shard.
  Result<void> recover(Function<void(Function<void()>)> post,
                       Function<void(Function<void()>, Function<void()>)> blocking);

  void head(const std::string& key, Callback<std::optional<ObjectInfo>> done);
  // Null: no such object. Without content where the conditions do not hold.
  void get(const std::string& key, const Conditions& conditions, Callback<std::optional<Found>> done);
  void put(StoredObject object, const Conditions& conditions, Callback<std::optional<ObjectInfo>> done);
  void remove(const std::vector<std::string>& keys, Callback<void> done);
  void list(const ListRequest& request, Callback<ListPage> done);
  void set_storage_class(const std::vector<ObjectVersion>& objects, StorageClass storage_class, Callback<void> done);

  void create_upload(std::string key, ObjectOptions options, Callback<UploadInfo> done);
  void find_upload(const std::string& key, const std::string& upload_id, Callback<StoredUpload> done);
  void put_part(const std::string& key, const std::string& upload_id, StoredPart part, Callback<PartInfo> done);
  void complete_upload(const std::string& key, const std::string& upload_id, const Completion& completion,
                       Callback<ObjectInfo> done);
  void abort_upload(const std::string& key, const std::string& upload_id, Callback<bool> done);
  void list_uploads(const ListUploadsRequest& request, Callback<UploadPage> done);
  void list_parts(const std::string& key, const std::string& upload_id, uint32_t after, size_t limit,
                  Callback<PartPage> done);
  // Ends uploads that were begun too long ago, some at a time.
  void sweep();

 private:
  bool is_in_flight(const std::string& key) const { return !m_in_flight.empty() && m_in_flight.contains(key); }
  // Answers now, or when all that was written so far is durable.
  template <typename T>
  void answer(bool must_wait, T value, Callback<T> done);
  // After a write: answers when it is durable, and then settles the new blobs and deletes the forgotten ones.
  template <typename T>
  void written(std::vector<std::string> keys, std::vector<blobs::Segment> made, T value, Callback<T> done);
  void forget_deleted();
  void recover_slice(std::shared_ptr<struct Recovery> recovery);

  Index m_index;
  std::shared_ptr<blobs::BlobStore> m_blobs;
  std::unordered_map<std::string, size_t> m_in_flight;  // writes per key
  size_t m_writes_in_flight = 0;
};

}  // namespace adit::bindings::r2
