#include "bindings/durable_object/hibernation.h"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/durable_object/object_host.h"

namespace adit::bindings::durable_object {
namespace {

constexpr size_t high_water_bytes = 1024 * 1024;
// That messages without content are counted too.
constexpr size_t event_bytes = 64;

}  // namespace

bool HibernatedSocket::has_tag(std::string_view tag) const {
  return std::find(m_tags.begin(), m_tags.end(), tag) != m_tags.end();
}

void HibernatedSocket::handled(size_t octets) {
  m_waiting_bytes -= octets;
  if (m_is_paused && m_waiting_bytes <= high_water_bytes / 2) {
    m_is_paused = false;
    m_link->resume();
  }
}

void HibernatedSocket::on_message(net::WebSocketMessage message) {
  auto sockets = m_sockets.lock();
  if (!sockets) return;
  const auto& pair = sockets->auto_response();
  if (pair && message.is_text && text_of(message.data) == pair->request) {
    m_auto_responded_ms = sockets->m_host.unix_ms();
    if (!m_is_closed_out) m_link->send({true, copy_bytes(pair->response)});
    return;
  }
  m_waiting_bytes += message.data.size() + event_bytes;
  if (m_waiting_bytes > high_water_bytes && !m_is_paused) {
    m_is_paused = true;
    m_link->pause();
  }
  sockets->received(shared_from_this(), std::move(message));
}

void HibernatedSocket::on_close(net::WebSocketClose close) {
  m_is_closed_in = true;
  m_is_lost = !close.was_clean;
  if (auto sockets = m_sockets.lock()) sockets->closed(shared_from_this(), std::move(close));
}

Result<std::shared_ptr<HibernatedSocket>> HibernatedSockets::accept(std::shared_ptr<net::WebSocketLink> link,
                                                                    std::vector<std::string> tags,
                                                                    std::optional<Bytes> attachment) {
  if (m_sockets.size() >= max_sockets)
    return Error::failed(
        fmt::format("A Durable Object cannot have more than {} Hibernatable WebSockets.", max_sockets));
  auto socket = std::make_shared<HibernatedSocket>(weak_from_this(), ++m_numbers, link, std::move(tags));
  if (attachment) socket->set_attachment(std::move(*attachment));
  m_sockets.push_back(socket);
  link->listen(socket);
  return socket;
}

std::vector<uint32_t> HibernatedSockets::numbers(const std::optional<std::string>& tag) const {
  std::vector<uint32_t> numbers;
  for (auto socket = m_sockets.rbegin(); socket != m_sockets.rend(); ++socket)
    if (!tag || (*socket)->has_tag(*tag)) numbers.push_back((*socket)->number());
  return numbers;
}

std::shared_ptr<HibernatedSocket> HibernatedSockets::find(uint32_t number) const {
  auto found = std::lower_bound(m_sockets.begin(), m_sockets.end(), number,
                                [](const auto& socket, uint32_t wanted) { return socket->number() < wanted; });
  return found != m_sockets.end() && (*found)->number() == number ? *found : nullptr;
}

void HibernatedSockets::remove(const HibernatedSocket& socket) {
  auto number = socket.number();
  auto found = std::lower_bound(m_sockets.begin(), m_sockets.end(), number,
                                [](const auto& known, uint32_t wanted) { return known->number() < wanted; });
  if (found != m_sockets.end() && found->get() == &socket) m_sockets.erase(found);
}

void HibernatedSockets::drop() {
  for (auto& socket : std::exchange(m_sockets, {})) socket->link()->abort();
}

void HibernatedSockets::received(std::shared_ptr<HibernatedSocket> socket, net::WebSocketMessage message) {
  ObjectCall call;
  call.kind = EventKind::socket_message;
  auto octets = message.data.size() + event_bytes;
  call.done = [&host = m_host, socket, octets](Outcome outcome) {
    host.socket_event_ended(outcome, "webSocketMessage");
    socket->handled(octets);
  };
  call.socket = std::make_unique<SocketEvent>(SocketEvent{std::move(socket), std::move(message), {}});
  m_host.deliver(m_address, std::move(call));
}

// A connection that was lost is closed with 1006; an error is what the other side did against the protocol.
void HibernatedSockets::closed(std::shared_ptr<HibernatedSocket> socket, net::WebSocketClose close) {
  ObjectCall call;
  bool is_error = !close.was_clean && close.code != 1006;
  call.kind = is_error ? EventKind::socket_error : EventKind::socket_close;
  call.done = [&host = m_host, weak = weak_from_this(), socket, is_error](Outcome outcome) {
    host.socket_event_ended(outcome, is_error ? "webSocketError" : "webSocketClose");
    if (auto self = weak.lock()) self->remove(*socket);
  };
  call.socket = std::make_unique<SocketEvent>(SocketEvent{std::move(socket), {}, std::move(close)});
  m_host.deliver(m_address, std::move(call));
}

}  // namespace adit::bindings::durable_object
