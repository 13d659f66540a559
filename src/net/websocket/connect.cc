#include "net/websocket/connect.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "base/verify.h"
#include "net/websocket/handshake.h"
#include "net/websocket/header_list.h"
#include "net/websocket/response_parser.h"

namespace adit::net {

namespace {

using websocket::equals_ignoring_case;

// The handshake's own lines, and those that Transfer leaves out too.
bool is_handshake_header(std::string_view name) {
  constexpr std::array<std::string_view, 11> names = {"host",
                                                      "content-length",
                                                      "transfer-encoding",
                                                      "connection",
                                                      "keep-alive",
                                                      "expect",
                                                      "upgrade",
                                                      "sec-websocket-key",
                                                      "sec-websocket-version",
                                                      "sec-websocket-extensions",
                                                      "sec-websocket-accept"};
  return std::any_of(names.begin(), names.end(), [&](auto own) { return equals_ignoring_case(name, own); });
}

struct Location {
  StreamTarget target;
  std::string authority;
  std::string path;
};

Result<Location> locate(const std::string& url) {
  std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), &curl_url_cleanup);
  auto part = [&](CURLUPart which, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, flags) != CURLUE_OK) return std::string();
    std::string copy = text;
    curl_free(text);
    return copy;
  };
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK)
    return Error::type_error("Invalid URL: " + url);
  auto scheme = part(CURLUPART_SCHEME, 0);
  if (scheme != "http" && scheme != "https")
    return Error::type_error("A WebSocket needs an http: or https: URL, not " + scheme + ":.");
  auto host = part(CURLUPART_HOST, 0), port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT),
       query = part(CURLUPART_QUERY, 0);
  auto own_port = part(CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  Location location;
  location.authority = own_port.empty() ? host : host + ":" + own_port;
  location.path = part(CURLUPART_PATH, 0) + (query.empty() ? "" : "?" + query);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  location.target = {host, static_cast<uint16_t>(std::stoul(port)), scheme == "https"};
  return location;
}

// Lives from the connect to the end of the handshake, or of an ordinary response's body.
class Connector final : public Abortable, private Stream::Listener, public std::enable_shared_from_this<Connector> {
 public:
  Connector(HttpClient& client, Random& random, WebSocketRequest request,
            Function<void(Result<WebSocketResponse>)> on_response)
      : m_client(client), m_random(random), m_request(std::move(request)), m_on_response(std::move(on_response)) {}

  void start() {
    m_handshake = websocket::ClientHandshake::create(m_random, m_request.offers_compression);
    auto location = locate(m_request.url);
    if (location.is_error()) {
      m_client.loop().defer([self = shared_from_this(), error = location.error()] { self->end(error); });
      return;
    }
    write_head(location.value());
    m_connecting =
        m_client.connect(location.value().target, [self = shared_from_this()](Result<std::unique_ptr<Stream>> stream) {
          self->m_connecting.reset();
          if (stream.is_error()) return self->end(std::move(stream.error()));
          self->begin(std::move(stream).value());
        });
  }

  void abort(Error reason) override {
    auto self = shared_from_this();
    if (auto connecting = std::exchange(m_connecting, nullptr)) return connecting->abort(std::move(reason));
    end(std::move(reason));
  }

 private:
  void write_head(const Location& location) {
    m_head = "GET " + location.path + " HTTP/1.1\r\nHost: " + location.authority + "\r\n";
    for (const auto& line : m_handshake.header_lines()) m_head += line + "\r\n";
    for (const auto& line : m_request.header_lines)
      if (!is_handshake_header(std::string_view(line).substr(0, line.find(':')))) m_head += line + "\r\n";
    m_head += "\r\n";
  }

  void begin(std::unique_ptr<Stream> stream) {
    if (!m_on_response) return;  // aborted
    m_self = shared_from_this();
    m_stream = std::move(stream);
    m_stream->set_listener(this);
    m_stream->start_reading();
    m_stream->write(copy_bytes(m_head));
  }

  void on_data(BytesView data) override {
    auto self = shared_from_this();
    auto taken = m_parser.feed(data);
    if (taken.is_error()) return end(std::move(taken.error()));
    if (m_parser.is_switching()) return switch_protocols(data.subspan(taken.value()));
    advance();
  }

  void on_end() override {
    auto self = shared_from_this();
    if (auto finished = m_parser.finish(); finished.is_error()) return end(std::move(finished.error()));
    advance();
  }

  void on_error(Error error) override {
    auto self = shared_from_this();
    end(std::move(error));
  }

  void switch_protocols(BytesView leftover) {
    auto& head = m_parser.head();
    auto upgrade = head.joined_header("upgrade"), connection = head.joined_header("connection"),
         accept = head.joined_header("sec-websocket-accept"),
         extensions = head.joined_header("sec-websocket-extensions");
    auto agreed = m_handshake.validate({upgrade, connection, accept, extensions});
    if (agreed.is_error()) return end(std::move(agreed.error()));
    WebSocketResponse response;
    response.response = std::move(head);
    response.response.body = std::make_shared<MemorySource>(Bytes());
    m_stream->stop_reading();
    m_stream->set_listener(nullptr);
    response.socket =
        WebSocketConnection::create(m_client.loop(), m_random, std::move(m_stream), websocket::Role::client,
                                    agreed.value(), copy_bytes(leftover), m_request.options);
    auto on_response = std::exchange(m_on_response, nullptr);
    let_go();
    on_response(std::move(response));
  }

  // An ordinary response: its head once, then its body with backpressure.
  void advance() {
    if (!m_parser.has_head()) return;
    if (!m_body) {
      m_body = std::make_shared<Pipe>();
      WebSocketResponse response;
      response.response = std::move(m_parser.head());
      response.response.body = m_body;
      std::exchange(m_on_response, nullptr)(std::move(response));
    }
    auto chunk = m_parser.take_body();
    bool is_last = m_parser.is_complete();
    if (!chunk.empty()) {
      if (m_stream) m_stream->stop_reading();
      m_body->write(std::move(chunk), [self = shared_from_this(), is_last](Result<void> ready) {
        if (ready.is_error()) self->end(std::move(ready.error()));
        else if (!is_last && self->m_stream) self->m_stream->start_reading();
      });
    }
    if (!is_last) return;
    m_body->close();
    let_go();
  }

  void end(Error error) {
    if (auto on_response = std::exchange(m_on_response, nullptr)) on_response(error);
    if (m_body) m_body->abort(std::move(error));
    let_go();
  }

  // Possibly inside one of the stream's callbacks.
  void let_go() {
    if (m_stream) m_stream->close();
    m_client.loop().defer([self = std::move(m_self), stream = std::shared_ptr<Stream>(std::move(m_stream))] {});
  }

  HttpClient& m_client;
  Random& m_random;
  WebSocketRequest m_request;
  Function<void(Result<WebSocketResponse>)> m_on_response;
  websocket::ClientHandshake m_handshake;
  std::string m_head;
  std::shared_ptr<Abortable> m_connecting;
  std::unique_ptr<Stream> m_stream;
  std::shared_ptr<Connector> m_self;  // while there is a stream
  ResponseParser m_parser;
  std::shared_ptr<Pipe> m_body;
};

}  // namespace

std::shared_ptr<Abortable> connect_websocket(HttpClient& client, Random& random, WebSocketRequest request,
                                             Function<void(Result<WebSocketResponse>)> on_response) {
  auto connector = std::make_shared<Connector>(client, random, std::move(request), std::move(on_response));
  connector->start();
  return connector;
}

}  // namespace adit::net
