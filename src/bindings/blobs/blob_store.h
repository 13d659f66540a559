// Immutable blobs as files of one folder, for values too large for a ledger: R2 objects and parts, long KV values. The ledger of the owner
// (a bucket, a namespace) says which blobs exist; this says where they lie and lets none be lost or left behind:
//
//     write   FOLDER/incoming/ID, synced when BlobWriter::finish() returns; only then may the ledger name it
//     settle  once the ledger has it durably: renamed to FOLDER/XX/ID in the background
//     remove  once the ledger has durably forgotten it: deleted in the background, when nobody reads it any more
//     start   what lies in incoming/ from an earlier process is asked for in the ledger and then settled or removed
//
// So starting costs a look at what was unfinished, not at everything. The ledger keeps the ids to remove in a table of its own, written in
// the transaction that forgets them, until take_removed() names them.
// Owner: any thread; the object is shared by all shards. Its files' names change on one thread of its own.
// Invariant: a file never changes after finish(); an id is never used twice.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function.h"
#include "base/result.h"
#include "ledger/disk.h"

namespace adit::bindings::blobs {

// 8 octets of the process that made it, 8 that count.
struct BlobId {
  std::array<uint8_t, 16> octets{};
  bool operator==(const BlobId&) const = default;
  BytesView view() const { return octets; }
  std::string text() const;  // 32 hex digits
  static std::optional<BlobId> parse(std::string_view text);
  static std::optional<BlobId> from(BytesView octets);
};

struct BlobIdHash {
  size_t operator()(const BlobId& id) const noexcept {
    size_t value = 0;
    std::memcpy(&value, id.octets.data() + 8, sizeof value);
    return value * 0x9e3779b97f4a7c15 ^ id.octets[0];
  }
};

class BlobStore;

// A blob being written, by one thread at a time; blocks. Destroying it before finish() deletes what was written.
class BlobWriter {
 public:
  ~BlobWriter();
  BlobWriter(const BlobWriter&) = delete;
  BlobWriter& operator=(const BlobWriter&) = delete;
  const BlobId& id() const { return m_id; }
  uint64_t size_bytes() const { return m_size_bytes; }
  Result<void> write(BytesView data);
  // Everything is on disk, name and all.
  Result<void> finish();

 private:
  friend class BlobStore;
  BlobWriter(std::shared_ptr<BlobStore> store, const BlobId& id, std::unique_ptr<ledger::DiskFile> file)
      : m_store(std::move(store)), m_id(id), m_file(std::move(file)) {}
  std::shared_ptr<BlobStore> m_store;
  BlobId m_id;
  std::unique_ptr<ledger::DiskFile> m_file;
  uint64_t m_size_bytes = 0;
};

// Syncs of one folder: those who ask while one is under way share the next. Used by any thread.
class SharedSync {
 public:
  // Blocks until a sync that began after this call has ended.
  Result<void> sync(ledger::Disk& disk, const std::string& folder);

 private:
  std::mutex m_mutex;
  std::condition_variable m_ended;
  uint64_t m_asked = 0;   // calls so far
  uint64_t m_synced = 0;  // of them, those whose sync has ended well
  bool m_is_syncing = false;
};

// While it lives, the blobs it names can be opened even if they are removed meanwhile.
class BlobPin {
 public:
  BlobPin(std::shared_ptr<BlobStore> store, std::vector<BlobId> ids)
      : m_store(std::move(store)), m_ids(std::move(ids)) {}
  ~BlobPin();
  BlobPin(const BlobPin&) = delete;
  BlobPin& operator=(const BlobPin&) = delete;

 private:
  std::shared_ptr<BlobStore> m_store;
  std::vector<BlobId> m_ids;
};

class BlobStore final : public std::enable_shared_from_this<BlobStore> {
 public:
  // Makes nothing on disk before the first write.
  static std::shared_ptr<BlobStore> create(ledger::Disk& disk, std::string folder, Random& random);
  // Does what is left to do with names.
  ~BlobStore();

  // Blocks.
  Result<std::unique_ptr<BlobWriter>> begin();
  // Blocks, mostly for microseconds. Files opened lately are kept open.
  Result<std::shared_ptr<const ledger::DiskFile>> open(const BlobId& id);

  std::shared_ptr<BlobPin> pin(std::vector<BlobId> ids);
  void settle(std::vector<BlobId> ids);
  void remove(std::vector<BlobId> ids);
  // Ids whose files are gone, since the last call.
  std::vector<BlobId> take_removed();
  // Of earlier processes. Blocks.
  Result<std::vector<BlobId>> unfinished();
  // Waits until nothing is left to do with names. For a test, and before the ledger closes.
  void wait_until_idle();

 private:
  friend class BlobWriter;
  friend class BlobPin;
  using Task = Function<void()>;
  static constexpr size_t open_files_kept = 64;

  BlobStore(ledger::Disk& disk, std::string folder, Random& random);
  std::string incoming_folder() const { return m_folder + "/incoming"; }
  std::string incoming_path(const BlobId& id) const { return incoming_folder() + "/" + id.text(); }
  std::string settled_folder(const BlobId& id) const;
  std::string settled_path(const BlobId& id) const { return settled_folder(id) + "/" + id.text(); }
  Result<void> make_folders();
  void unpin(const std::vector<BlobId>& ids);
  void remove_unpinned(std::unique_lock<std::mutex>& lock, std::vector<BlobId> ids);
  void in_background(std::unique_lock<std::mutex>& lock, Task task);
  void run_background();
  void settle_now(const BlobId& id);
  void remove_now(const std::vector<BlobId>& ids);
  void remove_all_now();

  ledger::Disk& m_disk;
  std::string m_folder;
  std::array<uint8_t, 8> m_process{};
  SharedSync m_incoming_sync;
  std::mutex m_mutex;  // guards all below
  uint64_t m_count = 0;
  bool m_has_folders = false;
  std::unordered_map<BlobId, uint32_t, BlobIdHash> m_pins;
  std::unordered_set<BlobId, BlobIdHash> m_doomed;  // to be removed with their last pin
  std::vector<BlobId> m_to_remove;                  // by the task that is queued, if there are any
  std::vector<BlobId> m_removed;
  std::deque<std::pair<BlobId, std::shared_ptr<const ledger::DiskFile>>> m_open;  // used last at the back
  std::deque<Task> m_tasks;
  bool m_is_stopping = false;
  bool m_is_working = false;
  std::condition_variable m_wake;
  std::condition_variable m_idle;
  std::thread m_thread;  // started with the first task
};

}  // namespace adit::bindings::blobs
