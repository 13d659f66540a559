// Ledger's point-in-time recovery: bookmarks, and going back to one at the next open.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ledger/bookmark.h"
#include "ledger/ledger.h"
#include "ledger/restore_request.h"
#include "ledger/state_directory.h"

namespace adit::ledger {

Result<void> Ledger::usable_history() const {
  TRY(usable());
  if (!m_pages->history())
    return Error(ErrorKind::not_supported, "ledger " + m_id.text() + " keeps no history to go back in");
  return {};
}

Result<std::string> Ledger::bookmark() {
  TRY(usable_history());
  if (!m_in_explicit_transaction && m_savepoints == 0) TRY(commit());
  m_pages->history()->pin(position());
  return format_bookmark(m_id, position());
}

Result<std::string> Ledger::bookmark_for_time(int64_t unix_ms) {
  TRY(usable_history());
  if (!m_in_explicit_transaction && m_savepoints == 0) TRY(commit());
  if (unix_ms >= m_pages->time_ms()) return bookmark();
  auto& kept = m_pages->history()->states();
  auto found = std::find_if(kept.rbegin(), kept.rend(), [&](auto& state) { return state.time_ms <= unix_ms; });
  if (found != kept.rend()) return format_bookmark(m_id, found->position);
  auto& state = m_services.state;
  auto steps = TRY(HistoryFile(state.disk(), history_path(state.database_path(m_id))).steps());
  auto step = std::find_if(steps.rbegin(), steps.rend(), [&](auto& each) { return each.time_ms <= unix_ms; });
  if (step != steps.rend()) return format_bookmark(m_id, step->from);
  return Error(ErrorKind::not_found,
               fmt::format("the history of ledger {} does not go back to that time", m_id.text()));
}

// The pages that differ from now's, each once.
Result<KeptState> Ledger::kept_state(Position target) const {
  KeptState state;
  if (target == position()) return state;
  auto& kept = m_pages->history()->states();
  auto from = std::find_if(kept.begin(), kept.end(), [&](auto& each) { return each.position == target; });
  if (from == kept.end()) {
    auto& directory = m_services.state;
    HistoryFile file(directory.disk(), history_path(directory.database_path(m_id)));
    state = TRY(file.read(target));
    auto steps = TRY(file.steps());
    auto joins_at = kept.empty() ? position() : kept.front().position;
    if (steps.back().to < joins_at) return Error(ErrorKind::not_found, "this state is no longer kept");
    from = kept.begin();
  } else {
    state = {from->position, from->time_ms, from->page_count, from->is_bookmark, {}};
  }
  std::unordered_set<uint32_t> seen;
  for (auto& page : state.pages) seen.insert(page.number);
  for (; from != kept.end(); ++from)
    for (auto& page : from->pages)
      if (seen.insert(page.number).second) state.pages.push_back(page);
  return state;
}

void Ledger::restore_at_next_open(std::string_view bookmark, Callback<std::string> callback) {
  auto prepared = [&]() -> Result<std::pair<Position, std::string>> {
    TRY(usable_history());
    auto target = TRY(parse_bookmark(m_id, bookmark));
    auto now = TRY(this->bookmark());
    if (target > position()) return Error::type_error("this bookmark is of a state that was not reached");
    auto state = kept_state(target);
    if (state.is_error()) return std::move(state.error()).because("restore ledger " + m_id.text());
    return std::pair(target, std::move(now));
  }();
  if (prepared.is_error()) return callback(std::move(prepared.error()));
  m_asked_restore = true;
  auto outcome = std::make_shared<Result<void>>();
  auto& state = m_services.state;
  m_services.files.run(
      [&state, outcome, target = prepared.value().first, path = restore_request_path(state.database_path(m_id))] {
        *outcome = write_restore_request(state.disk(), path, {target, 0});
      },
      [outcome, now = std::move(prepared.value().second), callback = std::move(callback)]() mutable {
        if (outcome->is_error()) return callback(std::move(*outcome).error());
        callback(std::move(now));
      });
}

// At start: the committed pages become those of the state that was asked for.
Result<void> Ledger::restore_if_asked() {
  if (!m_pages->history()) return {};
  auto& disk = m_services.state.disk();
  auto path = restore_request_path(m_services.state.database_path(m_id));
  auto request = TRY(read_restore_request(disk, path));
  if (!request) return {};
  bool is_done = request->applied_at != 0 && position() >= request->applied_at;
  if (is_done || request->target == position()) return remove_restore_request(disk, path);
  auto state = kept_state(request->target);
  if (state.is_error()) {
    m_services.logger.error("Ledger {} cannot be restored and stays as it is: {}", m_id.text(),
                            state.error().full_message());
    return remove_restore_request(disk, path);
  }
  m_restored_at = position() + 1;
  TRY(write_restore_request(disk, path, {request->target, m_restored_at}));
  m_pages->history()->pin(position());
  m_pages->restore(state.value());
  m_services.logger.info("Ledger {} is as it was at {}", m_id.text(), format_bookmark(m_id, request->target));
  return {};
}

// The restored state is durable: the request has been carried out.
void Ledger::restored() {
  if (m_asked_restore) return;
  auto& state = m_services.state;
  m_services.files.run(
      [&state, path = restore_request_path(state.database_path(m_id))] {
        remove_restore_request(state.disk(), path).ignore();
      },
      [] {});
}

}  // namespace adit::ledger
