// Compiled code in a store: what V8 takes, what it refuses, and when it is made anew.
#include "js/code_cache.h"

#include "js/isolate_fixture.h"
#include "js/modules.h"

namespace adit::js {
namespace {

class MemoryStore final : public CodeStore {
 public:
  std::optional<Bytes> find(std::string_view source) override {
    ++asked;
    auto found = entries.find(std::string(source));
    if (found == entries.end()) return std::nullopt;
    return found->second;
  }
  void keep(std::string_view source, std::shared_ptr<const Bytes> code) override {
    ++kept;
    entries[std::string(source)] = *code;
  }
  std::map<std::string, Bytes> entries;
  int asked = 0;
  int kept = 0;
};

class StoredCode : public IsolateFixture {
 protected:
  // A process of its own, as far as the cache is concerned: the exported `answer`.
  int run(const std::vector<ModuleSource>& sources) {
    CodeCache cache(m_store);
    auto isolate = make_isolate();
    ModuleLoader loader(*isolate, sources, cache);
    Entry entry(*isolate);
    auto imported = loader.import_main(sources.at(0).name);
    EXPECT_TRUE(imported.is_ok());
    auto context = isolate->context();
    auto answer = imported.value()->Get(context, v8::String::NewFromUtf8Literal(isolate->v8(), "answer"));
    return answer.ToLocalChecked()->Int32Value(context).FromJust();
  }
  static std::string padded(std::string text) { return text + "\n//" + std::string(5000, 'x'); }

  std::shared_ptr<MemoryStore> m_store = std::make_shared<MemoryStore>();
  std::vector<ModuleSource> m_worker{
      {"index.js", ModuleKind::esm, padded("import { half } from './half.js'; export const answer = 2 * half();"), {}},
      {"half.js", ModuleKind::esm, padded("export function half() { return 21; }"), {}}};
};

TEST_F(StoredCode, of_every_module_is_kept_and_taken_by_the_next_process) {
  EXPECT_EQ(run(m_worker), 42);
  EXPECT_EQ(m_store->kept, 2);
  EXPECT_EQ(run(m_worker), 42);
  EXPECT_EQ(m_store->kept, 2) << "V8 refused its own code";
}

TEST_F(StoredCode, that_v8_refuses_is_made_anew) {
  EXPECT_EQ(run(m_worker), 42);
  auto good = m_store->entries;
  for (auto& [source, code] : m_store->entries) code.assign(1000, 0xab);
  EXPECT_EQ(run(m_worker), 42);
  EXPECT_EQ(m_store->kept, 4);
  EXPECT_EQ(run(m_worker), 42);
  EXPECT_EQ(m_store->kept, 4);
}

TEST_F(StoredCode, of_another_text_of_the_same_name_is_not_taken) {
  EXPECT_EQ(run(m_worker), 42);
  m_worker[1].content = padded("export function half() { return 10; }");
  EXPECT_EQ(run(m_worker), 20);
  EXPECT_EQ(m_store->kept, 3);
}

TEST_F(StoredCode, of_a_small_source_is_not_worth_the_disk) {
  EXPECT_EQ(run({{"index.js", ModuleKind::esm, "export const answer = 7;", {}}}), 7);
  EXPECT_EQ(m_store->asked, 0);
  EXPECT_EQ(m_store->kept, 0);
}

}  // namespace
}  // namespace adit::js
