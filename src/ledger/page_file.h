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
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ledger/disk.h"
#include "ledger/engine.h"
#include "ledger/history_file.h"

namespace adit::ledger {

// What a database file says about itself, in bytes 72 to 91 of SQLite's header, which SQLite reserves and ignores; so that the file stays
// an ordinary SQLite database for other tools. SQLite itself never sees these bytes.
struct FileStamp {
  static constexpr size_t offset_bytes = 72;
  static constexpr size_t size_bytes = 20;
  Head head;
  int64_t time_ms = 0;  // of the last commit, Unix time; 0: not known

  static std::optional<FileStamp> parse(std::span<const uint8_t, size_bytes> bytes);
  std::array<uint8_t, size_bytes> format() const;
};

// Of the ledger with that database file.
std::string history_path(const std::string& database_path);
// The database file and what lies beside it.
Result<void> remove_database(Disk& disk, const std::string& database_path);

// One checkpoint: pages of a commit, to be written once that commit is durable. Lives on the shard, then on the background thread, then back.
class Checkpoint {
 public:
  Position position() const { return m_head.position; }
  // Background thread. Creates the file if there is none yet, and the history file when there is something for it. Does not sync.
  Result<void> write(Disk& disk, const std::string& path);

 private:
  friend class PageFile;
  Result<void> write_pages(Disk& disk, const std::string& path);
  Result<void> write_history(Disk& disk, const std::string& path) const;

  Head m_head;
  int64_t m_time_ms = 0;
  HistoryFile::Added m_history;
  HistoryOptions m_history_options;
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
  // The past is kept from now on; after open(), before SQLite opens. With a clock this decides what to keep; without, replay() does.
  void keep_history(const Clock* clock, const HistoryOptions& options);
  // Null: this ledger has none.
  History* history() { return m_history.get(); }
  // The replayed log begins here: what a crash left in the history file after it may be torn.
  void set_history_synced(Position position) { m_history_synced = position; }
  // The current state is kept: a bookmark that was given out in an earlier life may name it.
  void keep_current();
  // When the last commit was made; 0: not known.
  int64_t time_ms() const { return m_time_ms; }
  // Makes the database what it was at a kept state, as one more commit. Before SQLite opens.
  void restore(const KeptState& state);
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
  bool has_pending() const { return m_head.position > m_taken || !m_sealed.empty(); }
  LogEntry take_pending();

  // Pages in memory that are committed but not on disk.
  uint64_t dirty_bytes() const { return m_dirty_pages * m_page_size_bytes; }
  // The same with the replaced pages of kept states.
  uint64_t held_bytes() const { return dirty_bytes() + (m_history ? m_history->memory_bytes() : 0); }
  bool is_checkpointed() const { return m_checkpointed == m_head.position; }
  Position checkpointed() const { return m_checkpointed; }
  std::unique_ptr<Checkpoint> begin_checkpoint();
  void finish_checkpoint(const Checkpoint& done);

 private:
  struct Page {
    PageBytes committed;
    std::shared_ptr<uint8_t[]> fresh;  // written since the last commit
    Position version = 0;              // of the committed bytes
    bool pending = false;
  };
  PageFile() = default;
  Result<void> take_file(std::shared_ptr<DiskFile> file, uint64_t size_bytes);
  void commit_page(uint32_t number, Page& page);
  int read_disk(uint64_t offset, std::span<uint8_t> out) const;
  void replay_history(const LogEntry& entry);
  LogEntry make_entry();
  void begin_commit();
  void keep_page(uint32_t number, const PageBytes& committed, Position version);

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
  std::unique_ptr<History> m_history;
  int64_t m_time_ms = 0;
  Position m_checkpoint_begun = 0;  // the log may forget what came before
  Position m_history_synced = UINT64_MAX;
  std::deque<LogEntry> m_sealed;  // that end at kept states and wait to be taken
  // Of the entry that take_pending() will make.
  std::optional<KeptState> m_kept_before;
  bool m_lost_history = false;
  std::vector<PageImage> m_previous;
};

}  // namespace adit::ledger
