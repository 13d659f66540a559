#include "worker/remote_websocket.h"

#include <deque>
#include <variant>

#include "worker/shard.h"

namespace adit::worker {
namespace {

constexpr size_t high_water_bytes = 1024 * 1024;

// The half on the link's own shard: listens to it and passes on, both ways.
class HomeEnd final : public RemoteEnd,
                      public net::WebSocketLink::Listener,
                      public std::enable_shared_from_this<HomeEnd> {
 public:
  HomeEnd(Shard& shard, std::shared_ptr<net::WebSocketLink> link) : m_shard(shard), m_link(std::move(link)) {}
  void set_number(uint64_t number) { m_number = number; }

  // From the other shard.
  void listen(size_t shard, uint64_t far_end) {
    m_far_shard = shard;
    m_far_end = far_end;
    m_link->listen(shared_from_this());
  }
  void send(net::WebSocketMessage message) {
    m_unacknowledged_bytes += message.data.size();
    m_link->send(std::move(message));
    if (m_link->buffered_bytes() <= high_water_bytes) acknowledge();
  }
  void close(uint16_t code, std::string reason) {
    m_closed_out = true;
    m_link->close(code, std::move(reason));
  }
  // The other shard is done with the link: if it has not closed, it is lost to the other side. The link, which holds its listener, lets go too.
  void end() override {
    auto self = shared_from_this();
    if (!m_closed_in || !m_closed_out) m_link->abort();
    m_shard.remote_ends().remove(m_number);
  }
  void delivered(size_t bytes) {
    m_under_way_bytes -= bytes;
    if (m_is_paused && m_under_way_bytes <= high_water_bytes / 2) {
      m_is_paused = false;
      m_link->resume();
    }
  }

  // Listener
  void on_message(net::WebSocketMessage message) override;
  void on_close(net::WebSocketClose close) override;
  void on_drain() override { acknowledge(); }

 private:
  void acknowledge();

  Shard& m_shard;
  std::shared_ptr<net::WebSocketLink> m_link;
  uint64_t m_number = 0;
  size_t m_far_shard = 0;
  uint64_t m_far_end = 0;
  size_t m_under_way_bytes = 0;
  size_t m_unacknowledged_bytes = 0;
  bool m_is_paused = false;
  bool m_closed_in = false;
  bool m_closed_out = false;
};

// The half that stands for the link on the other shard.
class FarLink final : public net::WebSocketLink, public std::enable_shared_from_this<FarLink> {
 public:
  // What the registry holds, so that only its users keep the link alive.
  struct End final : RemoteEnd {
    explicit End(std::weak_ptr<FarLink> far) : link(std::move(far)) {}
    void end() override {
      if (auto far = link.lock()) far->lost();
    }
    std::weak_ptr<FarLink> link;
  };

  FarLink(Shard& shard, const RemoteWebSocketAddress& address) : m_shard(shard), m_address(address) {}
  ~FarLink() override {
    if (m_number) m_shard.remote_ends().remove(m_number);
    let_go();
  }

  void listen(std::shared_ptr<Listener> listener) override {
    VERIFY(!m_listener && listener);
    m_listener = std::move(listener);
    m_number = m_shard.remote_ends().add(std::make_shared<End>(weak_from_this()));
    tell_home([shard = m_shard.index(), number = m_number](HomeEnd& home) { home.listen(shard, number); });
  }
  void send(net::WebSocketMessage message) override {
    if (m_closed_outgoing) return;
    m_buffered_bytes += message.data.size();
    tell_home([message = std::move(message)](HomeEnd& home) mutable { home.send(std::move(message)); });
  }
  void close(uint16_t code, std::string reason) override {
    if (std::exchange(m_closed_outgoing, true)) return;
    tell_home([code, reason = std::move(reason)](HomeEnd& home) mutable { home.close(code, std::move(reason)); });
  }
  void abort() override {
    let_go();
    m_closed_outgoing = m_finished = true;
    m_waiting.clear();
    m_listener.reset();
  }
  // This shard stops: whoever listens must not wait for the other one.
  void lost() {
    m_let_go = m_closed_outgoing = true;
    m_waiting.clear();
    if (std::exchange(m_finished, true)) return;
    if (auto listener = std::exchange(m_listener, nullptr)) listener->on_close({1006, "", false});
  }
  size_t buffered_bytes() const override { return m_buffered_bytes; }
  void pause() override { m_is_paused = true; }
  void resume() override {
    m_is_paused = false;
    schedule();
  }

