// CurlMulti: libcurl's multi interface driven by the loop: sockets, the timer, finished transfers. Connections are pooled here.
// Owner: the loop's thread. Lifecycle: outlives its tasks.
// Invariant: foreign code never runs inside a libcurl callback: a task notes what happened, and after_curl() tells it once
// libcurl has returned. Every call into libcurl that may run callbacks is made inside a CurlMulti::Action.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "net/client/socket_poll.h"

namespace adit::net {

// One easy handle at work.
class CurlTask : public std::enable_shared_from_this<CurlTask> {
 public:
  virtual ~CurlTask() = default;
  // Inside libcurl's reach: note it only.
  virtual void on_finished(CURLcode code) = 0;
  // libcurl has returned and this task was marked; call back whom you like.
  virtual void after_curl() = 0;

 private:
  friend class CurlMulti;
  bool m_marked = false;
};

class CurlMulti {
 public:
  static Result<std::unique_ptr<CurlMulti>> create(Loop& loop, long max_idle_connections);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  class Action {
   public:
    explicit Action(CurlMulti& multi) : m_multi(multi) { m_multi.m_depth++; }
    ~Action() {
      if (--m_multi.m_depth == 0) m_multi.settle();
    }
    Action(const Action&) = delete;
    Action& operator=(const Action&) = delete;

   private:
    CurlMulti& m_multi;
  };

  Loop& loop() { return m_loop; }
  // Starts the transfer and keeps the task until remove(). A finished transfer leaves the multi, unless it keeps its connection
  // (CURLOPT_CONNECT_ONLY).
  Result<void> add(CURL* easy, std::shared_ptr<CurlTask> task, bool keeps_connection = false);
  void remove(CURL* easy);
  // Has after_curl() called.
  void mark(CurlTask& task);
  bool is_inside_curl() const { return m_depth > 0; }

 private:
  struct Entry {
    std::shared_ptr<CurlTask> task;
    bool keeps_connection;
  };

  explicit CurlMulti(Loop& loop) : m_loop(loop) {}
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* socket_state);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  void act(curl_socket_t socket, int events);
  void settle();
  void collect_finished();

  Loop& m_loop;
  CURLM* m_multi = nullptr;
  Timer m_timer;
  std::unordered_map<curl_socket_t, std::unique_ptr<SocketPoll>> m_polls;
  std::unordered_map<CURL*, Entry> m_entries;
  std::vector<std::weak_ptr<CurlTask>> m_marked;
  std::vector<std::shared_ptr<CurlTask>> m_finished;  // kept until they have been told
  int m_depth = 0;
  bool m_settling = false;
};

}  // namespace adit::net
