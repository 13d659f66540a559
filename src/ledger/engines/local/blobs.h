// Blobs as files, FOLDER/XX/encoded-key, XX from the key's hash. A put writes a temporary file, syncs and renames it: whole or absent.
// Owner: the engine; its methods run on the files' background thread. Invariant: an acknowledged put survives power loss.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "ledger/disk.h"
#include "ledger/engine.h"

namespace adit::ledger::local {

class Blobs {
 public:
  Blobs(Disk& disk, std::string folder, size_t shard) : m_disk(disk), m_folder(std::move(folder)), m_shard(shard) {}

  Result<void> put(const std::string& key, BytesView data);
  Result<Bytes> get(const std::string& key, BlobRange range) const;
  Result<void> remove(const std::string& key);
  Result<std::vector<BlobInfo>> list(const std::string& prefix, const std::string& after, size_t limit) const;

 private:
  struct Place {
    std::string folder;
    std::string path;
  };
  Result<Place> place_of(const std::string& key) const;

  Disk& m_disk;
  std::string m_folder;
  size_t m_shard;  // shards share the folder; temporary names must differ
  uint64_t m_puts = 0;
};

}  // namespace adit::ledger::local
