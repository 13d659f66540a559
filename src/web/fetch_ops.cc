// The ops behind fetch(): one HTTP exchange, or one WebSocket handshake. What the Fetch standard does around it (redirects, filtering,
// aborts' reasons) is builtins/web/fetch.ts. Owner: the isolate's thread.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "js/ops.h"
#include "net/client/content_decoder.h"
#include "net/websocket/connect.h"
#include "net/websocket/header_list.h"
#include "web/connections.h"
#include "web/network_services.h"

namespace adit::web {

// What JavaScript gets: [status, statusText, headerBlock, httpVersion, body | undefined, webSocket | undefined].
struct FetchResult {
  net::IncomingResponse response;
  std::shared_ptr<net::WebSocketLink> socket;
};

// Lets an AbortSignal end an exchange; made only for requests that have one.
struct FetchCall {
  std::shared_ptr<net::Abortable> exchange;
  Function<void(Error)> give_up;  // before the request is sent
};

namespace {

// A header block with lower-cased names, as builtins/web/headers.ts wants it.
std::string lower_case_names(std::string block) {
  bool in_name = true;
  for (auto& c : block) {
    if (c == '\0') in_name = !in_name;
    else if (in_name && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return block;
}

// "a: b\r\nc: d\r\n" → lines.
std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = text.find("\r\n");
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return lines;
}

}  // namespace

v8::Local<v8::Value> to_js(v8::Isolate* isolate, FetchResult result) {
  auto& response = result.response;
  auto undefined = v8::Local<v8::Value>(v8::Undefined(isolate));
  // Headers travel as UTF-8, as on Workers; octets that are none become U+FFFD.
  std::array<v8::Local<v8::Value>, 6> parts = {
      v8::Integer::New(isolate, response.status),
      js::from_utf8(isolate, response.status_text),
      js::from_utf8(isolate, lower_case_names(std::move(response.header_block))),
      js::from_latin1(isolate, response.http_version),
      response.body ? v8::Local<v8::Value>(js::wrap<net::ByteSource>(isolate, std::move(response.body))) : undefined,
      result.socket ? v8::Local<v8::Value>(js::wrap<net::WebSocketLink>(isolate, std::move(result.socket))) : undefined,
  };
  return v8::Array::New(isolate, parts.data(), parts.size());
}

namespace {

js::Handle<FetchCall> fetch_call() { return std::make_shared<FetchCall>(); }

void fetch_abort(js::Handle<FetchCall> fetch_call, std::string reason) {
  Error error(ErrorKind::aborted, std::move(reason));
  if (auto give_up = std::exchange(fetch_call->give_up, nullptr)) give_up(std::move(error));
  else if (auto exchange = std::exchange(fetch_call->exchange, nullptr)) exchange->abort(std::move(error));
}

// Begins an exchange when it is its turn and what the request may tell of is durable. begin(answered) gives its Abortable; when the request never
// leaves, it is dropped and its promise with it.
template <typename T, typename Begin>
void send_in_turn(js::Call& call, std::optional<js::Handle<FetchCall>> fetch_call, Function<void(Result<T>)> answered,
                  Begin begin) {
  if (!fetch_call)
    return begin_connection_when_durable(
        call, [begin = std::move(begin), answered = std::move(answered)](ConnectionSlot slot) mutable {
          begin(answering(std::move(slot), std::move(answered)));
        });
  auto waiting = std::make_shared<Function<void(Result<T>)>>(std::move(answered));
  (*fetch_call)->give_up = [waiting](Error error) { std::exchange(*waiting, nullptr)(std::move(error)); };
  begin_connection_when_durable(
      call, [begin = std::move(begin), waiting, fetch_call = std::move(*fetch_call)](ConnectionSlot slot) mutable {
        if (!*waiting) return;
        fetch_call->give_up = nullptr;
        fetch_call->exchange = begin(answering(std::move(slot), std::move(*waiting)));
      });
}

// Decodes what Workers decode by themselves. The headers stay as received.
void decode_body(net::IncomingResponse& response) {
  auto coding = response.joined_header("content-encoding");
  using net::websocket::equals_ignoring_case;
  if (!equals_ignoring_case(coding, "gzip") && !equals_ignoring_case(coding, "br")) return;
  if (auto decoding = net::DecodingSource::create(response.body, coding)) response.body = std::move(decoding);
}

// header_lines: "name: value\r\n" each. decodes: the body is read decoded.
js::Promise<FetchResult> fetch_send(js::Call& call, std::string method, std::string url, std::string header_lines,
                                    std::optional<js::Handle<net::ByteSource>> body, bool decodes,
                                    std::optional<js::Handle<FetchCall>> fetch_call) {
  auto& services = call.service<NetworkServices>();
  auto [promise, settle] = call.promise<FetchResult>();
  bool has_body = method != "HEAD";
  net::OutgoingRequest request{std::move(method), std::move(url), split_lines(header_lines),
                               body ? std::move(*body) : nullptr};
  auto answered = [settle = std::move(settle), decodes, has_body](Result<net::IncomingResponse> response) mutable {
    if (response.is_error()) return settle(std::move(response.error()));
    auto result = std::move(response).value();
    // Fetch § 2.2.6, null body status; a HEAD response has no body either.
    bool is_null_body =
        !has_body || result.status == 101 || result.status == 204 || result.status == 205 || result.status == 304;
    if (is_null_body) result.body.reset();
    else if (decodes) decode_body(result);
    settle(FetchResult{std::move(result), nullptr});
  };
  send_in_turn<net::IncomingResponse>(call, std::move(fetch_call), std::move(answered),
                                      [&http = services.http, request = std::move(request)](auto answer) mutable {
                                        return http.fetch(std::move(request), std::move(answer));
                                      });
  return promise;
}

// A GET with "Upgrade: websocket". A response that is not 101 is an ordinary one.
js::Promise<FetchResult> fetch_websocket(js::Call& call, std::string url, std::string header_lines,
                                         bool offers_compression, std::optional<js::Handle<FetchCall>> fetch_call) {
  auto& services = call.service<NetworkServices>();
  auto [promise, settle] = call.promise<FetchResult>();
  net::WebSocketRequest request{std::move(url), split_lines(header_lines), offers_compression, services.websocket};
  auto answered = [settle = std::move(settle)](Result<net::WebSocketResponse> response) mutable {
    if (response.is_error()) return settle(std::move(response.error()));
    auto& value = response.value();
    if (value.socket) value.response.body.reset();
    settle(FetchResult{std::move(value.response), std::move(value.socket)});
  };
  send_in_turn<net::WebSocketResponse>(
      call, std::move(fetch_call), std::move(answered), [&services, request = std::move(request)](auto answer) mutable {
        return net::connect_websocket(services.http, services.random, std::move(request), std::move(answer));
      });
  return promise;
}

}  // namespace

void register_fetch(js::OpTable& ops) {
  ops.add<fetch_call>("fetch_call");
  ops.add<fetch_abort>("fetch_abort");
  ops.add<fetch_send>("fetch_send");
  ops.add<fetch_websocket>("fetch_websocket");
}

}  // namespace adit::web
