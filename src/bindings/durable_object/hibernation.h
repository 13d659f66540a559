// WebSockets that outlive their object's time in memory (ctx.acceptWebSocket): what comes in is an event of the object, which wakes it.
// Owner: the object's shard; the host has one HibernatedSockets per object with such sockets, whether it is in memory or not; JavaScript holds
// single sockets. Lifecycle: a socket belongs to the set until its close has been handled, or drop(), which the object's reset, new code and the
// shard's end call. Invariant: what comes in is delivered in order, one event per message, and what waits is bounded by pausing the link.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/durable_object/classes.h"
#include "net/websocket/link.h"

namespace adit::bindings::durable_object {

class HibernatedSockets;
class ObjectHost;

class HibernatedSocket final : public net::WebSocketLink::Listener,
                               public std::enable_shared_from_this<HibernatedSocket> {
 public:
  HibernatedSocket(std::weak_ptr<HibernatedSockets> sockets, uint32_t number, std::shared_ptr<net::WebSocketLink> link,
                   std::vector<std::string> tags)
      : m_sockets(std::move(sockets)), m_number(number), m_link(std::move(link)), m_tags(std::move(tags)) {}

  uint32_t number() const { return m_number; }
  const std::shared_ptr<net::WebSocketLink>& link() const { return m_link; }
  const std::vector<std::string>& tags() const { return m_tags; }
  bool has_tag(std::string_view tag) const;
  // What serializeAttachment() kept.
  const std::optional<Bytes>& attachment() const { return m_attachment; }
  void set_attachment(Bytes octets) { m_attachment = std::move(octets); }
  // Unix time in milliseconds of the last automatic response.
  std::optional<int64_t> auto_responded_ms() const { return m_auto_responded_ms; }

  // The object closes it; the Close itself leaves through the output gate.
  void closing() { m_is_closed_out = true; }
  bool is_closed_out() const { return m_is_closed_out; }
  bool is_closed_in() const { return m_is_closed_in; }
  bool is_lost() const { return m_is_lost; }
  // An event of so many octets has been handled.
  void handled(size_t octets);

  // Listener
  void on_message(net::WebSocketMessage message) override;
  void on_close(net::WebSocketClose close) override;

 private:
  std::weak_ptr<HibernatedSockets> m_sockets;
  uint32_t m_number;
  std::shared_ptr<net::WebSocketLink> m_link;
  std::vector<std::string> m_tags;
  std::optional<Bytes> m_attachment;
  std::optional<int64_t> m_auto_responded_ms;
  size_t m_waiting_bytes = 0;
  bool m_is_paused = false;
  bool m_is_closed_out = false;
  bool m_is_closed_in = false;
  bool m_is_lost = false;
};

// What a socket's event tells the object.
struct SocketEvent {
  std::shared_ptr<HibernatedSocket> socket;
  net::WebSocketMessage message;
  net::WebSocketClose close;
};

struct AutoResponse {
  std::string request;
  std::string response;
};

class HibernatedSockets final : public std::enable_shared_from_this<HibernatedSockets> {
 public:
  // Workers' documented limits.
  static constexpr size_t max_sockets = 32'768;
  static constexpr size_t max_tags = 10;
  static constexpr size_t max_tag_length = 256;  // UTF-16 units
  static constexpr size_t max_auto_response_bytes = 2048;

  HibernatedSockets(ObjectHost& host, ObjectAddress address) : m_host(host), m_address(std::move(address)) {}

  // Nobody listened to the link before.
  Result<std::shared_ptr<HibernatedSocket>> accept(std::shared_ptr<net::WebSocketLink> link,
                                                   std::vector<std::string> tags, std::optional<Bytes> attachment);
  // The newest first, as Workers have it.
  std::vector<uint32_t> numbers(const std::optional<std::string>& tag) const;
  std::shared_ptr<HibernatedSocket> find(uint32_t number) const;
  void remove(const HibernatedSocket& socket);
  bool is_empty() const { return m_sockets.empty(); }
  // They are lost to the other side.
  void drop();
  const ObjectAddress& address() const { return m_address; }

  const std::optional<AutoResponse>& auto_response() const { return m_auto_response; }
  void set_auto_response(std::optional<AutoResponse> pair) { m_auto_response = std::move(pair); }
  // How long an event may take; 0: as long as any.
  uint32_t event_timeout_ms() const { return m_event_timeout_ms; }
  void set_event_timeout_ms(uint32_t timeout_ms) { m_event_timeout_ms = timeout_ms; }

 private:
  friend class HibernatedSocket;
  void received(std::shared_ptr<HibernatedSocket> socket, net::WebSocketMessage message);
  void closed(std::shared_ptr<HibernatedSocket> socket, net::WebSocketClose close);

  ObjectHost& m_host;
  ObjectAddress m_address;
  std::vector<std::shared_ptr<HibernatedSocket>> m_sockets;  // in order of number
  uint32_t m_numbers = 0;
  std::optional<AutoResponse> m_auto_response;
  uint32_t m_event_timeout_ms = 0;
};

}  // namespace adit::bindings::durable_object
