// PageFile: the database file as SQLite sees it: pages in memory over a file on disk. SQLite's writes stay in memory; at commit they become
// the pages of the next log entry, and a checkpoint moves them to the disk once the log holds them.
// Owner: the ledger's shard; a checkpoint's write() runs on the background thread and touches only what the checkpoint holds.
// Invariant: a page is in memory unless the file on disk has it; the file never gets a page that the log does not durably hold.
//
// Why not SQLite's own WAL with its frames read back: it has every page twice (WAL and cache) and every version of it, checksums each
// frame, rents a 32 KB index per open database, and its checkpoint can only write what is committed now, so under steady load it would
// have to stop the writer to wait for the log. With journal_mode=MEMORY and exclusive locking SQLite writes exactly the changed pages
// at commit, and a set of immutable page images can be logged, kept and checkpointed with no help from SQLite.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ledger/disk.h"
#include "ledger/engine.h"

namespace adit::ledger {

// What a database file says about itself, in bytes 72 to 91 of SQLite's header, which SQLite reserves and ignores; so that the file stays
// an ordinary SQLite database for other tools. SQLite itself never sees these bytes.
struct FileStamp {
  static constexpr size_t offset_bytes = 72;
  static constexpr size_t size_bytes = 20;
  static std::optional<Head> parse(std::span<const uint8_t, size_bytes> bytes);
  static std::array<uint8_t, size_bytes> format(Head head);
};

// One checkpoint: pages of a commit, to be written once that commit is durable. Lives on the shard, then on the background thread, then back.
class Checkpoint {
 public:
  Position position() const { return m_head.position; }
  // Background thread. Creates the file if there is none yet. Does not sync.
  Result<void> write(Disk& disk, const std::string& path);

 private:
  friend class PageFile;
  Head m_head;
  uint32_t m_page_size_bytes = 0;
  uint32_t m_page_count = 0;
  uint32_t m_disk_page_count = 0;
  std::vector<PageImage> m_pages;
  std::shared_ptr<DiskFile> m_file;
};

class PageFile {
 public:
  // file: null when there is none on disk. max_size_bytes bounds the database, max_transaction_bytes what one transaction may change.
  struct Limits {
    uint64_t max_size_bytes = 10ull << 30;
    uint64_t max_transaction_bytes = 128ull << 20;
  };
  static Result<std::unique_ptr<PageFile>> open(std::shared_ptr<DiskFile> file, uint32_t page_size_bytes,
                                                Limits limits);
  // For recovery: the file may be in any state that a crash left, and the log that will be replayed says what the page size is.
  static Result<std::unique_ptr<PageFile>> open_for_redo(std::shared_ptr<DiskFile> file, uint32_t page_size_bytes);
  // What the file's stamp said; zero without a file.
  Head stamp() const { return m_stamp; }
  // Redo: an entry of the log becomes part of the committed state. Before SQLite opens.
  Result<void> replay(const LogEntry& entry);
  Epoch epoch() const { return m_head.epoch; }
  void set_epoch(Epoch epoch) { m_head.epoch = epoch; }
  void on_commit(Function<void()> callback) { m_on_commit = std::move(callback); }
  // Writes fail from now on.
  void refuse_writes() { m_refuses_writes = true; }

  // SQLite's side; SQLite result codes.
  int read(uint64_t offset, std::span<uint8_t> out);
  int write(uint64_t offset, std::span<const uint8_t> data);
  int truncate(uint64_t size_bytes);
  uint64_t size_bytes() const { return uint64_t{m_page_count} * m_page_size_bytes; }
  int prepare_commit() const;
  void commit();

  Position position() const { return m_head.position; }
  uint32_t page_size_bytes() const { return m_page_size_bytes; }
  uint32_t page_count() const { return m_committed_page_count; }
  // Commits that no entry carries yet.
  bool has_pending() const { return m_head.position > m_taken; }
  LogEntry take_pending();

  // Pages in memory that are committed but not on disk.
  uint64_t dirty_bytes() const { return m_dirty_pages * m_page_size_bytes; }
  bool is_checkpointed() const { return m_checkpointed == m_head.position; }
  Position checkpointed() const { return m_checkpointed; }
  std::unique_ptr<Checkpoint> begin_checkpoint() const;
  void finish_checkpoint(const Checkpoint& done);

 private:
  struct Page {
    PageBytes committed;
    std::shared_ptr<uint8_t[]> fresh;  // written since the last commit
    bool pending = false;
  };
  PageFile() = default;
  Result<void> take_file(std::shared_ptr<DiskFile> file, uint64_t size_bytes);
  void commit_page(uint32_t number, Page& page);

  std::shared_ptr<DiskFile> m_file;
  Limits m_limits;
  Head m_stamp;
  Head m_head;
  Position m_taken = 0;
  Position m_checkpointed = 0;
  uint32_t m_page_size_bytes = 0;
  uint32_t m_page_count = 0;
  uint32_t m_committed_page_count = 0;
  uint32_t m_disk_page_count = 0;
  std::unordered_map<uint32_t, Page> m_pages;
  std::vector<uint32_t> m_fresh;
  std::vector<uint32_t> m_pending;
  uint64_t m_dirty_pages = 0;
  Function<void()> m_on_commit;
  bool m_refuses_writes = false;
};

}  // namespace adit::ledger
