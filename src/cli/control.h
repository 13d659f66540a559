// The way to a running adit from another one on the same machine: a socket in the state directory, on which `adit state restore` and `adit d1` ask
// the process that owns the state to do what only its owner may.
// A message is a length (8 octets, little-endian) and CBOR; one request and one answer per connection. Only the owner of the files may connect.
// Owner: main's thread, with its loop. Invariant: a handler's reply is called at most once; connections end with the server.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/function.h"
#include "base/result.h"
#include "net/loop.h"

namespace adit::cli {

class ControlServer {
 public:
  using Reply = Function<void(Result<nlohmann::json>)>;
  using Handler = Function<void(nlohmann::json request, Reply reply)>;

  // The loop must outlive it, and run or close once more after it.
  static std::unique_ptr<ControlServer> create(net::Loop& loop, Handler handler);
  ~ControlServer();
  // In this directory from now on, and in no other one. Connections go on.
  Result<void> listen(const std::string& directory);

 private:
  struct Impl;
  explicit ControlServer(std::shared_ptr<Impl> impl) : m_impl(std::move(impl)) {}
  std::shared_ptr<Impl> m_impl;
};

// Asks whoever listens in the directory, and waits for the answer, however long that takes; nullopt when nobody does.
Result<std::optional<nlohmann::json>> ask_server(const std::string& directory, const nlohmann::json& request);

}  // namespace adit::cli
