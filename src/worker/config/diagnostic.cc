// How diagnostics look in a terminal, and "did you mean". Value types; no owner.
#include "worker/config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace adit::worker {

// The spaces that put a caret below the column; tabs stay tabs so that the two lines move together.
static std::string caret_padding(std::string_view line, uint32_t column) {
  std::string padding;
  uint32_t at = 1;
  for (size_t i = 0; i < line.size() && at < column; i++) {
    bool continuation = (static_cast<unsigned char>(line[i]) & 0xc0) == 0x80;
    if (continuation) continue;
    padding += line[i] == '\t' ? '\t' : ' ';
    at++;
  }
  return padding;
}

std::string format_diagnostic(const Diagnostic& diagnostic) {
  std::string out;
  if (!diagnostic.file.empty()) {
    out += diagnostic.file;
    if (diagnostic.line) out += fmt::format(":{}:{}", diagnostic.line, diagnostic.column);
    out += ": ";
  }
  out += fmt::format("{}: {}\n", diagnostic.severity == Severity::error ? "error" : "warning", diagnostic.message);
  if (!diagnostic.source_line.empty()) {
    out += fmt::format("{:>5} | {}\n", diagnostic.line, diagnostic.source_line);
    out += fmt::format("      | {}^\n", caret_padding(diagnostic.source_line, diagnostic.column));
  }
  if (!diagnostic.hint.empty()) out += fmt::format("      = {}\n", diagnostic.hint);
  return out;
}

std::string format_diagnostics(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += format_diagnostic(diagnostic);
  return out;
}

bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::error; });
}

// Edit distance in which swapping two neighbours counts once (optimal string alignment): the typos of a keyboard.
static size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      size_t substitute = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitute});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > 100) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace adit::worker
