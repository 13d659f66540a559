#include "ledger/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "ledger/disk.h"
#include "ledger/state_directory.h"

namespace adit::ledger {
namespace fs = std::filesystem;
namespace {

constexpr size_t chunk_bytes = 4 << 20;

Error file_error(std::string_view doing, const fs::path& path, int code) {
  return Error::from_errno(fmt::format("{} {}", doing, path.string()), code);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : m_fd(fd) {}
  Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (m_fd >= 0) ::close(m_fd);
  }
  int get() const { return m_fd; }

 private:
  int m_fd;
};

// Every segment of every shard's log from the first look on: held open, they can be read when they are no longer there.
class LogCapture {
 public:
  explicit LogCapture(fs::path log) : m_log(std::move(log)) {}

  Result<void> look() {
    std::error_code code;
    for (auto shard = fs::directory_iterator(m_log, code); !code && shard != fs::directory_iterator();
         shard.increment(code)) {
      std::error_code inner;
      for (auto segment = fs::directory_iterator(shard->path(), inner); !inner && segment != fs::directory_iterator();
           segment.increment(inner))
        if (segment->path().extension() == ".log") TRY(hold(shard->path().filename(), segment->path()));
    }
    return {};
  }

  Result<void> write(const fs::path& target, const std::function<Result<void>(int, const fs::path&)>& copy) {
    for (auto& [shard, segments] : m_segments) {
      fs::create_directories(target / shard);
      for (auto& [name, segment] : segments) {
        struct stat status {};
        if (::fstat(segment.file.get(), &status) != 0) return file_error("look at", name, errno);
        if (status.st_size > 0) TRY(copy(segment.file.get(), target / shard / name));
      }
    }
    return {};
  }

 private:
  struct Held {
    Descriptor file;
    ino_t inode;
  };

  Result<void> hold(const std::string& shard, const fs::path& path) {
    auto& segments = m_segments[shard];
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 && errno == ENOENT) return {};
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return file_error("open", path, errno);
    auto name = path.filename().string();
    if (auto found = segments.find(name); found != segments.end()) {
      if (found->second.inode == status.st_ino) return {};
      return Error::failed("the server was restarted during the backup; make it again");
    }
    segments.emplace(name, Held{std::move(file), status.st_ino});
    return {};
  }

  fs::path m_log;
  std::map<std::string, std::map<std::string, Held>> m_segments;
};

class Backup {
 public:
  Backup(fs::path source, fs::path target)
      : m_source(std::move(source)), m_target(std::move(target)), m_log(m_source / "log") {}

  Result<BackupReport> run() {
    TRY(m_log.look());
    TRY(copy_rest());
    TRY(copy_tree(m_source / "ledgers", m_target / "ledgers"));
    TRY(m_log.look());
    TRY(m_log.write(m_target / "log", [this](int from, const fs::path& to) { return copy(from, to); }));
    // What the databases name as of the end may have come after the first look.
    TRY(copy_rest());
    return m_report;
  }

 private:
  Result<void> copy_rest() {
    std::error_code code;
    for (auto entry = fs::directory_iterator(m_source, code); !code && entry != fs::directory_iterator();
         entry.increment(code)) {
      auto name = entry->path().filename().string();
      if (name == "ledgers" || name == "log" || name == "lock" || name == "control") continue;
      if (entry->is_directory()) TRY(copy_tree(entry->path(), m_target / name));
      else TRY(copy_file(entry->path(), m_target / name));
    }
    if (code) return file_error("list", m_source, code.value());
    return {};
  }

  Result<void> copy_tree(const fs::path& from, const fs::path& to) {
    std::error_code code;
    for (auto entry = fs::directory_iterator(from, code); !code && entry != fs::directory_iterator();
         entry.increment(code)) {
      std::error_code gone;
      auto name = entry->path().filename();
      if (entry->is_directory(gone)) TRY(copy_tree(entry->path(), to / name));
      else if (name.extension() != ".new") TRY(copy_file(entry->path(), to / name));
    }
    if (code && code != std::errc::no_such_file_or_directory) return file_error("list", from, code.value());
    return {};
  }

