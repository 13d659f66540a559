// Any text as a URLPattern and as what it is matched with, through the class. Checked: a TypeError or a pattern; test() and exec() agree;
// what exec() gives has the eight components, whose groups are strings or undefined.
#include <memory>

#include "web/fuzz_isolate.h"

namespace {

// Long inputs are left out: a regular expression of a pattern may take exponential time, as it may in any RegExp.
constexpr auto source = R"js((() => {
  const parts = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];
  const allowed = (error, check) => check(error instanceof TypeError, `${error?.stack}`);
  return (check, kind, text) => {
    const [first = "", second = "", input = ""] = text.split("\0");
    let pattern;
    try {
      if (kind < 8) pattern = new URLPattern({ [parts[kind]]: first }, { ignoreCase: second === "i" });
      else pattern = new URLPattern(first, second === "" ? undefined : second);
    } catch (error) {
      return allowed(error, check);
    }
    for (const part of parts) check(typeof pattern[part] === "string", part);
    const subjects = [input, "https://user:pass@example.com:8080/a/b?c=d#e"];
    if (kind < 8) subjects.push({ [parts[kind]]: input });
    for (const subject of subjects) {
      let result;
      try {
        result = pattern.exec(subject);
      } catch (error) {
        allowed(error, check);
        continue;
      }
      check((result !== null) === pattern.test(subject), "exec and test differ");
      if (result === null) continue;
      for (const part of parts)
        for (const group of Object.values(result[part].groups))
          check(group === undefined || typeof group === "string", "a group");
    }
  };
})())js";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adit;
  static const auto isolate = [] {
    js::OpTable ops;
    web::register_web_ops(ops);
    return std::make_unique<web::FuzzIsolate>(std::move(ops), source);
  }();
  if (size == 0 || size > 256) return 0;
  isolate->call([&](v8::Isolate* v8_isolate, v8::LocalVector<v8::Value>& arguments) {
    arguments.push_back(v8::Integer::New(v8_isolate, data[0] % 16));
    arguments.push_back(js::from_utf8(v8_isolate, {reinterpret_cast<const char*>(data + 1), size - 1}));
  });
  return 0;
}
