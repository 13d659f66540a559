// SimulatedDisk: a disk in memory with the bad manners of real ones. A crash keeps any subset of what was not synced, sector by sector
// (torn and lost writes, names that never arrived); faults inject EIO at will and ENOSPC at a capacity.
// Owner: one test, one thread. Directories themselves always survive. Invariant: what was synced survives every crash.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/function.h"
#include "ledger/disk.h"

namespace adit::ledger::testing {

enum class DiskOperation { open, read, write, sync, truncate, rename, remove, list, sync_directory, sync_everything };

class SimulatedDisk final : public Disk {
 public:
  static constexpr size_t sector_bytes = 512;
  using Fault = Function<std::optional<Error>(DiskOperation, const std::string& path)>;

  // Asked before each operation; an error fails it (a failed write may have written a part).
  void set_fault(Fault fault) { m_fault = std::move(fault); }
  void set_capacity_bytes(uint64_t capacity) { m_capacity_bytes = capacity; }
  // Power loss. Files opened before it must not be used any more.
  void crash(std::mt19937_64& random);
  // kill -9: everything written stays.
  void kill() { m_locked.clear(); }

  uint64_t syncs() const { return m_syncs; }
  // For tests that look at or damage files: bytes as a running program sees them.
  std::vector<std::string> paths() const;
  Bytes& content(const std::string& path);
  void make_all_durable();
  // A disk with the same durable content.
  std::unique_ptr<SimulatedDisk> clone() const;

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> sync_everything(const std::string& directory) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;

 private:
  friend class SimulatedFile;
  friend class SimulatedLock;
  struct Change {
    bool is_truncate = false;
    uint64_t offset = 0;  // or the new size
    Bytes data;
  };
  struct Inode {
    Bytes durable;
    Bytes current;
    std::vector<Change> unsynced;
  };
  struct NameChange {
    std::string path;
    std::string to;                  // of a rename
    std::shared_ptr<Inode> created;  // null: removed or renamed
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  Result<void> check(DiskOperation operation, const std::string& path);
  static void apply(Bytes& content, const Change& change);
  static void apply(Names& names, const NameChange& change);
  static Bytes survive(const Inode& inode, int mode, std::mt19937_64& random);
  void sync_names(const std::string& directory, bool deep);
  uint64_t used_bytes() const;

  Names m_names;
  Names m_durable_names;
  std::vector<NameChange> m_unsynced_names;
  std::set<std::string> m_directories;
  std::set<std::string> m_locked;
  Fault m_fault;
  uint64_t m_capacity_bytes = UINT64_MAX;
  uint64_t m_syncs = 0;
};

}  // namespace adit::ledger::testing
