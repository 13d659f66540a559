// What configuration tells its reader: where, how bad, what, and what to do about it. Value types; no owner.
// Invariant: line and column count from 1; 0 means that the message is about the whole file (or, without a file, the command line).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace adit::worker {

// A position in a file.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const Place&) const = default;
};

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  std::string message;
  std::string hint;         // what to do; may be empty
  std::string source_line;  // the line it is about; may be empty
};

// "wrangler.toml:12:3: error: ..." and, where known, the source line with a caret below the column and the hint. Ends in a newline.
std::string format_diagnostic(const Diagnostic& diagnostic);
std::string format_diagnostics(const std::vector<Diagnostic>& diagnostics);
bool has_errors(const std::vector<Diagnostic>& diagnostics);

// The candidate nearest to `word` by edit distance, when it is near enough to be a typo of it; else empty.
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace adit::worker
