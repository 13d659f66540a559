// The life of native objects in JavaScript: when their holders are freed.
#include "js/isolate.h"

#include "js/handle.h"
#include "js/isolate_fixture.h"

namespace adit::js {
namespace {

struct Counted {
  explicit Counted(int& living) : count(living) { ++count; }
  ~Counted() { --count; }
  int& count;
};

class NativeHandles : public IsolateFixture {
 protected:
  void SetUp() override { m_isolate = make_isolate(); }
  // In one turn: `count` handles that nothing in JavaScript keeps, and garbage until V8 has collected some of them of its own accord.
  void make_garbage(int count) {
    Entry entry(*m_isolate);
    auto* isolate = m_isolate->v8();
    for (int i = 0; i < count; ++i) {
      v8::HandleScope handles(isolate);
      wrap<Counted>(isolate, std::make_shared<Counted>(m_living));
    }
    for (int i = 0; i < 20'000; ++i) {
      v8::HandleScope handles(isolate);
      v8::Array::New(isolate, 200);
    }
  }

  std::shared_ptr<Isolate> m_isolate;
  int m_living = 0;
};

TEST_F(NativeHandles, what_the_collector_finds_is_freed_at_the_end_of_the_turn) {
  make_garbage(100);
  EXPECT_EQ(m_living, 0);
}

TEST_F(NativeHandles, what_is_kept_lives_as_long_as_the_isolate) {
  {
    Entry entry(*m_isolate);
    auto kept = wrap<Counted>(m_isolate->v8(), std::make_shared<Counted>(m_living));
    m_isolate->context()->Global()->Set(m_isolate->context(), intern(m_isolate->v8(), "kept"), kept).Check();
  }
  make_garbage(100);
  EXPECT_EQ(m_living, 1);
  m_isolate.reset();
  EXPECT_EQ(m_living, 0);
}

// V8's own tasks, among them its second pass of weak callbacks, run late or never.
TEST_F(NativeHandles, an_isolate_that_ends_right_after_a_collection_frees_everything_once) {
  {
    Entry outer(*m_isolate);  // the turn's end comes only with the isolate's
    make_garbage(100);
    EXPECT_EQ(m_living, 100);
  }
  make_garbage(0);
  m_isolate.reset();
  EXPECT_EQ(m_living, 0);
}

}  // namespace
}  // namespace adit::js
