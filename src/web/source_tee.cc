// tee_source: one upstream, two readers. Owner: one shard's thread.
// Invariants: at most one upstream read is outstanding; a branch's queue holds what the other branch read and it did not yet; upstream is
// only read when a branch that wants a chunk has none queued.
#include <array>
#include <deque>

#include "web/source_ops.h"

namespace adit::web {

namespace {

class Tee final : public std::enable_shared_from_this<Tee> {
 public:
  Tee(std::shared_ptr<net::ByteSource> upstream, std::shared_ptr<MemoryAccount> account)
      : m_upstream(std::move(upstream)), m_charge(std::move(account)) {}

  void read(int index, net::ReadCallback callback) {
    auto& branch = m_branches[index];
    VERIFY(!branch.reader);
    if (branch.cancelled) return callback(*branch.cancelled);
    if (!branch.queue.empty()) return callback(take(branch));
    if (m_outcome) return callback(m_outcome->is_error() ? Result<Bytes>(m_outcome->error()) : Result<Bytes>(Bytes{}));
    branch.reader = std::move(callback);
    pull();
  }

  void cancel(int index, Error reason) {
    auto& branch = m_branches[index];
    if (branch.cancelled) return;
    branch.cancelled = reason;
    while (!branch.queue.empty()) take(branch);
    auto reader = std::exchange(branch.reader, nullptr);
    if (m_branches[1 - index].cancelled) m_upstream->cancel(reason);
    if (reader) reader(Error(ErrorKind::aborted, reason.message()));
  }

  std::optional<uint64_t> remaining_bytes(int index) const {
    auto upstream = m_upstream->remaining_bytes();
    if (!upstream || m_pulling) return std::nullopt;
    uint64_t total = *upstream;
    for (const auto& chunk : m_branches[index].queue) total += chunk.size();
    return total;
  }

 private:
  struct Branch {
    std::deque<Bytes> queue;
    net::ReadCallback reader;
    std::optional<Error> cancelled;
  };

  Bytes take(Branch& branch) {
    auto chunk = std::move(branch.queue.front());
    branch.queue.pop_front();
    m_charge.remove(chunk.size());
    return chunk;
  }

  void pull() {
    if (m_pulling) return;
    m_pulling = true;
    m_upstream->read([self = shared_from_this()](Result<Bytes> result) { self->deliver(std::move(result)); });
  }

  void deliver(Result<Bytes> result) {
    m_pulling = false;
    if (result.is_ok() && m_charge.is_over()) {
      m_upstream->cancel(too_much_memory());
      result = too_much_memory();
      for (auto& branch : m_branches)
        while (!branch.queue.empty()) take(branch);
    }
    if (result.is_error()) m_outcome = Result<void>(result.error());
    else if (result.value().empty()) m_outcome = Result<void>();
    std::array<net::ReadCallback, 2> readers{std::exchange(m_branches[0].reader, nullptr),
                                             std::exchange(m_branches[1].reader, nullptr)};
    if (!m_outcome) keep_for_absent_reader(readers, result.value());
    for (auto& reader : readers)
      if (reader) reader(result.is_error() ? Result<Bytes>(result.error()) : Result<Bytes>(result.value()));
  }

  void keep_for_absent_reader(const std::array<net::ReadCallback, 2>& readers, const Bytes& chunk) {
    for (int index = 0; index < 2; ++index)
      if (!readers[index] && !m_branches[index].cancelled) {
        m_branches[index].queue.push_back(chunk);
        m_charge.add(chunk.size());
      }
  }

  std::shared_ptr<net::ByteSource> m_upstream;
  std::array<Branch, 2> m_branches;
  std::optional<Result<void>> m_outcome;
  bool m_pulling = false;
  MemoryCharge m_charge;  // of both queues
};

class TeeBranch final : public net::ByteSource {
 public:
  TeeBranch(std::shared_ptr<Tee> tee, int index) : m_tee(std::move(tee)), m_index(index) {}
  void read(net::ReadCallback callback) override { m_tee->read(m_index, std::move(callback)); }
  void cancel(Error reason) override { m_tee->cancel(m_index, std::move(reason)); }
  std::optional<uint64_t> remaining_bytes() const override { return m_tee->remaining_bytes(m_index); }

 private:
  std::shared_ptr<Tee> m_tee;
  int m_index;
};

}  // namespace

std::pair<std::shared_ptr<net::ByteSource>, std::shared_ptr<net::ByteSource>> tee_source(
    std::shared_ptr<net::ByteSource> upstream, std::shared_ptr<MemoryAccount> account) {
  auto tee = std::make_shared<Tee>(std::move(upstream), std::move(account));
  return {std::make_shared<TeeBranch>(tee, 0), std::make_shared<TeeBranch>(tee, 1)};
}

}  // namespace adit::web
