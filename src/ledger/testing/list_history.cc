#include "ledger/testing/list_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace adit::ledger::testing {

std::string ListHistory::contradiction(const std::vector<uint64_t>& list) const {
  std::map<uint64_t, size_t> place;
  for (size_t i = 0; i < list.size(); ++i)
    if (!place.emplace(list[i], i).second) return fmt::format("element {} is there twice", list[i]);
  std::map<uint64_t, const Append*> known;
  for (auto& append : m_appends) known[append.element] = &append;
  for (auto element : list)
    if (!known.contains(element)) return fmt::format("element {} was never appended", element);
  for (auto& append : m_appends)
    if (append.acknowledged && !place.contains(append.element))
      return fmt::format("element {} was acknowledged and is lost", append.element);
  // Events in time: what has ended bounds what begins later. `floor` is how long the list was at least.
  struct Event {
    uint64_t time;
    bool is_end;
    size_t lowest;                 // an end: the list is at least that long from now on
    std::optional<size_t> length;  // a begin: how long the list was when this took effect
    size_t highest_before;         // a begin: how long the list can have been at most
    uint64_t what;
  };
  std::vector<Event> events;
  for (auto& append : m_appends) {
    auto found = place.find(append.element);
    if (found == place.end()) continue;
    events.push_back({append.begun, false, 0, found->second + 1, found->second, append.element});
    if (append.acknowledged)
      events.push_back({*append.acknowledged, true, found->second + 1, std::nullopt, 0, append.element});
  }
  for (auto& read : m_reads) {
    if (read.length > list.size() || (read.length > 0 && list[read.length - 1] != read.last))
      return fmt::format("a read saw {} elements up to {}, which is not how the list began", read.length, read.last);
    events.push_back({read.begun, false, 0, read.length, read.length, read.last});
    events.push_back({read.ended, true, read.length, std::nullopt, 0, read.last});
  }
  std::sort(events.begin(), events.end(), [](auto& a, auto& b) { return a.time < b.time; });
  size_t floor = 0;
  for (auto& event : events) {
    if (event.is_end) floor = std::max(floor, event.lowest);
    // An append comes after everything that had ended before it began; a read saw at least all that.
    else if (*event.length < floor)
      return fmt::format("{} took effect at length {}, after the list had been seen with {}", event.what, *event.length,
                         floor);
  }
  // What began after a read had ended is not in what that read saw: the mirror image, from the end.
  size_t ceiling = list.size() + 1;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (!event->is_end) ceiling = std::min(ceiling, event->highest_before);
    else if (event->lowest > ceiling)
      return fmt::format("{} was seen at length {} before what came at {} had begun", event->what, event->lowest,
                         ceiling);
  }
  return "";
}

}  // namespace adit::ledger::testing
