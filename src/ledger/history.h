// History: the past of one ledger, for point-in-time recovery. A **kept state** is one that can be had back; with it lie the pages as they
// were then that a later commit replaced, so going back costs what has changed, and forgetting the oldest is forgetting its pages.
// Owner: the ledger's PageFile. Kept states live in memory (page images are shared, not copied) until the checkpoint that writes them to
// the ledger's history file (history_file.h); until the log is compacted it has all that a crash would lose: an entry says whether the
// state before it is kept, and carries the replaced pages that only the database file had (LogEntry::previous).
// Invariant: the newest kept state is never older than the last checkpoint, so what the database file holds belongs to a kept state.
//
// Which states are kept: every one that a bookmark names, every one that lasted `interval_ms`, and of those that did not as many as
// a bucket of `burst` tokens allows, which an interval refills by one. So a ledger that is written to now and then keeps every commit, and
// one that is written to all the time keeps one in ten seconds and pays nothing for the rest.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "ledger/engine.h"

namespace adit::ledger {

struct HistoryOptions {
  uint64_t keep_ms = 30ull * 24 * 3600 * 1000;
  uint64_t interval_ms = 10'000;
  uint32_t burst = 64;
  // Of a history file. Above it the oldest is forgotten, however young it is. A database larger than that may have as much as its own size.
  uint64_t max_bytes = 256ull << 20;
};

struct KeptState {
  Position position = 0;
  int64_t time_ms = 0;  // of its commit; 0: not known
  uint32_t page_count = 0;
  bool is_bookmark = false;
  std::vector<PageImage> pages;  // replaced since, each at most a few times: the first of a number counts
};

class History {
 public:
  // With a clock: decides what to keep. Without: replays what the log says was kept.
  History(const Clock* clock, const HistoryOptions& options) : m_clock(clock), m_options(options) {}

  const HistoryOptions& options() const { return m_options; }
  bool is_empty() const { return m_states.empty(); }
  const KeptState& newest() const { return m_states.back(); }
  const std::vector<KeptState>& states() const { return m_states; }
  int64_t now_ms() const { return m_clock ? m_clock->unix_ms() : 0; }

  // Keeps a state; nothing if it is the newest kept already.
  void keep(Position position, int64_t time_ms, uint32_t page_count, bool is_bookmark);
  // Whether the current state, committed at time_ms and about to be replaced, should be kept.
  bool wants(Position position, int64_t time_ms, int64_t now_ms);
  // The current state must be kept when it is replaced.
  void pin(Position position) { m_pinned = position; }
  bool is_pinned(Position position) const { return m_pinned == position && position > 0; }
  // Whether the page, last written at `version`, has to be kept when it is replaced now.
  bool needs(uint32_t page_number, Position version) const {
    return !m_states.empty() && page_number <= m_states.back().page_count && version <= m_states.back().position;
  }
  void add_page(PageImage page, uint32_t page_size_bytes);
  // The kept states before a position, for a checkpoint to write.
  std::vector<KeptState> before(Position position) const;
  void written(Position position, uint32_t page_size_bytes);
  void clear();
  uint64_t memory_bytes() const { return m_memory_bytes; }

 private:
  const Clock* m_clock;
  HistoryOptions m_options;
  std::vector<KeptState> m_states;  // ascending positions; the last one gathers pages
  uint64_t m_memory_bytes = 0;
  Position m_pinned = 0;
  int64_t m_refilled_ms = 0;
  uint32_t m_tokens = 0;
};

}  // namespace adit::ledger
