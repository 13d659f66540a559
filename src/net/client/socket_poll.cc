#include "net/client/socket_poll.h"

namespace adit::net {

struct SocketPoll::State {
  uv_poll_t poll{};
  Function<void(int)> callback;
  bool closed = false;
};

Result<std::unique_ptr<SocketPoll>> SocketPoll::create(Loop& loop, int socket, Function<void(int events)> callback) {
  auto state = std::make_unique<State>();
  if (int code = uv_poll_init_socket(loop.uv(), &state->poll, socket); code != 0)
    return Error::from_errno("watch a socket", -code);
  state->callback = std::move(callback);
  state->poll.data = state.get();
  return std::unique_ptr<SocketPoll>(new SocketPoll(state.release()));
}

SocketPoll::~SocketPoll() {
  m_state->closed = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&m_state->poll),
           [](uv_handle_t* handle) { std::unique_ptr<State> owned(static_cast<State*>(handle->data)); });
}

void SocketPoll::watch(int events) {
  if (events == 0) {
    uv_poll_stop(&m_state->poll);
    return;
  }
  int code = uv_poll_start(&m_state->poll, events, [](uv_poll_t* poll, int status, int ready) {
    // The state outlives the callback even when the callback destroys the SocketPoll: libuv frees it later.
    auto* state = static_cast<State*>(poll->data);
    if (!state->closed) state->callback(status < 0 ? UV_READABLE | UV_WRITABLE : ready);
  });
  VERIFY(code == 0);
}

}  // namespace adit::net
