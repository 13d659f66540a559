// SocketPoll: readiness of one socket that somebody else (libcurl) owns. Owner: the loop's thread.
// Invariant: no callback after destruction; destroyed before the socket is closed.
#pragma once

#include <memory>

#include "net/loop.h"

namespace adit::net {

class SocketPoll {
 public:
  // events: UV_READABLE and UV_WRITABLE, or both when the socket has failed.
  static Result<std::unique_ptr<SocketPoll>> create(Loop& loop, int socket, Function<void(int events)> callback);
  ~SocketPoll();
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;
  // 0: none.
  void watch(int events);

 private:
  struct State;
  explicit SocketPoll(State* state) : m_state(state) {}
  State* m_state;  // freed when libuv has reported its close
};

}  // namespace adit::net
