// A bookmark names one state of one ledger, as text: "0000007b-0000b26e-00001538-0c3e87bb37b3db5cc52eedb93cd3b96b". Bookmarks of a ledger
// sort, as text, in the order of its commits. The last group ties it to the ledger. Value type.
#pragma once

#include <string>
#include <string_view>

#include "ledger/engine.h"

namespace adit::ledger {

std::string format_bookmark(const LedgerId& id, Position position);
// An error for what is no bookmark, or one of another ledger.
Result<Position> parse_bookmark(const LedgerId& id, std::string_view text);

}  // namespace adit::ledger
