#include "web/source_ops.h"

#include <gtest/gtest.h>

#include <deque>

namespace adit::web {

// Gives chunks that are ready at once, or waits for push().
class FakeSource final : public net::ByteSource {
 public:
  void read(net::ReadCallback callback) override {
    ++reads;
    if (chunks.empty()) {
      waiting = std::move(callback);
      return;
    }
    auto chunk = std::move(chunks.front());
    chunks.pop_front();
    callback(std::move(chunk));
  }
  void cancel(Error error) override { cancelled = error.message(); }
  void push(Result<Bytes> chunk) {
    if (waiting) std::exchange(waiting, nullptr)(std::move(chunk));
    else chunks.push_back(std::move(chunk));
  }
  void push(std::string_view text) { push(Result<Bytes>(copy_bytes(text))); }

  std::deque<Result<Bytes>> chunks;
  net::ReadCallback waiting;
  std::optional<std::string> cancelled;
  int reads = 0;
};

// What a read answered: "data:x", "end", "error:message", or "" while it is pending.
static std::shared_ptr<std::string> read(net::ByteSource& source) {
  auto answer = std::make_shared<std::string>();
  source.read([answer](Result<Bytes> result) {
    if (result.is_error()) *answer = "error:" + result.error().message();
    else *answer = result.value().empty() ? "end" : "data:" + std::string(text_of(result.value()));
  });
  return answer;
}

TEST(ReadAll, gathers_ready_and_later_chunks) {
  auto source = std::make_shared<FakeSource>();
  std::string all;
  int answers = 0;
  source->push("ab");
  read_all(source, [&](Result<Bytes> result) {
    ++answers;
    all = text_of(result.value());
  });
  EXPECT_EQ(answers, 0);
  source->push("cd");
  source->push("");
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(all, "abcd");
}

TEST(ReadAll, a_long_run_of_ready_chunks_does_not_deepen_the_stack) {
  auto source = std::make_shared<FakeSource>();
  for (int i = 0; i < 200000; ++i) source->push("x");
  source->push("");
  size_t size = 0;
  read_all(source, [&](Result<Bytes> result) { size = result.value().size(); });
  EXPECT_EQ(size, 200000u);
}

TEST(ReadAll, an_error_is_the_answer) {
  auto source = std::make_shared<FakeSource>();
  source->push("ab");
  source->push(Error::io("reset by peer"));
  std::string message;
  read_all(source, [&](Result<Bytes> result) { message = result.error().message(); });
  EXPECT_EQ(message, "reset by peer");
}

TEST(ReadAll, what_the_account_does_not_allow_is_an_error_and_let_go_of) {
  auto account = std::make_shared<MemoryAccount>(10);
  auto source = std::make_shared<FakeSource>();
  std::string message;
  read_all(
      source, [&](Result<Bytes> result) { message = result.error().message(); }, account);
  source->push("0123456789");
  EXPECT_EQ(account->used_bytes(), 10u);
  EXPECT_EQ(message, "");
  source->push("x");
  EXPECT_EQ(message, too_much_memory().message());
  EXPECT_EQ(source->cancelled, message);
  EXPECT_EQ(account->used_bytes(), 0u);
}

TEST(TeeSource, what_waits_for_one_branch_is_on_the_account_until_it_is_read) {
  auto account = std::make_shared<MemoryAccount>(100);
  auto source = std::make_shared<FakeSource>();
  auto [first, second] = tee_source(source, account);
  source->push("one");
  source->push("three");
  EXPECT_EQ(*read(*first), "data:one");
  EXPECT_EQ(*read(*first), "data:three");
  EXPECT_EQ(account->used_bytes(), 8u);
  EXPECT_EQ(*read(*second), "data:one");
  EXPECT_EQ(account->used_bytes(), 5u);
  second->cancel(Error::failed("enough"));
  EXPECT_EQ(account->used_bytes(), 0u);
}

TEST(TeeSource, more_than_the_account_allows_is_an_error_for_both) {
  auto account = std::make_shared<MemoryAccount>(4);
  auto source = std::make_shared<FakeSource>();
  auto [first, second] = tee_source(source, account);
  for (auto* chunk : {"one", "two", "three"}) source->push(chunk);
  EXPECT_EQ(*read(*first), "data:one");
  EXPECT_EQ(*read(*first), "data:two");
  auto error = "error:" + std::string(too_much_memory().message());
  EXPECT_EQ(*read(*first), error);
  EXPECT_EQ(*read(*second), error);
  EXPECT_TRUE(source->cancelled);
  EXPECT_EQ(account->used_bytes(), 0u);
}

TEST(TeeSource, both_branches_get_everything_and_upstream_is_read_once) {
  auto source = std::make_shared<FakeSource>();
  auto [first, second] = tee_source(source);
  EXPECT_EQ(source->reads, 0);
  source->push("one");
  source->push("two");
  source->push("");
  EXPECT_EQ(*read(*first), "data:one");
  EXPECT_EQ(*read(*first), "data:two");
  EXPECT_EQ(*read(*second), "data:one");
  EXPECT_EQ(source->reads, 2);
  EXPECT_EQ(*read(*second), "data:two");
  EXPECT_EQ(*read(*second), "end");
  EXPECT_EQ(*read(*first), "end");
  EXPECT_EQ(source->reads, 3);
}

TEST(TeeSource, two_waiting_reads_share_one_upstream_read) {
  auto source = std::make_shared<FakeSource>();
  auto [first, second] = tee_source(source);
  auto a = read(*first);
  auto b = read(*second);
  EXPECT_EQ(source->reads, 1);
  source->push("x");
  EXPECT_EQ(*a, "data:x");
  EXPECT_EQ(*b, "data:x");
}

TEST(TeeSource, upstream_is_cancelled_when_both_branches_are) {
  auto source = std::make_shared<FakeSource>();
  auto [first, second] = tee_source(source);
  first->cancel(Error::failed("no"));
  EXPECT_FALSE(source->cancelled);
  source->push("x");
  EXPECT_EQ(*read(*second), "data:x");
  second->cancel(Error::failed("enough"));
  EXPECT_EQ(source->cancelled, "enough");
  EXPECT_EQ(*read(*second), "error:enough");
}

TEST(TeeSource, an_error_reaches_both) {
  auto source = std::make_shared<FakeSource>();
  auto [first, second] = tee_source(source);
  source->push(Error::io("reset"));
  EXPECT_EQ(*read(*first), "error:reset");
  EXPECT_EQ(*read(*second), "error:reset");
}

TEST(LinkSource, passes_on_and_tells_the_end) {
  auto source = std::make_shared<FakeSource>();
  std::string outcome;
  auto link =
      link_source(source, 3, [&](Result<void> result) { outcome = result.is_ok() ? "ok" : result.error().message(); });
  EXPECT_EQ(link->remaining_bytes(), 3u);
  source->push("abc");
  source->push("");
  EXPECT_EQ(*read(*link), "data:abc");
  EXPECT_EQ(link->remaining_bytes(), 0u);
  EXPECT_EQ(outcome, "");
  EXPECT_EQ(*read(*link), "end");
  EXPECT_EQ(outcome, "ok");
}

TEST(LinkSource, more_octets_than_promised_are_an_error_and_cancel_upstream) {
  auto source = std::make_shared<FakeSource>();
  std::string outcome;
  auto link = link_source(source, 2, [&](Result<void> result) { outcome = result.error().message(); });
  source->push("abc");
  EXPECT_EQ(*read(*link), "error:Attempt to write too many bytes through a FixedLengthStream.");
  EXPECT_EQ(outcome, "Attempt to write too many bytes through a FixedLengthStream.");
  EXPECT_EQ(source->cancelled, outcome);
  EXPECT_EQ(*read(*link), "error:" + outcome);
}

TEST(LinkSource, fewer_octets_than_promised_are_an_error) {
  auto source = std::make_shared<FakeSource>();
  std::string outcome;
  auto link = link_source(source, 2, [&](Result<void> result) { outcome = result.error().message(); });
  source->push("a");
  source->push("");
  EXPECT_EQ(*read(*link), "data:a");
  EXPECT_EQ(*read(*link), "error:FixedLengthStream did not see all expected bytes before close(): 1 are missing.");
}

TEST(LinkSource, cancelling_is_told_as_an_error) {
  auto source = std::make_shared<FakeSource>();
  std::string outcome;
  auto link = link_source(source, std::nullopt, [&](Result<void> result) { outcome = result.error().message(); });
  link->cancel(Error::failed("gone"));
  EXPECT_EQ(source->cancelled, "gone");
  EXPECT_EQ(outcome, "gone");
}

}  // namespace adit::web
