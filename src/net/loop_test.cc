#include "net/loop.h"

#include <gtest/gtest.h>

#include <thread>

namespace adit::net {
namespace {

TEST(Loop, posted_tasks_run_in_order_on_the_loops_thread) {
  auto loop = Loop::create().value();
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 100; ++i) loop->post([&, i] { seen.push_back(i); });
    loop->stop();
  });
  loop->run();
  poster.join();
  ASSERT_EQ(seen.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[i], i);
}

TEST(Loop, dropped_tasks_are_destroyed_and_never_run) {
  auto loop = Loop::create().value();
  int ran = 0;
  auto held = std::make_shared<int>(0);
  struct PostsAgain {
    ~PostsAgain() {
      loop->post([&ran = ran] { ++ran; });
    }
    Loop* loop;
    int& ran;
  };
  auto again = std::make_shared<PostsAgain>(loop.get(), ran);
  loop->post([&ran, held] { ++ran; });
  loop->defer([&ran, again = std::move(again), held] { ++ran; });
  loop->drop_tasks();
  EXPECT_EQ(held.use_count(), 1);
  loop.reset();
  EXPECT_EQ(ran, 0);
}

TEST(Loop, a_destroyed_timer_does_not_fire) {
  auto loop = Loop::create().value();
  bool cancelled_fired = false;
  bool kept_fired = false;
  {
    auto cancelled = loop->after(0, [&] { cancelled_fired = true; });
  }
  auto kept = loop->after(1, [&] {
    kept_fired = true;
    loop->stop();
  });
  loop->run();
  EXPECT_FALSE(cancelled_fired);
  EXPECT_TRUE(kept_fired);
  EXPECT_FALSE(kept.is_active());
}

TEST(Loop, deferred_work_runs_before_the_loop_sleeps) {
  auto loop = Loop::create().value();
  int steps = 0;
  loop->post([&] {
    loop->defer([&] {
      ++steps;
      loop->defer([&] {
        ++steps;
        loop->stop();
      });
    });
  });
  loop->run();
  EXPECT_EQ(steps, 2);
}

TEST(Loop, blocking_work_reports_back) {
  auto loop = Loop::create().value();
  bool worked = false;
  loop->run_blocking([&] { worked = true; }, [&] { loop->stop(); });
  loop->run();
  EXPECT_TRUE(worked);
}

}  // namespace
}  // namespace adit::net
