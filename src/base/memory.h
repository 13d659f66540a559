// Giving memory back to the system when a time of much use is over: the start-up, or very many objects that fell asleep.
#pragma once

namespace adit {

// Gives the heap's free pages back, and drops the pages of this program's and its libraries' read-only segments from its resident set. What
// is needed again is mapped again from the page cache, a few microseconds each. Milliseconds for each 100 MB; any thread, safe while others run.
void release_unused_memory();

}  // namespace adit
