// The D1 databases of a state directory, for `adit d1`: in this process, or through the one that owns the directory (control.h).
// Owner: the caller's thread; blocks. Invariant: both ways give the same results and errors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/d1/query.h"
#include "cli/control.h"

namespace adit::bindings::d1 {
class Threads;
}

namespace adit::cli {

class D1Access {
 public:
  virtual ~D1Access() = default;
  virtual Result<bindings::d1::BatchResult> batch(const std::string& database,
                                                  std::vector<bindings::d1::Query> queries) = 0;
  // The bookmark of a time (Unix, milliseconds), or of now.
  virtual Result<std::string> bookmark(const std::string& database, std::optional<int64_t> unix_ms) = 0;
  // Takes the database back to a bookmark; the one of before.
  virtual Result<std::string> restore(const std::string& database, const std::string& bookmark) = 0;
};

// The threads must outlive it.
std::unique_ptr<D1Access> local_d1(bindings::d1::Threads& threads);
// Through the adit that uses the state directory; not_found when none listens.
Result<std::unique_ptr<D1Access>> remote_d1(const std::string& state_directory);

// The other end: answers a request {"do": "d1", ...} on the loop's thread.
void run_d1_request(bindings::d1::Threads& threads, net::Loop& loop, nlohmann::json request,
                    ControlServer::Reply reply);

}  // namespace adit::cli
