#include "web/structured_clone.h"

#include <gtest/gtest.h>

#include "js/ops.h"
#include "js/platform.h"
#include "js/snapshot.h"

namespace adit::web {
void register_structured_clone(js::OpTable& ops);

namespace {

// An isolate whose builtins are as small as they can be: a DOMException maker and one platform class.
class StructuredClone : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    s_platform = js::Platform::create();
    register_structured_clone(s_ops);
    s_references = s_ops.external_references();
    auto blob = js::build_snapshot(s_ops, R"js(
      class DOMException { constructor(message, name) { this.m = [message, name]; } get message() { return this.m[0]; } get name() { return this.m[1]; } }
      Object.setPrototypeOf(DOMException.prototype, Error.prototype);
      class Opaque {}
      __adit_ops.mark_platform_class(DOMException.prototype, true);
      __adit_ops.mark_platform_class(Opaque.prototype, false);
      globalThis.DOMException = DOMException;
      globalThis.Opaque = Opaque;
      globalThis.__adit_entry = { makeDOMException: (message, name) => Object.assign(new DOMException(message, name), { stack: `${name}: ${message}` }) };
    )js");
    ASSERT_TRUE(blob.is_ok()) << blob.error().full_message();
    s_blob = std::move(blob.value());
  }
  static void TearDownTestSuite() { s_platform.reset(); }
  void SetUp() override {
    js::IsolateOptions options;
    options.snapshot = {s_blob.data(), s_blob.size()};
    options.external_references = s_references.data();
    m_isolate = js::Isolate::create(options).value();
  }
  // Must be called inside an Entry.
  v8::Local<v8::Value> run(const char* source) {
    auto context = m_isolate->context();
    return v8::Script::Compile(context, js::from_utf8(m_isolate->v8(), source))
        .ToLocalChecked()
        ->Run(context)
        .ToLocalChecked();
  }
  Result<Bytes> write(const char* source) {
    return serialize_value(m_isolate->v8(), m_isolate->context(), run(source));
  }
  Result<v8::Local<v8::Value>> read(BytesView bytes) {
    return deserialize_value(m_isolate->v8(), m_isolate->context(), bytes);
  }
  bool check(v8::Local<v8::Value> value, const char* predicate) {
    auto context = m_isolate->context();
    auto function = run(predicate).As<v8::Function>();
    return function->Call(context, v8::Undefined(m_isolate->v8()), 1, &value).ToLocalChecked()->IsTrue();
  }

  static inline std::unique_ptr<js::Platform> s_platform;  // V8 starts once per process, and ends after the last test
  static inline js::OpTable s_ops;
  static inline std::vector<intptr_t> s_references;
  static inline std::string s_blob;
  std::shared_ptr<js::Isolate> m_isolate;
};

constexpr auto rich =
    R"js(({ n: 1.5, s: "\u2603x", big: 2n ** 70n, m: new Map([[1, new Set(["a"])]]), d: new Date(5), r: /a/g, b: new Uint8Array([1, 2, 3]),
  e: new TypeError("bad", { cause: 7 }), x: new DOMException("m", "AbortError"), a: [1, , 3] }))js";

TEST_F(StructuredClone, a_stored_value_comes_back) {
  js::Entry entry(*m_isolate);
  auto bytes = write(rich);
  ASSERT_TRUE(bytes.is_ok()) << bytes.error().message();
  auto value = read(bytes.value());
  ASSERT_TRUE(value.is_ok()) << value.error().message();
  EXPECT_TRUE(
      check(value.value(),
            R"js((v) => v.n === 1.5 && v.s === "\u2603x" && v.big === 2n ** 70n && v.m.get(1).has("a") && +v.d === 5 &&
    v.r.flags === "g" && v.b[2] === 3 && v.e instanceof TypeError && v.e.cause === 7 && v.x instanceof DOMException && v.x.name === "AbortError" &&
    v.a.length === 3 && !(1 in v.a))js"));
}

TEST_F(StructuredClone, what_has_no_stored_form_is_a_data_clone_error) {
  js::Entry entry(*m_isolate);
  for (auto source : {"() => {}", "Symbol()", "new Opaque()", "({ deep: [new Opaque()] })", "new WeakMap()",
                      "new SharedArrayBuffer(1)", "({ get a() { throw new Error('mine'); } })"}) {
    auto bytes = write(source);
    ASSERT_TRUE(bytes.is_error()) << source;
    EXPECT_EQ(bytes.error().kind(), ErrorKind::data_clone) << source;
  }
  EXPECT_NE(write("new Opaque()").error().message().find("Opaque"), std::string::npos);
  EXPECT_NE(write("({ get a() { throw new Error('mine'); } })").error().message().find("mine"), std::string::npos);
}

TEST_F(StructuredClone, malformed_octets_are_an_error_or_a_value_but_never_a_crash) {
  js::Entry entry(*m_isolate);
  auto good = write(rich).value();
  EXPECT_TRUE(read({}).is_error());
  EXPECT_TRUE(read(Bytes{2}).is_error());
  int errors = 0;
  auto attempt = [&](BytesView bytes) {
    v8::HandleScope handles(m_isolate->v8());
    errors += read(bytes).is_error() ? 1 : 0;
  };
  for (size_t length = 0; length < good.size(); ++length) attempt(BytesView(good).first(length));
  for (size_t at = 0; at < good.size(); ++at)
    for (uint8_t change : {0x01, 0x20, 0x80, 0xff}) {
      auto bad = good;
      bad[at] ^= change;
      attempt(bad);
    }
  EXPECT_GT(errors, static_cast<int>(good.size()));
}

TEST_F(StructuredClone, deep_nesting_is_an_error_and_not_a_crash) {
  js::Entry entry(*m_isolate);
  EXPECT_TRUE(write("let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; deep").is_error());
}

}  // namespace
}  // namespace adit::web
