#include <gtest/gtest.h>

#include "js/ops.h"
#include "js/platform.h"
#include "js/snapshot.h"
#include "worker/register.h"

namespace adit::worker {
namespace {

// What reading the octets gives, as JSON, or "throws NAME". Two hosts are there: {} and {"host":1}.
std::string read(js::Isolate& isolate, Bytes octets) {
  js::Entry entry(isolate);
  auto* v8_isolate = isolate.v8();
  auto context = isolate.context();
  v8::TryCatch caught(v8_isolate);
  v8::Local<v8::Value> result;
  v8::Local<v8::Value> arguments[] = {js::from_bytes(v8_isolate, std::move(octets))};
  auto function = isolate.entry_object()->Get(context, js::intern(v8_isolate, "read")).ToLocalChecked();
  if (!function.As<v8::Function>()->Call(context, v8::Undefined(v8_isolate), 1, arguments).ToLocal(&result))
    return "throws " + js::describe_exception(v8_isolate, context, caught.Exception()).message;
  return js::to_utf8(v8_isolate, v8::JSON::Stringify(context, result).ToLocalChecked());
}

TEST(RpcSerializer, octets_with_a_host_that_is_not_there_are_an_error_and_not_the_process_s_end) {
  auto platform = js::Platform::create();
  js::OpTable ops;
  register_rpc_serializer(ops);
  auto references = ops.external_references();
  auto blob = js::build_snapshot(ops, R"js(
    const { rpc_deserialize } = __adit_ops;
    class DOMException extends Error { constructor(message, name) { super(message); this.name = name; } }
    globalThis.__adit_entry = {
      makeDOMException: (message, name) => new DOMException(message, name),
      read: (octets) => rpc_deserialize(octets, [{}, { host: 1 }]),
    };
  )js");
  ASSERT_TRUE(blob.is_ok()) << blob.error().full_message();
  js::IsolateOptions options;
  options.snapshot = {blob.value().data(), blob.value().size()};
  options.external_references = references.data();
  auto isolate = js::Isolate::create(options).value();

  EXPECT_EQ(read(*isolate, {0xff, 0x0f, '\\', 1}), R"({"host":1})");
  constexpr auto refused = "throws DataCloneError: Unable to deserialize cloned data.";
  EXPECT_EQ(read(*isolate, {0xff, 0x0f, '\\', 2}), refused);
  EXPECT_EQ(read(*isolate, {0xff, 0x0f, 'A', 1, '\\', 0xff, 0xff, 0x03, '$', 0, 1}), refused);
  EXPECT_EQ(read(*isolate, {0xff, 0x0f, '\\'}), refused);
}

}  // namespace
}  // namespace adit::worker
