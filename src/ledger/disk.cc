// SystemDisk: the real one. pread/pwrite/fdatasync; every error names the path.
#include "ledger/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace adit::ledger {
namespace {

Error disk_error(std::string_view doing, const std::string& path, int code) {
  auto what = std::string(doing) + " " + path;
  if (code == ENOSPC || code == EDQUOT) return {ErrorKind::limit, what + ": no space left on the disk"};
  if (code == EACCES || code == EPERM || code == EROFS)
    return Error::from_errno(what + ": not permitted; check the owner and mode", code);
  return Error::from_errno(what, code);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : m_fd(fd) {}
  ~FileDescriptor() {
    if (m_fd >= 0) ::close(m_fd);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return m_fd; }

 private:
  int m_fd;
};

class SystemFile final : public DiskFile {
 public:
  SystemFile(std::string path, int fd) : m_path(std::move(path)), m_fd(fd) {}

  Result<size_t> read(uint64_t offset, std::span<uint8_t> out) const override {
    size_t done = 0;
    while (done < out.size()) {
      auto count = ::pread(m_fd.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return disk_error("read", m_path, errno);
      if (count == 0) break;
      done += static_cast<size_t>(count);
    }
    return done;
  }

  std::optional<size_t> read_cached(uint64_t offset, std::span<uint8_t> out) const override {
    iovec buffer{out.data(), out.size()};
    auto count = ::preadv2(m_fd.get(), &buffer, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (count <= 0) return std::nullopt;
    return static_cast<size_t>(count);
  }

  Result<void> write(uint64_t offset, BytesView data) override {
    size_t done = 0;
    while (done < data.size()) {
      auto count = ::pwrite(m_fd.get(), data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return disk_error("write", m_path, errno);
      done += static_cast<size_t>(count);
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(m_fd.get()) != 0) return disk_error("sync", m_path, errno);
    return {};
  }

  Result<void> truncate(uint64_t size_bytes) override {
    if (::ftruncate(m_fd.get(), static_cast<off_t>(size_bytes)) != 0) return disk_error("truncate", m_path, errno);
    return {};
  }

  Result<uint64_t> size() const override {
    struct stat status {};
    if (::fstat(m_fd.get(), &status) != 0) return disk_error("stat", m_path, errno);
    return static_cast<uint64_t>(status.st_size);
  }

 private:
  std::string m_path;
  FileDescriptor m_fd;
};

class SystemLock final : public DiskLock {
 public:
  explicit SystemLock(int fd) : m_fd(fd) {}

 private:
  FileDescriptor m_fd;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY;
    case OpenMode::read_write:
      return O_RDWR;
    case OpenMode::create:
      return O_RDWR | O_CREAT;
    case OpenMode::create_new:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  VERIFY_NOT_REACHED();
}

Result<void> sync_with(const std::string& directory, int (*sync)(int)) {
  FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return disk_error("open directory", directory, errno);
  if (sync(fd.get()) != 0) return disk_error("sync directory", directory, errno);
  return {};
}

}  // namespace

Result<std::unique_ptr<DiskFile>> SystemDisk::open(const std::string& path, OpenMode mode) {
  int fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0600);
  if (fd < 0) return disk_error("open", path, errno);
  return std::unique_ptr<DiskFile>(std::make_unique<SystemFile>(path, fd));
}

Result<void> SystemDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return disk_error("rename to", to, errno);
  return {};
}

Result<void> SystemDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return disk_error("remove", path, errno);
  return {};
}

Result<std::vector<std::string>> SystemDisk::list(const std::string& directory) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
  if (!stream) {
    if (errno == ENOENT) return names;
    return disk_error("list", directory, errno);
  }
  while (auto* entry = ::readdir(stream.get())) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> SystemDisk::make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT) return disk_error("make directory", path, errno);
  auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return disk_error("make directory", path, ENOENT);
  TRY(make_directories(path.substr(0, slash)));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return disk_error("make directory", path, errno);
  return {};
}

Result<void> SystemDisk::sync_directory(const std::string& path) { return sync_with(path, ::fsync); }

Result<void> SystemDisk::sync_everything(const std::string& directory) { return sync_with(directory, ::syncfs); }

Result<std::unique_ptr<DiskLock>> SystemDisk::lock(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return disk_error("open", path, errno);
  auto lock = std::make_unique<SystemLock>(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Error(ErrorKind::conflict, path + " is locked by another process");
    return disk_error("lock", path, errno);
  }
  return std::unique_ptr<DiskLock>(std::move(lock));
}

}  // namespace adit::ledger
