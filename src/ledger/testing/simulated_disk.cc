#include "ledger/testing/simulated_disk.h"

#include <algorithm>

namespace adit::ledger::testing {

class SimulatedFile final : public DiskFile {
 public:
  SimulatedFile(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedDisk::Inode> inode)
      : m_disk(disk), m_path(std::move(path)), m_inode(std::move(inode)) {}

  Result<size_t> read(uint64_t offset, std::span<uint8_t> out) const override {
    TRY(m_disk.check(DiskOperation::read, m_path));
    auto& content = m_inode->current;
    if (offset >= content.size()) return size_t{0};
    auto count = std::min<size_t>(out.size(), content.size() - offset);
    std::copy_n(content.begin() + static_cast<ptrdiff_t>(offset), count, out.begin());
    return count;
  }

  Result<void> write(uint64_t offset, BytesView data) override {
    auto fault = m_disk.check(DiskOperation::write, m_path);
    auto end = offset + data.size();
    uint64_t grows = end > m_inode->current.size() ? end - m_inode->current.size() : 0;
    uint64_t used = grows > 0 && m_disk.m_capacity_bytes != UINT64_MAX ? m_disk.used_bytes() : 0;
    bool is_full = used + grows > m_disk.m_capacity_bytes;
    auto kept = fault.is_error() || is_full ? data.first(data.size() / 2) : data;
    SimulatedDisk::Change change{false, offset, copy_bytes(kept)};
    SimulatedDisk::apply(m_inode->current, change);
    m_inode->unsynced.push_back(std::move(change));
    if (is_full && fault.is_ok()) return Error(ErrorKind::limit, "write " + m_path + ": no space left on the disk");
    return fault;
  }

  Result<void> sync() override {
    ++m_disk.m_syncs;
    // After a failed sync the kernel may have dropped the data: it stays unsynced, and no later sync is asked to save it.
    TRY(m_disk.check(DiskOperation::sync, m_path));
    m_inode->durable = m_inode->current;
    m_inode->unsynced.clear();
    return {};
  }

  Result<void> truncate(uint64_t size_bytes) override {
    TRY(m_disk.check(DiskOperation::truncate, m_path));
    SimulatedDisk::Change change{true, size_bytes, {}};
    SimulatedDisk::apply(m_inode->current, change);
    m_inode->unsynced.push_back(std::move(change));
    return {};
  }

  Result<uint64_t> size() const override { return uint64_t{m_inode->current.size()}; }

 private:
  SimulatedDisk& m_disk;
  std::string m_path;
  std::shared_ptr<SimulatedDisk::Inode> m_inode;
};

class SimulatedLock final : public DiskLock {
 public:
  SimulatedLock(SimulatedDisk& disk, std::string path) : m_disk(disk), m_path(std::move(path)) {}
  ~SimulatedLock() override { m_disk.m_locked.erase(m_path); }

 private:
  SimulatedDisk& m_disk;
  std::string m_path;
};

Result<void> SimulatedDisk::check(DiskOperation operation, const std::string& path) {
  if (m_fault)
    if (auto error = m_fault(operation, path)) return std::move(*error);
  return {};
}

void SimulatedDisk::apply(Bytes& content, const Change& change) {
  if (change.is_truncate) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset + change.data.size()) content.resize(change.offset + change.data.size());
  std::copy(change.data.begin(), change.data.end(), content.begin() + static_cast<ptrdiff_t>(change.offset));
}

void SimulatedDisk::apply(Names& names, const NameChange& change) {
  if (change.created) {
    names[change.path] = change.created;
    return;
  }
  auto found = names.find(change.path);
  if (found == names.end()) return;
  if (!change.to.empty()) names[change.to] = found->second;
  names.erase(found);
}

// mode: 0 nothing unsynced survives, 1 all, 2 each sector by chance.
Bytes SimulatedDisk::survive(const Inode& inode, int mode, std::mt19937_64& random) {
  if (mode == 1) return inode.current;
  Bytes content = inode.durable;
  if (mode == 0) return content;
  for (auto& change : inode.unsynced) {
    if (change.is_truncate) {
      if (random() & 1) apply(content, change);
      continue;
    }
    for (size_t at = 0; at < change.data.size();) {
      auto sector_end = ((change.offset + at) / sector_bytes + 1) * sector_bytes - change.offset;
      auto count = std::min<size_t>(change.data.size(), sector_end) - at;
      if (random() & 1)
        apply(content, {false, change.offset + at,
                        Bytes(change.data.begin() + static_cast<ptrdiff_t>(at),
                              change.data.begin() + static_cast<ptrdiff_t>(at + count))});
      at += count;
    }
  }
  return content;
}

void SimulatedDisk::crash(std::mt19937_64& random) {
  Names names = m_durable_names;
  auto mode = static_cast<int>(random() % 3);
  for (auto& change : m_unsynced_names)
    if (mode == 1 || (mode == 2 && (random() & 1))) apply(names, change);
  for (auto& [path, inode] : names) {
    auto survived = std::make_shared<Inode>();
    survived->durable = survived->current = survive(*inode, static_cast<int>(random() % 3), random);
    inode = std::move(survived);
  }
  m_names = m_durable_names = std::move(names);
  m_unsynced_names.clear();
  m_locked.clear();
}

