#include "net/client/curl_multi.h"

#include "base/verify.h"

namespace adit::net {

Result<std::unique_ptr<CurlMulti>> CurlMulti::create(Loop& loop, long max_idle_connections) {
  // Counted and, since 7.84, thread-safe: one call per shard, undone in the destructor.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return Error::failed("libcurl does not start");
  std::unique_ptr<CurlMulti> self(new CurlMulti(loop));
  self->m_multi = curl_multi_init();
  if (!self->m_multi) return Error::failed("libcurl does not start");
  curl_multi_setopt(self->m_multi, CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket);
  curl_multi_setopt(self->m_multi, CURLMOPT_SOCKETDATA, self.get());
  curl_multi_setopt(self->m_multi, CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timer);
  curl_multi_setopt(self->m_multi, CURLMOPT_TIMERDATA, self.get());
  curl_multi_setopt(self->m_multi, CURLMOPT_MAXCONNECTS, max_idle_connections);
  return self;
}

CurlMulti::~CurlMulti() {
  m_settling = true;  // nobody is told any more
  auto entries = std::exchange(m_entries, {});
  for (auto& [easy, entry] : entries) curl_multi_remove_handle(m_multi, easy);
  entries.clear();
  if (m_multi) curl_multi_cleanup(m_multi);
  curl_global_cleanup();
}

int CurlMulti::on_socket(CURL*, curl_socket_t socket, int what, void* self_pointer, void*) {
  auto* self = static_cast<CurlMulti*>(self_pointer);
  if (what == CURL_POLL_REMOVE) {
    self->m_polls.erase(socket);
    return 0;
  }
  auto& poll = self->m_polls[socket];
  if (!poll) {
    auto created = SocketPoll::create(self->m_loop, socket, [self, socket](int events) {
      self->act(socket, ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                            ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0));
    });
    if (created.is_error()) {
      self->m_polls.erase(socket);
      return -1;
    }
    poll = std::move(created).value();
  }
  poll->watch(((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0));
  return 0;
}

int CurlMulti::on_timer(CURLM*, long timeout_ms, void* self_pointer) {
  auto* self = static_cast<CurlMulti*>(self_pointer);
  if (timeout_ms < 0) self->m_timer = Timer();
  else
    self->m_timer =
        self->m_loop.after(static_cast<uint64_t>(timeout_ms), [self] { self->act(CURL_SOCKET_TIMEOUT, 0); });
  return 0;
}

void CurlMulti::act(curl_socket_t socket, int events) {
  Action action(*this);
  int running = 0;
  curl_multi_socket_action(m_multi, socket, events, &running);
}

Result<void> CurlMulti::add(CURL* easy, std::shared_ptr<CurlTask> task, bool keeps_connection) {
  Action action(*this);
  if (auto code = curl_multi_add_handle(m_multi, easy); code != CURLM_OK)
    return Error::failed(std::string("libcurl: ") + curl_multi_strerror(code));
  m_entries[easy] = {std::move(task), keeps_connection};
  return {};
}

void CurlMulti::remove(CURL* easy) {
  Action action(*this);
  auto found = m_entries.find(easy);
  if (found == m_entries.end()) return;
  // Dropped after libcurl has let go, because it may be the last reference.
  auto task = std::move(found->second.task);
  m_entries.erase(found);
  curl_multi_remove_handle(m_multi, easy);
}

void CurlMulti::mark(CurlTask& task) {
  if (std::exchange(task.m_marked, true)) return;
  m_marked.push_back(task.weak_from_this());
}

void CurlMulti::collect_finished() {
  int left = 0;
  while (auto* message = curl_multi_info_read(m_multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    auto code = message->data.result;
    auto found = m_entries.find(easy);
    if (found == m_entries.end()) continue;
    auto task = found->second.task;
    mark(*task);
    task->on_finished(code);
    if (found->second.keeps_connection && code == CURLE_OK) continue;
    m_entries.erase(found);
    curl_multi_remove_handle(m_multi, easy);
    m_finished.push_back(std::move(task));
  }
}

// Runs at the end of the outermost action; what the tasks start in turn is settled by the same loop.
void CurlMulti::settle() {
  if (m_settling) return;
  m_settling = true;
  collect_finished();
  while (!m_marked.empty()) {
    auto marked = std::exchange(m_marked, {});
    auto finished = std::exchange(m_finished, {});
    for (auto& weak : marked) {
      auto task = weak.lock();
      if (!task) continue;
      task->m_marked = false;
      task->after_curl();
    }
    collect_finished();
  }
  m_settling = false;
}

}  // namespace adit::net
