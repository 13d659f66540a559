// Giving memory back to the system once start-up is over.
#pragma once

namespace adit {

// Drops the pages of this program's and its libraries' read-only segments from its resident set, and free heap pages. What start-up alone
// touched (V8's and ICU's initialization) stays out; what is needed again is mapped again from the page cache, a few microseconds each.
// Any thread; safe while others run.
void release_startup_memory();

// Gives the heap's free pages back, after something large has gone. Milliseconds for each 100 MB; any thread.
void release_free_memory();

}  // namespace adit
