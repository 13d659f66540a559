#include "net/websocket/link.h"

#include <deque>
#include <variant>

#include "base/verify.h"

namespace adit::net {

namespace {

// One half of an in-memory pair. The incoming queue belongs to the receiving half; delivery is one event per deferred task, so
// that the listener may do anything in between.
class PairHalf final : public WebSocketLink, public std::enable_shared_from_this<PairHalf> {
 public:
  PairHalf(Loop& loop, std::shared_ptr<MemoryAccount> account) : m_loop(loop), m_charge(std::move(account)) {}
  ~PairHalf() override { abandon(); }

  static void join(const std::shared_ptr<PairHalf>& a, const std::shared_ptr<PairHalf>& b) {
    a->m_peer = b;
    b->m_peer = a;
  }

  void listen(std::shared_ptr<Listener> listener) override {
    VERIFY(!m_listener && listener);
    m_listener = std::move(listener);
    schedule();
  }

  void send(WebSocketMessage message) override {
    if (m_closed_outgoing) return;
    if (auto peer = m_peer.lock()) peer->push(std::move(message));
  }

  void close(uint16_t code, std::string reason) override {
    if (m_closed_outgoing) return;
    m_closed_outgoing = true;
    if (auto peer = m_peer.lock()) peer->push(WebSocketClose{code, std::move(reason), true});
  }

  void abort() override {
    abandon();
    m_incoming.clear();
    m_incoming_bytes = 0;
    m_charge.clear();
    m_listener.reset();
    m_finished = true;
  }

  size_t buffered_bytes() const override {
    auto peer = m_peer.lock();
    return peer ? peer->m_incoming_bytes : 0;
  }

  void pause() override { m_paused = true; }
  void resume() override {
    m_paused = false;
    schedule();
  }

 private:
  using Event = std::variant<WebSocketMessage, WebSocketClose>;

  static size_t size_of(const Event& event) {
    auto* message = std::get_if<WebSocketMessage>(&event);
    return sizeof(Event) + (message ? message->data.size() : 0);
  }

  // The far side must not wait for a Close that cannot come any more.
  void abandon() {
    if (std::exchange(m_closed_outgoing, true)) return;
    if (auto peer = m_peer.lock()) peer->push(WebSocketClose{1006, "", false});
  }

  void push(Event event) {
    if (m_finished) return;
    if (auto* message = std::get_if<WebSocketMessage>(&event)) m_incoming_bytes += message->data.size();
    m_charge.add(size_of(event));
    m_incoming.push_back(std::move(event));
    schedule();
  }

  void schedule() {
    if (m_scheduled || m_paused || !m_listener || m_incoming.empty()) return;
    m_scheduled = true;
    // The task keeps the half: a listener that nobody else holds still gets what was sent to it.
    m_loop.defer([self = shared_from_this()] { self->deliver(); });
  }

  void deliver() {
    m_scheduled = false;
    if (m_paused || !m_listener || m_incoming.empty()) return;
    auto event = std::move(m_incoming.front());
    m_incoming.pop_front();
    m_charge.remove(size_of(event));
    auto listener = m_listener;
    if (auto* message = std::get_if<WebSocketMessage>(&event)) {
      m_incoming_bytes -= message->data.size();
      bool drained = m_incoming_bytes == 0 && !message->data.empty();
      listener->on_message(std::move(*message));
      if (drained) tell_sender_of_drain();
    } else {
      m_finished = true;
      m_listener.reset();
      listener->on_close(std::get<WebSocketClose>(std::move(event)));
    }
    schedule();
  }

  void tell_sender_of_drain() {
    auto peer = m_peer.lock();
    if (!peer || !peer->m_listener) return;
    auto listener = peer->m_listener;
    listener->on_drain();
  }

  Loop& m_loop;
  std::weak_ptr<PairHalf> m_peer;
  std::shared_ptr<Listener> m_listener;
  std::deque<Event> m_incoming;
  size_t m_incoming_bytes = 0;
  MemoryCharge m_charge;  // what m_incoming holds
  bool m_closed_outgoing = false;
  bool m_finished = false;  // on_close was delivered, or this side gave up
  bool m_paused = false;
  bool m_scheduled = false;
};

constexpr size_t coupling_high_water_bytes = 1024 * 1024;

// Listens to one link and passes everything on to the other, holding it. The pair of forwarders and links is a cycle that ends
// with the on_close of each link, after which a link lets go of its listener.
class Forwarder final : public WebSocketLink::Listener {
 public:
  Forwarder(std::shared_ptr<WebSocketLink> from, std::shared_ptr<WebSocketLink> to)
      : m_from(std::move(from)), m_to(std::move(to)) {}

  void on_message(WebSocketMessage message) override {
    m_to->send(std::move(message));
    if (m_to->buffered_bytes() > coupling_high_water_bytes) m_from->pause();
  }
  void on_close(WebSocketClose close) override {
    if (close.was_clean) m_to->close(close.code, std::move(close.reason));
    else m_to->abort();
  }
  // What goes towards `from` has drained: whoever feeds it, the other link, may go on.
  void on_drain() override { m_to->resume(); }

 private:
  std::shared_ptr<WebSocketLink> m_from;
  std::shared_ptr<WebSocketLink> m_to;
};

}  // namespace

std::pair<std::shared_ptr<WebSocketLink>, std::shared_ptr<WebSocketLink>> make_websocket_pair(
    Loop& loop, std::shared_ptr<MemoryAccount> account) {
  auto a = std::make_shared<PairHalf>(loop, account);
  auto b = std::make_shared<PairHalf>(loop, std::move(account));
  PairHalf::join(a, b);
  return {std::move(a), std::move(b)};
}

void couple_websockets(std::shared_ptr<WebSocketLink> a, std::shared_ptr<WebSocketLink> b) {
  a->listen(std::make_shared<Forwarder>(a, b));
  b->listen(std::make_shared<Forwarder>(b, a));
}

}  // namespace adit::net
