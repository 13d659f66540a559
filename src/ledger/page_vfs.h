// PageVfs: the SQLite VFS through which one shard's SQLite reaches its PageFiles. There are no other files: journals and temporary tables are
// in memory, and opening anything else fails. SQLite knows a VFS by name and keeps a pointer to it, so it is registered while this lives.
// Owner: the shard's LedgerStore; outlives every database opened through it. Only that shard's thread opens through it.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace adit::ledger {

class PageFile;

class PageVfs {
 public:
  static Result<std::unique_ptr<PageVfs>> create();
  ~PageVfs();
  PageVfs(const PageVfs&) = delete;
  PageVfs& operator=(const PageVfs&) = delete;

  const char* name() const { return m_name.c_str(); }
  // The file that the next main database opened through this VFS is.
  void set_next_file(PageFile& file) { m_next_file = &file; }

 private:
  PageVfs() = default;
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags);

  std::string m_name;
  sqlite3_vfs m_vfs{};
  PageFile* m_next_file = nullptr;
};

}  // namespace adit::ledger
