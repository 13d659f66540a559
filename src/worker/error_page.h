// The answer for a worker that failed: a readable page for a browser, text for everything else.
#pragma once

#include <string>
#include <string_view>

namespace adit::worker {

struct ErrorPage {
  std::string header_lines;
  std::string body;
};

ErrorPage error_page(bool as_html, std::string_view title, std::string_view detail);

}  // namespace adit::worker
