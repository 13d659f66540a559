// ListHistory: what clients saw of lists that are only appended to, and whether that can be explained by one list per object that changes
// at one moment for all (linearizability). For lists this can be decided exactly: every element is unique, so a list says in which order the
// appends took effect. Owner: one test. Time is any count that grows with every event.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace adit::ledger::testing {

class ListHistory {
 public:
  struct Append {
    uint64_t element;
    uint64_t begun;
    std::optional<uint64_t> acknowledged;
  };
  struct Read {
    size_t length;  // of the list it saw
    uint64_t last;  // its last element; 0 of an empty list
    uint64_t begun;
    uint64_t ended;
  };

  uint64_t begin_append(uint64_t element) {
    m_appends.push_back({element, ++m_time, std::nullopt});
    return m_appends.size() - 1;
  }
  void acknowledge(uint64_t append) { m_appends[append].acknowledged = ++m_time; }
  uint64_t now() { return ++m_time; }
  void add_read(Read read) { m_reads.push_back(read); }

  // Empty when the list that is left explains everything; else the first contradiction.
  std::string contradiction(const std::vector<uint64_t>& list) const;

 private:
  std::vector<Append> m_appends;
  std::vector<Read> m_reads;
  uint64_t m_time = 0;
};

}  // namespace adit::ledger::testing
