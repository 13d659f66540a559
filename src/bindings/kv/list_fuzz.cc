// Fuzzes KV's list(): any prefix and any cursor over the keys of one namespace. A page has keys of the prefix only, in order, each after the
// cursor's; the pages that follow each other have them all, once. Lines of the input: the prefix, the cursor, and keys.
#include <simdutf.h>

#include <set>

#include "bindings/kv/store.h"
#include "bindings/list_cursor.h"
#include "ledger/testing/world.h"

using namespace adit;
using namespace adit::bindings;

namespace {

std::string next_line(std::string_view& text) {
  auto end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string> expected(const std::set<std::string>& keys, const std::string& prefix,
                                  const std::string& after) {
  std::vector<std::string> names;
  for (const auto& key : keys)
    if (key.starts_with(prefix) && (after.empty() || key > after)) names.push_back(key);
  return names;
}

void fuzz_list(std::string_view text, size_t limit) {
  auto prefix = next_line(text);
  auto cursor = next_line(text);
  // JavaScript's strings come as UTF-8; a cursor may hide any octets.
  if (!simdutf::validate_utf8(prefix.data(), prefix.size()) || !simdutf::validate_utf8(text.data(), text.size()))
    return;
  ledger::testing::World world;
  VERIFY(world.try_start().is_ok());
  kv::Store store(world.try_open("space").value(), *world.shard);
  std::set<std::string> keys;
  while (!text.empty() && keys.size() < 40) {
    auto key = next_line(text);
    if (key.empty() || !keys.insert(key).second) continue;  // builtins/bindings/kv.ts lets no empty key through
    world.shard->turn([&] { VERIFY(store.put({key, "value", {}, {}}).is_ok()); });
  }
  auto after = decode_list_cursor(cursor);
  if (!after) return;
  std::vector<std::string> names;
  auto all = expected(keys, prefix, *after);
  for (auto from = *after;;) {
    auto page = store.list({prefix, from, limit}).value();
    VERIFY(page.keys.size() <= limit);
    for (auto& key : page.keys) names.push_back(std::move(key.name));
    if (page.is_complete) break;
    VERIFY(!names.empty() && names.size() <= all.size());
    from = decode_list_cursor(encode_list_cursor(names.back())).value();
    VERIFY(from == names.back());
  }
  VERIFY(names == all);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  fuzz_list({reinterpret_cast<const char*>(data + 1), size - 1}, 1 + data[0] % 5);
  return 0;
}
