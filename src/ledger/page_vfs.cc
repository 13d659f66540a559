#include "ledger/page_vfs.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "ledger/page_file.h"

namespace adit::ledger {
namespace {

// SQLite allocates this, gives it to open() and frees it; it holds no resources.
struct PageSqliteFile {
  sqlite3_file base;
  PageFile* pages;
};

PageFile& pages_of(sqlite3_file* file) { return *reinterpret_cast<PageSqliteFile*>(file)->pages; }

int close_file(sqlite3_file*) { return SQLITE_OK; }
int read_file(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  return pages_of(file).read(static_cast<uint64_t>(offset), {static_cast<uint8_t*>(out), static_cast<size_t>(amount)});
}
int write_file(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
  return pages_of(file).write(static_cast<uint64_t>(offset),
                              {static_cast<const uint8_t*>(data), static_cast<size_t>(amount)});
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return pages_of(file).truncate(static_cast<uint64_t>(size));
}
int sync_file(sqlite3_file*, int) { return SQLITE_OK; }
int file_size(sqlite3_file* file, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(pages_of(file).size_bytes());
  return SQLITE_OK;
}
int lock_file(sqlite3_file*, int) {
  return SQLITE_OK;
}  // one owner: the state directory's lock and the shard see to that
int check_reserved_lock(sqlite3_file*, int* out) {
  *out = 0;
  return SQLITE_OK;
}
int file_control(sqlite3_file* file, int operation, void*) {
  if (operation == SQLITE_FCNTL_SYNC) return pages_of(file).prepare_commit();
  if (operation == SQLITE_FCNTL_COMMIT_PHASETWO) {
    pages_of(file).commit();
    return SQLITE_OK;
  }
  return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) { return 512; }
int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SAFE_APPEND; }

constexpr sqlite3_io_methods io_methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int delete_file(sqlite3_vfs*, const char*, int) { return SQLITE_OK; }
int access_file(sqlite3_vfs*, const char*, int, int* out) {
  *out = 0;
  return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  std::snprintf(out, static_cast<size_t>(size), "%s", name);
  return SQLITE_OK;
}

}  // namespace

int PageVfs::open(sqlite3_vfs* vfs, const char*, sqlite3_file* file, int flags, int* out_flags) {
  auto& self = *static_cast<PageVfs*>(vfs->pAppData);
  file->pMethods = nullptr;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || !self.m_next_file) return SQLITE_CANTOPEN;
  auto* opened = reinterpret_cast<PageSqliteFile*>(file);
  opened->base.pMethods = &io_methods;
  opened->pages = std::exchange(self.m_next_file, nullptr);
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

Result<std::unique_ptr<PageVfs>> PageVfs::create() {
  auto* system = sqlite3_vfs_find(nullptr);
  if (!system) return Error::failed("SQLite has no default VFS");
  std::unique_ptr<PageVfs> self(new PageVfs());
  self->m_vfs = *system;  // time, randomness and sleep stay the system's
  char name[40];
  std::snprintf(name, sizeof name, "adit-%p", static_cast<void*>(self.get()));
  self->m_name = name;
  auto& vfs = self->m_vfs;
  vfs.iVersion = std::min(vfs.iVersion, 2);
  vfs.szOsFile = sizeof(PageSqliteFile);
  vfs.pNext = nullptr;
  vfs.zName = self->m_name.c_str();
  vfs.pAppData = self.get();
  vfs.xOpen = open;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xDlOpen = nullptr;
  vfs.xDlError = nullptr;
  vfs.xDlSym = nullptr;
  vfs.xDlClose = nullptr;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) return Error::failed("SQLite refused the page VFS");
  return self;
}

PageVfs::~PageVfs() { sqlite3_vfs_unregister(&m_vfs); }

}  // namespace adit::ledger
