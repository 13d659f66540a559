// Any octets as the body of a Response whose formData() is read, by the first octet as multipart/form-data or as
// application/x-www-form-urlencoded. Checked: it gives entries or a TypeError; what it gave, serialised and read again, is the same.
#include <memory>

#include "web/fuzz_isolate.h"

namespace {

// A name's quotes and line breaks come back as escapes, so names are compared after one round.
constexpr auto source = R"js((() => {
  const type = { multipart: "multipart/form-data; boundary=b", urlencoded: "application/x-www-form-urlencoded" };
  const entriesOf = async (form) => {
    const list = [];
    for (const [name, value] of form) {
      list.push(name);
      if (typeof value === "string") list.push(value);
      else list.push(value.name, value.type, new Uint8Array(await value.arrayBuffer()).join());
    }
    return list;
  };
  const again = async (form) => new Response(form).formData();
  // The fixed boundary of the next round may occur in a value, which ends the comparison.
  const hasBoundary = (list) => list.some((text) => text.includes("--"));
  return async (check, kind, octets) => {
    let form;
    try {
      form = await new Response(octets, { headers: { "content-type": type[kind] } }).formData();
    } catch (error) {
      check(error instanceof TypeError, `${error?.stack}`);
      return;
    }
    if (kind === "urlencoded") {
      const params = new URLSearchParams([...form]);
      check(JSON.stringify([...params]) === JSON.stringify([...new URLSearchParams(params.toString())]), "urlencoded");
      return;
    }
    const first = await again(form).catch((error) => check(false, `second reading: ${error.stack}`));
    const second = await again(first);
    const list = await entriesOf(first);
    check(hasBoundary(list) || list.join("\0") === (await entriesOf(second)).join("\0"), "a round changes the entries");
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
  if (size == 0) return 0;
  isolate->call([&](v8::Isolate* v8_isolate, v8::LocalVector<v8::Value>& arguments) {
    arguments.push_back(js::intern(v8_isolate, data[0] % 4 == 0 ? "urlencoded" : "multipart"));
    arguments.push_back(js::from_bytes(v8_isolate, Bytes(data + 1, data + size)));
  });
  return 0;
}