  Result<void> copy_file(const fs::path& from, const fs::path& to) {
    Descriptor file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 && errno == ENOENT) return {};  // removed meanwhile
    if (file.get() < 0) return file_error("open", from, errno);
    struct stat now {};
    if (::fstat(file.get(), &now) != 0) return file_error("look at", from, errno);
    auto& seen = m_copied[to.string()];
    auto stamp =
        std::array<int64_t, 4>{static_cast<int64_t>(now.st_ino), now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec};
    if (seen == stamp) return {};
    seen = stamp;
    return copy(file.get(), to);
  }

  Result<void> copy(int from, const fs::path& to) {
    std::error_code code;
    fs::create_directories(to.parent_path(), code);
    if (code) return file_error("make directory", to.parent_path(), code.value());
    Descriptor file(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) return file_error("make", to, errno);
    ++m_report.files;
    m_buffer.resize(chunk_bytes);
    for (off_t offset = 0;;) {
      auto got = ::pread(from, m_buffer.data(), m_buffer.size(), offset);
      if (got < 0) return file_error("read for", to, errno);
      if (got == 0) break;
      for (ssize_t done = 0; done < got;) {
        auto put = ::pwrite(file.get(), m_buffer.data() + done, static_cast<size_t>(got - done), offset + done);
        if (put < 0) return file_error("write", to, errno);
        done += put;
      }
      offset += got;
      m_report.bytes += static_cast<uint64_t>(got);
      m_since_look += static_cast<size_t>(got);
      if (m_since_look < chunk_bytes) continue;
      m_since_look = 0;
      TRY(m_log.look());
    }
    return {};
  }

  fs::path m_source;
  fs::path m_target;
  LogCapture m_log;
  BackupReport m_report;
  std::map<std::string, std::array<int64_t, 4>> m_copied;
  std::vector<char> m_buffer;
  size_t m_since_look = 0;
};

Result<void> need_state(const fs::path& path, std::string_view what) {
  std::error_code code;
  if (fs::is_regular_file(path / "format", code)) return {};
  return Error(ErrorKind::not_found, fmt::format("{} is not {}", path.string(), what));
}

// Replays what the copied log says, so that the copy is complete files without a log. The report of the replay.
Result<RecoveryReport> complete(const std::string& path) {
  SystemDisk disk;
  auto state = TRY(StateDirectory::open(disk, path));
  TRY(disk.sync_everything(path));
  return state->recovery();
}

}  // namespace

Result<BackupReport> backup_state(const std::string& source, const std::string& target) {
  TRY(need_state(source, "a state directory"));
  std::error_code code;
  if (fs::exists(target, code) && !fs::is_empty(target, code))
    return Error::failed(target + " is not empty; nothing was written");
  auto partial = target + ".partial";
  fs::remove_all(partial, code);
  auto made = [&]() -> Result<BackupReport> {
    auto report = TRY(Backup(source, partial).run());
    report.replayed_ledgers = TRY(complete(partial)).ledgers;
    fs::remove(partial + "/lock", code);
    fs::remove(target, code);  // an empty directory
    fs::rename(partial, target, code);
    if (code) return file_error("make", target, code.value());
    return report;
  }();
  if (made.is_error()) fs::remove_all(partial, code);
  return made;
}

Result<std::string> stage_restore(const std::string& backup, const std::string& state) {
  TRY(need_state(backup, "a backup"));
  std::error_code code;
  auto incoming = state + ".incoming";
  fs::remove_all(incoming, code);
  auto copied = Backup(backup, incoming).run();
  auto completed = copied.is_error() ? Result<RecoveryReport>(copied.error()) : complete(incoming);
  if (completed.is_error()) {
    fs::remove_all(incoming, code);
    return std::move(completed.error()).because("nothing was restored");
  }
  return incoming;
}

Result<std::string> place_state(const std::string& incoming, const std::string& state) {
  TRY(need_state(incoming, "a staged state"));
  std::error_code code;
  std::string kept;
  if (fs::exists(state, code)) {
    for (int number = 1; kept.empty() || fs::exists(kept, code); ++number)
      kept = fmt::format("{}.before-restore-{}", state, number);
    fs::rename(state, kept, code);
    if (code) return file_error("move away", state, code.value());
  }
  fs::create_directories(fs::path(state).parent_path(), code);
  fs::rename(incoming, state, code);
  if (!code) return kept;
  auto error = file_error("put in place", state, code.value());
  if (!kept.empty()) fs::rename(kept, state, code);
  return error;
}

Result<void> take_back_state(const std::string& kept, const std::string& state) {
  std::error_code code;
  fs::remove_all(state, code);
  if (!code && !kept.empty()) fs::rename(kept, state, code);
  if (code) return file_error("take back", state, code.value());
  return {};
}

Result<std::string> restore_state(const std::string& backup, const std::string& state) {
  TRY(need_state(backup, "a backup"));
  SystemDisk disk;
  std::error_code code;
  std::unique_ptr<DiskLock> lock;
  if (fs::exists(state, code)) {
    auto locked = disk.lock(state + "/lock");
    if (locked.is_error() && locked.error().kind() == ErrorKind::conflict)
      return Error(ErrorKind::conflict, "state directory " + state + " is in use by another adit; stop that first");
    lock = TRY(std::move(locked));
  }
  auto incoming = TRY(stage_restore(backup, state));
  return place_state(incoming, state);
}

}  // namespace adit::ledger
