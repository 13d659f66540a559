#include "cli/control.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cstring>
#include <unordered_set>
#include <utility>

namespace adit::cli {
namespace {

using Json = nlohmann::json;

constexpr size_t length_bytes = 8;
constexpr uint64_t max_message_bytes = 2ull << 30;
constexpr const char* socket_name = "control";

std::string framed(const Json& message) {
  std::string out(length_bytes, '\0');
  Json::to_cbor(message, out);
  uint64_t length = out.size() - length_bytes;
  for (size_t i = 0; i < length_bytes; ++i) out[i] = static_cast<char>(length >> (8 * i));
  return out;
}

uint64_t length_of(std::string_view frame) {
  uint64_t length = 0;
  for (size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<uint8_t>(frame[i]);
  return length;
}

// Nullopt: not all of it is there yet.
Result<std::optional<Json>> message_in(std::string_view octets) {
  if (octets.size() < length_bytes) return std::optional<Json>();
  auto length = length_of(octets);
  if (length > max_message_bytes) return Error::failed("a control message is too long");
  if (octets.size() < length_bytes + length) return std::optional<Json>();
  auto message = Json::from_cbor(octets.substr(length_bytes, length), true, false);
  if (!message.is_object()) return Error::failed("a control message cannot be read");
  return std::optional(std::move(message));
}

Json answer_of(Result<Json> result) {
  if (result.is_ok()) return {{"ok", std::move(result).value()}};
  return {{"error", result.error().full_message()}, {"kind", static_cast<int>(result.error().kind())}};
}

// A socket's path has room for 107 characters only; this one fits, whatever the directory's is.
class Directory {
 public:
  explicit Directory(const std::string& path) : m_fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    if (m_fd >= 0) ::close(m_fd);
  }
  bool is_open() const { return m_fd >= 0; }
  int fd() const { return m_fd; }
  std::string socket_path() const { return "/proc/self/fd/" + std::to_string(m_fd) + "/" + socket_name; }

 private:
  int m_fd;
};

template <typename Owner>
void close_owned(std::unique_ptr<Owner> owner) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&owner->pipe);
  handle->data = owner.release();
  uv_close(handle, [](uv_handle_t* closed) { std::unique_ptr<Owner> ended(static_cast<Owner*>(closed->data)); });
}

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<Impl> {
  struct Listener {
    uv_pipe_t pipe{};
    std::unique_ptr<Directory> directory;  // open for as long as libuv may remove the socket in it
  };
  struct Connection {
    uv_pipe_t pipe{};
    std::weak_ptr<Impl> server;
    std::string in;
    std::string out;
    std::array<char, 65536> chunk{};
    bool is_asked = false;
    uv_write_t write{};
  };

  Impl(net::Loop& with_loop, Handler with_handler) : loop(with_loop), handler(std::move(with_handler)) {}

  void accept() {
    auto made = std::make_unique<Connection>();
    uv_pipe_init(loop.uv(), &made->pipe, 0);
    made->server = weak_from_this();
    auto* connection = made.release();
    connection->pipe.data = connection;
    connections.insert(connection);
    if (uv_accept(reinterpret_cast<uv_stream_t*>(&listener->pipe), reinterpret_cast<uv_stream_t*>(&connection->pipe)) !=
        0)
      return close(connection);
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(&connection->pipe),
        [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
          auto& chunk = static_cast<Connection*>(handle->data)->chunk;
          *buffer = uv_buf_init(chunk.data(), static_cast<unsigned>(chunk.size()));
        },
        [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
          auto* read = static_cast<Connection*>(stream->data);
          auto self = read->server.lock();
          if (!self) return;
          if (count < 0) return self->close(read);
          read->in.append(buffer->base, static_cast<size_t>(count));
          self->received(read);
        });
  }

  void received(Connection* connection) {
    if (connection->is_asked) return;
    auto message = message_in(connection->in);
    if (message.is_error()) return close(connection);
    if (!message.value()) return;
    connection->is_asked = true;
    connection->in.clear();
    // The asker may have gone when the answer comes: its place is looked for by number.
    auto number = ++numbers;
    asked[number] = connection;
    handler(std::move(*message.value()), [weak = weak_from_this(), number](Result<Json> result) {
      if (auto self = weak.lock()) self->answer(number, std::move(result));
    });
  }

  void answer(uint64_t number, Result<Json> result) {
    auto found = asked.extract(number);
    if (found.empty()) return;
    auto* connection = found.mapped();
    connection->out = framed(answer_of(std::move(result)));
    auto buffer = uv_buf_init(connection->out.data(), static_cast<unsigned>(connection->out.size()));
    connection->write.data = connection;
    uv_write(&connection->write, reinterpret_cast<uv_stream_t*>(&connection->pipe), &buffer, 1,
             [](uv_write_t* write, int) {
               auto* written = static_cast<Connection*>(write->data);
               if (auto self = written->server.lock()) self->close(written);
             });
  }

  void close(Connection* connection) {
    if (connections.erase(connection) == 0) return;
    std::erase_if(asked, [connection](const auto& each) { return each.second == connection; });
    close_owned(std::unique_ptr<Connection>(connection));
  }

  void close_all() {
    if (listener) close_owned(std::move(listener));
    for (auto* connection : std::unordered_set<Connection*>(connections)) close(connection);
  }

  net::Loop& loop;
  Handler handler;
  std::unique_ptr<Listener> listener;
  std::unordered_set<Connection*> connections;
  std::unordered_map<uint64_t, Connection*> asked;
  uint64_t numbers = 0;
};