std::vector<std::string> SimulatedDisk::paths() const {
  std::vector<std::string> paths;
  for (auto& [path, inode] : m_names) paths.push_back(path);
  return paths;
}

Bytes& SimulatedDisk::content(const std::string& path) { return m_names.at(path)->current; }

void SimulatedDisk::make_all_durable() {
  for (auto& [path, inode] : m_names) {
    inode->durable = inode->current;
    inode->unsynced.clear();
  }
  m_durable_names = m_names;
  m_unsynced_names.clear();
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::clone() const {
  auto copy = std::make_unique<SimulatedDisk>();
  for (auto& [path, inode] : m_names)
    copy->m_names[path] = std::make_shared<Inode>(Inode{inode->current, inode->current, {}});
  copy->m_durable_names = copy->m_names;
  copy->m_directories = m_directories;
  return copy;
}

Result<std::unique_ptr<DiskFile>> SimulatedDisk::open(const std::string& path, OpenMode mode) {
  TRY(check(DiskOperation::open, path));
  auto found = m_names.find(path);
  bool may_create = mode == OpenMode::create || mode == OpenMode::create_new;
  if (found != m_names.end() && mode == OpenMode::create_new) return Error::io("open " + path + ": exists");
  if (found == m_names.end()) {
    if (!may_create || !m_directories.contains(path.substr(0, path.rfind('/'))))
      return Error(ErrorKind::not_found, "open " + path + ": not found");
    auto inode = std::make_shared<Inode>();
    m_unsynced_names.push_back({path, "", inode});
    found = m_names.emplace(path, std::move(inode)).first;
  }
  return std::unique_ptr<DiskFile>(std::make_unique<SimulatedFile>(*this, path, found->second));
}

Result<void> SimulatedDisk::rename(const std::string& from, const std::string& to) {
  TRY(check(DiskOperation::rename, from));
  if (!m_names.contains(from) || !m_directories.contains(to.substr(0, to.rfind('/'))))
    return Error(ErrorKind::not_found, "rename " + from + ": not found");
  m_unsynced_names.push_back({from, to, nullptr});
  apply(m_names, m_unsynced_names.back());
  return {};
}

Result<void> SimulatedDisk::remove(const std::string& path) {
  TRY(check(DiskOperation::remove, path));
  if (!m_names.contains(path)) return {};
  m_unsynced_names.push_back({path, "", nullptr});
  apply(m_names, m_unsynced_names.back());
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& directory) {
  TRY(check(DiskOperation::list, directory));
  std::set<std::string> names;
  auto prefix = directory + "/";
  auto consider = [&](const std::string& path) {
    if (path.starts_with(prefix))
      names.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
  };
  for (auto& [path, inode] : m_names) consider(path);
  for (auto& path : m_directories) consider(path);
  return std::vector<std::string>(names.begin(), names.end());
}

Result<void> SimulatedDisk::make_directories(const std::string& path) {
  for (auto end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
    m_directories.insert(path.substr(0, end));
  m_directories.insert(path);
  return {};
}

void SimulatedDisk::sync_names(const std::string& directory, bool deep) {
  auto concerns = [&](const NameChange& change) {
    if (!change.path.starts_with(directory + "/")) return false;
    return deep || change.path.rfind('/') == directory.size();
  };
  std::vector<NameChange> rest;
  for (auto& change : m_unsynced_names) {
    if (concerns(change)) apply(m_durable_names, change);
    else rest.push_back(std::move(change));
  }
  m_unsynced_names = std::move(rest);
}

Result<void> SimulatedDisk::sync_directory(const std::string& path) {
  TRY(check(DiskOperation::sync_directory, path));
  if (!m_directories.contains(path)) return Error(ErrorKind::not_found, "sync " + path + ": not found");
  sync_names(path, false);
  return {};
}

Result<void> SimulatedDisk::sync_everything(const std::string& directory) {
  TRY(check(DiskOperation::sync_everything, directory));
  for (auto& [path, inode] : m_names) {
    if (!path.starts_with(directory + "/")) continue;
    inode->durable = inode->current;
    inode->unsynced.clear();
  }
  sync_names(directory, true);
  return {};
}

Result<std::unique_ptr<DiskLock>> SimulatedDisk::lock(const std::string& path) {
  if (!m_locked.insert(path).second) return Error(ErrorKind::conflict, path + " is locked by another process");
  return std::unique_ptr<DiskLock>(std::make_unique<SimulatedLock>(*this, path));
}

uint64_t SimulatedDisk::used_bytes() const {
  uint64_t used = 0;
  for (auto& [path, inode] : m_names) used += inode->current.size();
  return used;
}

}  // namespace adit::ledger::testing
