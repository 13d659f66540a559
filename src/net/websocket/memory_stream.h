// Two joined Streams in memory, for tests: what one writes, the other reads from the loop. Owner: the loop's thread.
// Invariant: keeps Stream's contract: callbacks come from the loop only, buffered_bytes() falls when the other side has read.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "net/loop.h"
#include "net/stream.h"

namespace adit::net {

class MemoryStream final : public Stream {
 public:
  static std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> create_pair(Loop& loop) {
    auto a = std::make_shared<Side>(loop);
    auto b = std::make_shared<Side>(loop);
    a->peer = b;
    b->peer = a;
    return {std::unique_ptr<MemoryStream>(new MemoryStream(a)), std::unique_ptr<MemoryStream>(new MemoryStream(b))};
  }
  ~MemoryStream() override { close(); }

  void set_listener(Listener* listener) override { m_side->listener = listener; }
  void start_reading() override {
    m_side->is_reading = true;
    m_side->schedule();
  }
  void stop_reading() override { m_side->is_reading = false; }
  void write(std::span<const BytesView> buffers) override {
    for (auto buffer : buffers) write(copy_bytes(buffer));
  }
  void write(Bytes data) override {
    auto peer = m_side->peer.lock();
    if (m_side->shut || data.empty()) return;
    if (!peer || peer->closed) return m_side->break_later();
    peer->waiting_bytes += data.size();
    peer->waiting.push_back(std::move(data));
    peer->schedule();
  }
  size_t buffered_bytes() const override {
    auto peer = m_side->peer.lock();
    return peer ? peer->waiting_bytes : 0;
  }
  void shutdown() override {
    if (std::exchange(m_side->shut, true)) return;
    if (auto peer = m_side->peer.lock()) peer->end();
  }
  void close() override {
    m_side->listener = nullptr;
    m_side->closed = true;
    shutdown();
  }
  PeerAddress peer_address() const override { return {}; }

 private:
  struct Side : std::enable_shared_from_this<Side> {
    explicit Side(Loop& owner) : loop(owner) {}
    void schedule() {
      if (std::exchange(scheduled, true)) return;
      loop.defer([self = shared_from_this()] { self->run(); });
    }
    void end() {
      ended = true;
      schedule();
    }
    void break_later() {
      loop.defer([self = shared_from_this()] {
        if (self->listener) self->listener->on_error(Error(ErrorKind::network, "the other side is closed"));
      });
    }
    void run() {
      scheduled = false;
      if (!is_reading || !listener) return;
      if (!waiting.empty()) {
        auto data = std::move(waiting.front());
        waiting.pop_front();
        waiting_bytes -= data.size();
        if (auto sender = peer.lock(); sender && waiting_bytes == 0)
          loop.defer([sender] {
            if (sender->listener) sender->listener->on_drain();
          });
        schedule();
        listener->on_data(data);
      } else if (ended && !std::exchange(end_told, true)) {
        listener->on_end();
      }
    }

    Loop& loop;
    std::weak_ptr<Side> peer;
    Listener* listener = nullptr;
    std::deque<Bytes> waiting;
    size_t waiting_bytes = 0;
    bool is_reading = false, scheduled = false, ended = false, end_told = false, shut = false, closed = false;
  };

  explicit MemoryStream(std::shared_ptr<Side> side) : m_side(std::move(side)) {}
  std::shared_ptr<Side> m_side;
};

}  // namespace adit::net