std::unique_ptr<ControlServer> ControlServer::create(net::Loop& loop, Handler handler) {
  return std::unique_ptr<ControlServer>(new ControlServer(std::make_shared<Impl>(loop, std::move(handler))));
}

ControlServer::~ControlServer() { m_impl->close_all(); }

Result<void> ControlServer::listen(const std::string& directory) {
  if (m_impl->listener) close_owned(std::move(m_impl->listener));
  auto listener = std::make_unique<Impl::Listener>();
  listener->directory = std::make_unique<Directory>(directory);
  if (!listener->directory->is_open()) return Error::from_errno("open " + directory, errno);
  auto path = listener->directory->socket_path();
  ::unlinkat(listener->directory->fd(), socket_name, 0);  // of a process that died; the state is this one's now
  uv_pipe_init(m_impl->loop.uv(), &listener->pipe, 0);
  listener->pipe.data = m_impl.get();
  auto bound = uv_pipe_bind(&listener->pipe, path.c_str());
  if (bound == 0) ::fchmodat(listener->directory->fd(), socket_name, 0600, 0);
  if (bound == 0)
    bound = uv_listen(reinterpret_cast<uv_stream_t*>(&listener->pipe), 8, [](uv_stream_t* stream, int status) {
      if (status == 0) static_cast<Impl*>(stream->data)->accept();
    });
  if (bound != 0) {
    close_owned(std::move(listener));
    return Error::from_errno("listen on " + directory + "/" + socket_name, -bound);
  }
  m_impl->listener = std::move(listener);
  return {};
}

Result<std::optional<Json>> ask_server(const std::string& directory, const Json& request) {
  Directory folder(directory);
  if (!folder.is_open()) return std::optional<Json>();
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error::from_errno("make a socket", errno);
  auto closed = [fd](auto result) {
    ::close(fd);
    return result;
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto path = folder.socket_path();
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return closed(Result<std::optional<Json>>(std::optional<Json>()));
  auto failed = [&](std::string_view what) {
    return closed(Result<std::optional<Json>>(
        Error::failed("the adit that uses " + directory + " " + std::string(what) + "; look at what it says")));
  };
  auto out = framed(request);
  for (size_t sent = 0; sent < out.size();) {
    auto count = ::send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return failed("went away");
    sent += static_cast<size_t>(count);
  }
  std::string in;
  std::array<char, 65536> chunk{};
  for (;;) {
    auto message = message_in(in);
    if (message.is_error()) return failed("gave an answer that cannot be read");
    if (auto& answer = message.value()) {
      if (answer->contains("error"))
        return closed(Result<std::optional<Json>>(
            Error(static_cast<ErrorKind>(answer->value("kind", static_cast<int>(ErrorKind::failed))),
                  answer->value("error", std::string()))));
      return closed(Result<std::optional<Json>>(std::optional<Json>(answer->value("ok", Json()))));
    }
    auto count = ::read(fd, chunk.data(), chunk.size());
    if (count <= 0) return failed("gave no answer");
    in.append(chunk.data(), static_cast<size_t>(count));
  }
}

}  // namespace adit::cli
