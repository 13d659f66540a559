// The store behind the Cache API: one file per response in the state directory, bounded in size, the least recently used goes first.
//
//     FOLDER/XX/NAME.SIZE   NAME is a hash of the key, SIZE the file's octets in hex: listing the names is all that starting costs
//     FOLDER/incoming/N     being written; renamed when whole, deleted at the next start when not
//
// Nothing is synced: a cache may lose anything, but a file that a crash tore is not taken for a response (its length is in its name).
// Owner: any thread; all shards share one. Its calls block and belong on the blocking pool.
// Invariant: a file never changes once it has its name; a reader that has it open reads it to the end whatever happens to the name.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ledger/disk.h"

namespace adit::bindings::cache {

// When a response was stored and until when it may be used; Unix time.
struct Lifetime {
  int64_t stored_ms = 0;
  int64_t expires_ms = 0;
};

struct Entry {
  std::shared_ptr<const ledger::DiskFile> file;
  std::string head;  // what was stored with the body, as the caller wrote it
  Lifetime lifetime;
  uint64_t body_offset = 0;
  uint64_t body_bytes = 0;
};

struct Limits {
  uint64_t total_bytes = uint64_t{1} << 30;
  uint64_t entry_bytes = uint64_t{512} << 20;  // as Workers document
};

class Store;

// A response being written, by one thread at a time. Destroying it before finish() deletes what was written.
class Writer {
 public:
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  Result<void> append(BytesView data);
  // From here on find() finds it.
  Result<void> finish();

 private:
  friend class Store;
  Writer(std::shared_ptr<Store> store, std::string path, std::string key, std::unique_ptr<ledger::DiskFile> file);

  std::shared_ptr<Store> m_store;
  std::string m_path;
  std::string m_key;
  std::unique_ptr<ledger::DiskFile> m_file;
  uint64_t m_size_bytes = 0;
  bool m_finished = false;
};

class Store : public std::enable_shared_from_this<Store> {
 public:
  // The folder need not exist. `disk` outlives the store.
  static std::shared_ptr<Store> create(ledger::Disk& disk, std::string folder, Limits limits);

  // Nothing when there is none, or none that may still be used.
  Result<std::optional<Entry>> find(const std::string& key, int64_t now_ms);
  Result<std::unique_ptr<Writer>> write(const std::string& key, const std::string& head, Lifetime lifetime);
  // Whether there was one that could be used.
  Result<bool> remove(const std::string& key, int64_t now_ms);

  uint64_t size_bytes() const;

 private:
  friend class Writer;
  struct Known {
    uint64_t size_bytes;
    std::list<std::string>::iterator age;
  };
  Store(ledger::Disk& disk, std::string folder, Limits limits);
  Result<void> start();
  Result<void> load_folder(const std::string& folder);
  Result<void> accept(Writer& writer);
  std::string path_of(const std::string& name, uint64_t size_bytes) const;
  // Both with the lock held; the caller deletes the file.
  std::string forget(const std::string& name);
  std::vector<std::string> make_room();

  ledger::Disk& m_disk;
  const std::string m_folder;
  const Limits m_limits;
  mutable std::mutex m_mutex;  // guards what is below
  bool m_started = false;
  uint64_t m_incoming = 0;
  uint64_t m_size_bytes = 0;
  std::unordered_map<std::string, Known> m_known;
  std::list<std::string> m_ages;  // names, the least recently used first
};

}  // namespace adit::bindings::cache
