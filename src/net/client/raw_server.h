// A server for tests that says exactly what a test wants: one thread per connection, blocking sockets, raw octets.
// Owner: the test. Invariant: the destructor closes every socket and joins every thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/verify.h"

namespace adit::net {

class RawPeer {
 public:
  explicit RawPeer(int socket) : m_socket(socket) {}
  // Up to and with the empty line; empty when the client has gone.
  std::string read_head() { return read_until("\r\n\r\n"); }
  std::string read_until(std::string_view mark) {
    for (;;) {
      auto found = m_buffer.find(mark);
      if (found != std::string::npos) return take(found + mark.size());
      if (!fill()) return "";
    }
  }
  std::string read_exactly(size_t count) {
    while (m_buffer.size() < count)
      if (!fill()) return "";
    return take(count);
  }
  std::string read_to_end() {
    while (fill()) {}
    return take(m_buffer.size());
  }
  // A body in chunks, joined.
  std::string read_chunked() {
    std::string body;
    for (;;) {
      auto size = std::stoul(read_until("\r\n"), nullptr, 16);
      auto chunk = read_exactly(size + 2);
      if (size == 0) return body;
      body += chunk.substr(0, size);
    }
  }
  // False when the client has gone.
  bool write(std::string_view text) {
    while (!text.empty()) {
      auto sent = ::send(m_socket, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

 private:
  std::string take(size_t count) {
    auto text = m_buffer.substr(0, count);
    m_buffer.erase(0, count);
    return text;
  }
  bool fill() {
    char block[65536];
    auto count = ::recv(m_socket, block, sizeof block, 0);
    if (count <= 0) return false;
    m_buffer.append(block, static_cast<size_t>(count));
    return true;
  }

  int m_socket;
  std::string m_buffer;
};

class RawServer {
 public:
  explicit RawServer(std::function<void(RawPeer&)> handler) : m_handler(std::move(handler)) {
    m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    VERIFY(::bind(m_listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
           ::listen(m_listener, 64) == 0);
    socklen_t size = sizeof address;
    VERIFY(::getsockname(m_listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    m_port = ntohs(address.sin_port);
    m_acceptor = std::thread([this] { accept_all(); });
  }
  ~RawServer() {
    m_stopping = true;
    ::shutdown(m_listener, SHUT_RDWR);
    m_acceptor.join();
    {
      std::lock_guard lock(m_mutex);
      for (int socket : m_sockets) ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : m_threads) thread.join();
    for (int socket : m_sockets) ::close(socket);
    ::close(m_listener);
  }
  uint16_t port() const { return m_port; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(m_port) + std::string(path);
  }
  int connection_count() const { return m_connections; }

 private:
  void accept_all() {
    for (;;) {
      int socket = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0 || m_stopping) {
        if (socket >= 0) ::close(socket);
        return;
      }
      m_connections++;
      std::lock_guard lock(m_mutex);
      m_sockets.push_back(socket);
      m_threads.emplace_back([this, socket] {
        RawPeer peer(socket);
        m_handler(peer);
        ::shutdown(socket, SHUT_RDWR);
      });
    }
  }

  std::function<void(RawPeer&)> m_handler;
  int m_listener;
  uint16_t m_port = 0;
  std::atomic<bool> m_stopping{false};
  std::atomic<int> m_connections{0};
  std::thread m_acceptor;
  std::mutex m_mutex;  // guards m_sockets
  std::vector<int> m_sockets;
  std::vector<std::thread> m_threads;
};

}  // namespace adit::net
