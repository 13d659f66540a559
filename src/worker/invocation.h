// An invocation: one entry into a worker's code (a request, a scheduled event, an object's event) with its limits, pending work and reply.
// Invocations live in a table per isolate; their id travels with the code through promises (js::Isolate::current_invocation).
// Owner: the isolate's shard. Invariant: an id of a finished invocation is never mistaken for a later one (generation in the id).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/function.h"
#include "base/result.h"
#include "net/http/exchange.h"
#include "net/loop.h"
#include "net/websocket/link.h"
#include "web/invocation_limits.h"
#include "worker/rpc_message.h"

namespace adit::worker {

using BodyValue = std::variant<std::monostate, Bytes, std::shared_ptr<net::ByteSource>>;

// A request or response as it travels between invocations (stubs, service bindings), also across shards.
struct RequestMessage {
  std::string method;
  std::string url;
  std::string header_block;  // "name\0value\0..."
  BodyValue body;
  RpcAttachments attachments = {};  // of an RPC call, whose body are its octets
};

struct ResponseMessage {
  int status = 200;
  std::string status_text;
  std::string header_lines;  // "name: value\r\n..."
  BodyValue body;
  std::shared_ptr<net::WebSocketLink> websocket;  // of Response.webSocket, else null
  RpcAttachments attachments = {};                // of an RPC result, whose body are its octets
};

using Reply = Function<void(Result<ResponseMessage>)>;

// Begins once another connection of the same round has its answer.
struct WaitingConnection {
  uint32_t round = 0;
  Function<void(web::ConnectionSlot)> begin;
};

struct Invocation {
  std::shared_ptr<net::HttpExchange> exchange;  // of a request from the network
  Reply reply;                                  // of a call from another invocation
  Function<void(Error)> on_stopped;             // of a standing invocation (WorkerIsolate::begin_standing)
  int32_t generation = 0;
  int pending = 0;  // native promises, timers and connections that can still wake it
  int waiting = 0;  // waitUntil() promises that have not settled
  int lent = 0;     // what it gave away that still leads back to it: RPC exports, streams of RPC results
  bool active = false;
  bool responded = false;
  bool pass_through = false;         // passThroughOnException() was called
  bool streaming = false;            // the response's body is still on its way
  bool keeps_timers = false;         // its timers outlive it: an object's, or those of an open WebSocket
  bool can_hang = false;             // hang detection applies: nothing but its own pending work can answer it
  bool uses_rpc = false;             // the shard's RpcTable knows it
  bool touched = false;              // in the table's list of this turn
  bool is_held = false;              // a standing one: nothing happens to it until it is released
  std::list<Function<void()>> held;  // what happens then, in order; a list, because most invocations have none
  uint32_t subrequests = 0;          // begun so far
  uint32_t logged_bytes = 0;
  uint32_t connections = 0;                          // of this round, that wait for the head of their answer
  uint32_t connection_round = 0;                     // of an object's: its events so far
  std::list<WaitingConnection> waiting_connections;  // first come, first served; of several rounds, maybe
  int64_t cpu_ns = 0;
  int64_t started_ns = 0;
  net::Timer wait_limit;  // waitUntil's 30 s after the response
};

class InvocationTable {
 public:
  int32_t begin();
  // Null when the invocation has ended.
  Invocation* find(int32_t id) { return const_cast<Invocation*>(std::as_const(*this).find(id)); }
  const Invocation* find(int32_t id) const {
    if (id < 0) return nullptr;
    auto slot = static_cast<size_t>(id & ((1 << slot_bits) - 1));
    if (slot >= m_slot_count) return nullptr;
    const auto* invocation = &at(slot);
    return invocation->active && invocation->generation == id >> slot_bits ? invocation : nullptr;
  }
  void end(int32_t id);
  size_t active_count() const { return m_active_count; }
  template <typename F>
  void for_each(F&& visit) {
    for (size_t i = 0; i < m_slot_count; ++i)
      if (at(i).active) visit(id_of(i), at(i));
  }

 private:
  // 20 bits of slot, 10 of generation: a positive small integer for V8.
  static constexpr int32_t slot_bits = 20;
  int32_t id_of(size_t slot) const { return static_cast<int32_t>(slot) | (at(slot).generation << slot_bits); }
  // Slots are kept for the next ones, and side by side: each by itself would keep a page of what else was allocated while there were many.
  static constexpr size_t block_size = 64;
  using Block = std::array<Invocation, block_size>;
  Invocation& at(size_t slot) { return (*m_blocks[slot / block_size])[slot % block_size]; }
  const Invocation& at(size_t slot) const { return (*m_blocks[slot / block_size])[slot % block_size]; }
  std::vector<std::unique_ptr<Block>> m_blocks;
  size_t m_slot_count = 0;
  std::vector<int32_t> m_free;
  size_t m_active_count = 0;
};

}  // namespace adit::worker
