// Watches files for changes, through inotify on their folders (editors replace files rather than write them).
// Owner: main's thread and loop. Invariant: changes within the settle time are one call.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/loop.h"

namespace adit::cli {

class Watcher {
 public:
  Watcher(net::Loop& loop, Function<void()> on_change) : m_loop(loop), m_on_change(std::move(on_change)) {}
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  // Watches exactly these from now on; a file that was changed after `since_ms` (Unix time), before this call, counts as changed now. A
  // directory means everything directly in it.
  void watch(const std::vector<std::filesystem::path>& paths, int64_t since_ms);

 private:
  struct Folder;
  void settle();
  void changed(const std::filesystem::path& folder, const std::string& name);

  net::Loop& m_loop;
  Function<void()> m_on_change;
  std::set<std::filesystem::path> m_paths;
  std::map<std::filesystem::path, Folder*> m_folders;
  net::Timer m_settle;
};

}  // namespace adit::cli
