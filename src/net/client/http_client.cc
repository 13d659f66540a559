#include "net/client/http_client.h"

#include <vector>

#include "net/client/curl_multi.h"
#include "net/client/curl_stream.h"
#include "net/client/transfer.h"
#include "net/websocket/header_list.h"

namespace adit::net {

namespace {

// A call that failed before libcurl saw it: its callback still comes from the loop.
class Refused final : public Abortable {
 public:
  void abort(Error) override {}
};

class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient(std::unique_ptr<CurlMulti> multi, HttpClientOptions options)
      : m_options(std::move(options)), m_multi(std::move(multi)) {
    if (m_options.ca_file.empty()) m_options.ca_file = find_system_ca_file();
  }

  ~CurlHttpClient() override {
    Error reason(ErrorKind::aborted, "The HTTP client was closed.");
    for (auto& weak : std::exchange(m_active, {}))
      if (auto active = weak.lock()) active->abort(reason);
  }

  std::shared_ptr<Abortable> fetch(OutgoingRequest request,
                                   Function<void(Result<IncomingResponse>)> on_response) override {
    // The callback is shared with the failing path, which would otherwise have lost it.
    auto shared = std::make_shared<Function<void(Result<IncomingResponse>)>>(std::move(on_response));
    auto created = Transfer::create(*m_multi, m_options, std::move(request),
                                    [shared](Result<IncomingResponse> result) { (*shared)(std::move(result)); });
    Result<void> started = created.is_error() ? Result<void>(created.error()) : created.value()->start();
    if (started.is_error()) {
      loop().defer([shared, error = started.error()] { (*shared)(error); });
      return std::make_shared<Refused>();
    }
    return track(created.value());
  }

  std::shared_ptr<Abortable> connect(StreamTarget target,
                                     Function<void(Result<std::unique_ptr<Stream>>)> on_connected) override {
    auto shared = std::make_shared<Function<void(Result<std::unique_ptr<Stream>>)>>(std::move(on_connected));
    auto created = CurlConnector::start(*m_multi, m_options, target, [shared](Result<std::unique_ptr<Stream>> result) {
      (*shared)(std::move(result));
    });
    if (created.is_error()) {
      loop().defer([shared, error = created.error()] { (*shared)(error); });
      return std::make_shared<Refused>();
    }
    return track(std::move(created).value());
  }

  Loop& loop() override { return m_multi->loop(); }

 private:
  std::shared_ptr<Abortable> track(std::shared_ptr<Abortable> active) {
    if (m_active.size() >= m_sweep_at) {
      std::erase_if(m_active, [](const auto& weak) { return weak.expired(); });
      m_sweep_at = std::max<size_t>(64, m_active.size() * 2);
    }
    m_active.push_back(active);
    return active;
  }

  HttpClientOptions m_options;
  std::unique_ptr<CurlMulti> m_multi;
  std::vector<std::weak_ptr<Abortable>> m_active;  // what the destructor must end
  size_t m_sweep_at = 64;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::create(Loop& loop, HttpClientOptions options) {
  auto multi = TRY(CurlMulti::create(loop, options.max_idle_connections));
  return std::unique_ptr<HttpClient>(std::make_unique<CurlHttpClient>(std::move(multi), std::move(options)));
}

std::optional<std::string_view> IncomingResponse::header(std::string_view name) const {
  std::string_view rest = header_block;
  while (!rest.empty()) {
    auto name_end = rest.find('\0');
    auto value_end = rest.find('\0', name_end + 1);
    if (websocket::equals_ignoring_case(rest.substr(0, name_end), name))
      return rest.substr(name_end + 1, value_end - name_end - 1);
    rest.remove_prefix(value_end + 1);
  }
  return std::nullopt;
}

std::string IncomingResponse::joined_header(std::string_view name) const {
  std::string joined;
  std::string_view rest = header_block;
  while (!rest.empty()) {
    auto name_end = rest.find('\0');
    auto value_end = rest.find('\0', name_end + 1);
    if (websocket::equals_ignoring_case(rest.substr(0, name_end), name)) {
      if (!joined.empty()) joined += ", ";
      joined += rest.substr(name_end + 1, value_end - name_end - 1);
    }
    rest.remove_prefix(value_end + 1);
  }
  return joined;
}

}  // namespace adit::net