  // From the link's own shard.
  using Event = std::variant<net::WebSocketMessage, net::WebSocketClose>;
  void arrived(Event event) {
    if (m_finished) return;
    m_waiting.push_back(std::move(event));
    deliver();
  }
  void acknowledged(size_t bytes) {
    m_buffered_bytes -= bytes;
    if (m_buffered_bytes > 0 || !m_listener) return;
    auto listener = m_listener;
    listener->on_drain();
  }

 private:
  void deliver() {
    while (!m_is_paused && m_listener && !m_waiting.empty()) {
      auto event = std::move(m_waiting.front());
      m_waiting.pop_front();
      auto listener = m_listener;
      if (auto* message = std::get_if<net::WebSocketMessage>(&event)) {
        tell_home([bytes = message->data.size()](HomeEnd& home) { home.delivered(bytes); });
        listener->on_message(std::move(*message));
        continue;
      }
      m_finished = true;
      m_listener.reset();
      listener->on_close(std::get<net::WebSocketClose>(std::move(event)));
    }
  }
  // resume() may be called from inside a callback of this link or of the one it is coupled to.
  void schedule() {
    if (m_scheduled || m_waiting.empty()) return;
    m_scheduled = true;
    m_shard.loop().defer([self = shared_from_this()] {
      self->m_scheduled = false;
      self->deliver();
    });
  }
  void let_go() {
    if (std::exchange(m_let_go, true)) return;
    tell_home([](HomeEnd& home) { home.end(); });
  }
  template <typename Work>
  void tell_home(Work work) {
    m_shard.post_to(m_address.shard, [end = m_address.end, work = std::move(work)](Shard& shard) mutable {
      if (auto home = shard.remote_ends().find<HomeEnd>(end)) work(*home);
    });
  }

  Shard& m_shard;
  RemoteWebSocketAddress m_address;
  std::shared_ptr<Listener> m_listener;
  std::deque<Event> m_waiting;
  uint64_t m_number = 0;
  size_t m_buffered_bytes = 0;
  bool m_closed_outgoing = false;
  bool m_finished = false;  // the close was delivered, or this side gave up
  bool m_is_paused = false;
  bool m_scheduled = false;
  bool m_let_go = false;
};

template <typename Work>
void tell_far(Shard& shard, size_t far_shard, uint64_t far_end, Work work) {
  shard.post_to(far_shard, [far_end, work = std::move(work)](Shard& there) mutable {
    auto end = there.remote_ends().find<FarLink::End>(far_end);
    if (auto link = end ? end->link.lock() : nullptr) work(*link);
  });
}

void HomeEnd::on_message(net::WebSocketMessage message) {
  m_under_way_bytes += message.data.size();
  if (m_under_way_bytes > high_water_bytes && !m_is_paused) {
    m_is_paused = true;
    m_link->pause();
  }
  tell_far(m_shard, m_far_shard, m_far_end,
           [message = std::move(message)](FarLink& link) mutable { link.arrived(std::move(message)); });
}

void HomeEnd::on_close(net::WebSocketClose close) {
  // The other shard may still answer with its own close, so this half stays until it lets go.
  m_closed_in = true;
  if (!close.was_clean) m_closed_out = true;
  tell_far(m_shard, m_far_shard, m_far_end,
           [close = std::move(close)](FarLink& link) mutable { link.arrived(std::move(close)); });
}

void HomeEnd::acknowledge() {
  if (m_unacknowledged_bytes == 0) return;
  tell_far(m_shard, m_far_shard, m_far_end,
           [bytes = std::exchange(m_unacknowledged_bytes, 0)](FarLink& link) { link.acknowledged(bytes); });
}

}  // namespace

RemoteWebSocketAddress export_websocket(Shard& home, std::shared_ptr<net::WebSocketLink> link) {
  auto end = std::make_shared<HomeEnd>(home, std::move(link));
  auto number = home.remote_ends().add(end);
  end->set_number(number);
  return {home.index(), number};
}

std::shared_ptr<net::WebSocketLink> import_websocket(Shard& here, const RemoteWebSocketAddress& address) {
  return std::make_shared<FarLink>(here, address);
}

}  // namespace adit::worker
