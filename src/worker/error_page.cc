#include "worker/error_page.h"

namespace adit::worker {
namespace {

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

ErrorPage error_page(bool as_html, std::string_view title, std::string_view detail) {
  if (!as_html)
    return {"content-type: text/plain;charset=UTF-8\r\n", std::string(title) + "\n\n" + std::string(detail) + "\n"};
  std::string body =
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>" +
      escape_html(title) +
      "</title><style>body{font:16px/1.5 "
      "system-ui,sans-serif;margin:0;background:#f6f6f4;color:#1c1c1a}main{max-width:60rem;margin:8vh auto;"
      "padding:0 1.5rem}h1{font-size:1.5rem;border-left:.4rem solid "
      "#c2410c;padding-left:.8rem}pre{background:#fff;border:1px solid #ddd;"
      "border-radius:.5rem;padding:1rem;overflow:auto;font:14px/1.5 "
      "ui-monospace,monospace;white-space:pre-wrap}footer{color:#777;font-size:.85rem}"
      "@media(prefers-color-scheme:dark){body{background:#181816;color:#eee}pre{background:#222;border-color:#444}}</"
      "style><main><h1>" +
      escape_html(title) + "</h1><pre>" + escape_html(detail) + "</pre><footer>adit dev</footer></main></html>\n";
  return {"content-type: text/html;charset=UTF-8\r\n", std::move(body)};
}

}  // namespace adit::worker
