#include "cli/watcher.h"

#include <sys/stat.h>

namespace adit::cli {
namespace {

constexpr uint64_t settle_ms = 60;

// When the file, or what its name stands for, was changed last; Unix time. The change time, since a file that is moved to a name keeps its
// time of modification.
int64_t changed_ms(const std::filesystem::path& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return status.st_ctim.tv_sec * 1000 + status.st_ctim.tv_nsec / 1'000'000;
}

}  // namespace

struct Watcher::Folder {
  uv_fs_event_t handle{};
  std::filesystem::path path;
  Watcher* watcher = nullptr;

  // libuv reports the end of a handle from the loop; the folder is freed there.
  void close() {
    watcher = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle),
             [](uv_handle_t* closed) { std::unique_ptr<Folder> owned(static_cast<Folder*>(closed->data)); });
  }
};

Watcher::~Watcher() {
  for (auto& [path, folder] : m_folders) folder->close();
}

void Watcher::watch(const std::vector<std::filesystem::path>& paths, int64_t since_ms) {
  m_paths = {paths.begin(), paths.end()};
  std::set<std::filesystem::path> wanted;
  for (const auto& path : m_paths) {
    std::error_code code;
    wanted.insert(std::filesystem::is_directory(path, code) ? path : path.parent_path());
  }
  for (auto it = m_folders.begin(); it != m_folders.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    it->second->close();
    it = m_folders.erase(it);
  }
  for (const auto& path : wanted) {
    if (m_folders.contains(path)) continue;
    auto folder = std::make_unique<Folder>();
    folder->path = path;
    folder->watcher = this;
    folder->handle.data = folder.get();
    uv_fs_event_init(m_loop.uv(), &folder->handle);
    auto* raw = folder.release();
    int code = uv_fs_event_start(
        &raw->handle,
        [](uv_fs_event_t* handle, const char* name, int, int) {
          auto* folder = static_cast<Folder*>(handle->data);
          if (folder->watcher && name) folder->watcher->changed(folder->path, name);
        },
        path.c_str(), 0);
    if (code == 0) m_folders[path] = raw;
    else raw->close();  // a folder that is not there cannot change
  }
  for (const auto& path : m_paths)
    if (changed_ms(path) > since_ms) return settle();
}

void Watcher::settle() {
  m_settle = m_loop.after(settle_ms, [this] { m_on_change(); });
}

void Watcher::changed(const std::filesystem::path& folder, const std::string& name) {
  if (!m_paths.contains(folder / name) && !m_paths.contains(folder)) return;
  settle();
}

}  // namespace adit::cli
