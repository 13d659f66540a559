// The disk as the ledger sees it, so that the simulator can fake one that tears and loses writes, returns EIO and runs full.
// Owner: Disk is stateless and may be used by any thread; a DiskFile by one writer at a time (positional reads may run beside it).
// Invariant: nothing is durable before sync() of the file and, for a new, renamed or removed name, sync_directory() said so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::ledger {

enum class OpenMode { read, read_write, create, create_new };

class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // Reads up to out.size() bytes; fewer only at the end of the file.
  virtual Result<size_t> read(uint64_t offset, std::span<uint8_t> out) const = 0;
  // What of that is in memory already, without waiting for the disk: nullopt when nothing is, or the disk cannot tell. May be short.
  virtual std::optional<size_t> read_cached(uint64_t, std::span<uint8_t>) const { return std::nullopt; }
  // All or an error; after an error any part may have been written. A full disk is ErrorKind::limit, all else ErrorKind::io.
  virtual Result<void> write(uint64_t offset, BytesView data) = 0;
  // fdatasync: data and size. After an error the state of what was written is unknown for good (the kernel may drop dirty pages).
  virtual Result<void> sync() = 0;
  virtual Result<void> truncate(uint64_t size_bytes) = 0;
  virtual Result<uint64_t> size() const = 0;
};

class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  // Names in a directory, sorted; an absent directory is empty.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<void> make_directories(const std::string& path) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Everything written below this directory so far, data and names (syncfs). Costs one call however many files there are.
  virtual Result<void> sync_everything(const std::string& directory) = 0;
  // An exclusive lock held until the object dies or the process ends; ErrorKind::conflict when another process has it.
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

class SystemDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> sync_everything(const std::string& directory) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
};

}  // namespace adit::ledger
