#include "cli/control_d1.h"

#include <future>

#include "bindings/d1/threads.h"
#include "ledger/ledger_store.h"

namespace adit::cli {
namespace {

using bindings::d1::BatchResult;
using bindings::d1::Query;
using bindings::d1::ResultSet;
using bindings::d1::Threads;
using bindings::sql::RowBuffer;
using Json = nlohmann::json;

Json to_json(const Query& query) {
  auto parameters = Json::array();
  for (const auto& value : query.parameters) {
    if (const auto* number = std::get_if<double>(&value)) parameters.push_back(*number);
    else if (const auto* text = std::get_if<std::string>(&value)) parameters.push_back(*text);
    else if (const auto* octets = std::get_if<Bytes>(&value))
      parameters.push_back(Json::binary({octets->begin(), octets->end()}));
    else parameters.push_back(nullptr);
  }
  return {{"sql", query.sql}, {"parameters", std::move(parameters)}};
}

Query query_from(const Json& json) {
  Query query;
  query.sql = json.value("sql", std::string());
  for (const auto& value : json.value("parameters", Json::array())) {
    if (value.is_number()) query.parameters.emplace_back(value.get<double>());
    else if (value.is_string()) query.parameters.emplace_back(value.get<std::string>());
    else if (value.is_binary())
      query.parameters.emplace_back(Bytes(value.get_binary().begin(), value.get_binary().end()));
    else query.parameters.emplace_back();
  }
  return query;
}

Json to_json(const BatchResult& batch) {
  auto results = Json::array();
  for (const auto& result : batch.results) {
    const auto& octets = result.values.octets();
    results.push_back({{"columns", result.columns},
                       {"values", Json::binary({octets.begin(), octets.end()})},
                       {"duration_ms", result.duration_ms},
                       {"changes", result.changes},
                       {"last_row_id", result.last_row_id},
                       {"changed_database", result.changed_database},
                       {"size_after_bytes", result.size_after_bytes},
                       {"rows_read", result.rows_read},
                       {"rows_written", result.rows_written}});
  }
  return {{"results", std::move(results)}, {"bookmark", batch.bookmark}};
}

BatchResult batch_from(const Json& json) {
  BatchResult batch;
  batch.bookmark = json.value("bookmark", std::string());
  for (const auto& each : json.value("results", Json::array())) {
    auto& result = batch.results.emplace_back();
    result.columns = each.value("columns", std::vector<std::string>());
    const auto& octets = each.at("values").get_binary();
    result.values = RowBuffer(Bytes(octets.begin(), octets.end()));
    result.duration_ms = each.value("duration_ms", 0.0);
    result.changes = each.value("changes", int64_t{0});
    result.last_row_id = each.value("last_row_id", int64_t{0});
    result.changed_database = each.value("changed_database", false);
    result.size_after_bytes = each.value("size_after_bytes", int64_t{0});
    result.rows_read = each.value("rows_read", int64_t{0});
    result.rows_written = each.value("rows_written", int64_t{0});
  }
  return batch;
}

using TextCallback = ledger::Callback<std::string>;

void find_bookmark(Threads& threads, const std::string& database, std::optional<int64_t> unix_ms, TextCallback done) {
  auto shared = std::make_shared<TextCallback>(std::move(done));
  auto visited = threads.visit(database, [unix_ms, shared](ledger::LedgerStore& store, const ledger::LedgerId& id) {
    store.open(id, [unix_ms, shared](Result<std::shared_ptr<ledger::Ledger>> ledger) {
      if (ledger.is_error()) return (*shared)(std::move(ledger.error()));
      (*shared)(unix_ms ? ledger.value()->bookmark_for_time(*unix_ms) : ledger.value()->bookmark());
    });
  });
  if (visited.is_error()) (*shared)(std::move(visited.error()));
}

void restore_to(Threads& threads, const std::string& database, const std::string& bookmark, TextCallback done) {
  auto shared = std::make_shared<TextCallback>(std::move(done));
  auto visited = threads.visit(database, [bookmark, shared](ledger::LedgerStore& store, const ledger::LedgerId& id) {
    store.restore(id, bookmark, [shared](Result<std::string> before) { (*shared)(std::move(before)); });
  });
  if (visited.is_error()) (*shared)(std::move(visited.error()));
}

template <typename T, typename Start>
Result<T> wait_for(Start start) {
  std::promise<Result<T>> answer;
  start([&answer](Result<T> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

class LocalD1 final : public D1Access {
 public:
  explicit LocalD1(Threads& threads) : m_threads(threads) {}
  Result<BatchResult> batch(const std::string& database, std::vector<Query> queries) override {
    return wait_for<BatchResult>([&](auto done) { m_threads.run(database, std::move(queries), std::move(done)); });
  }
  Result<std::string> bookmark(const std::string& database, std::optional<int64_t> unix_ms) override {
    return wait_for<std::string>([&](auto done) { find_bookmark(m_threads, database, unix_ms, std::move(done)); });
  }
  Result<std::string> restore(const std::string& database, const std::string& bookmark) override {
    return wait_for<std::string>([&](auto done) { restore_to(m_threads, database, bookmark, std::move(done)); });
  }

 private:
  Threads& m_threads;
};

class RemoteD1 final : public D1Access {
 public:
  explicit RemoteD1(std::string directory) : m_directory(std::move(directory)) {}
  Result<BatchResult> batch(const std::string& database, std::vector<Query> queries) override {
    auto all = Json::array();
    for (const auto& query : queries) all.push_back(to_json(query));
    return batch_from(TRY(ask({{"database", database}, {"queries", std::move(all)}})));
  }
  Result<std::string> bookmark(const std::string& database, std::optional<int64_t> unix_ms) override {
    Json request{{"database", database}, {"bookmark_of", nullptr}};
    if (unix_ms) request["bookmark_of"] = *unix_ms;
    return TRY(ask(std::move(request))).get<std::string>();
  }
  Result<std::string> restore(const std::string& database, const std::string& bookmark) override {
    return TRY(ask({{"database", database}, {"restore_to", bookmark}})).get<std::string>();
  }

 private:
  Result<Json> ask(Json request) {
    request["do"] = "d1";
    auto answer = TRY(ask_server(m_directory, request));
    if (!answer) return Error::failed("the adit that uses " + m_directory + " has ended");
    return std::move(*answer);
  }

  std::string m_directory;
};

}  // namespace

std::unique_ptr<D1Access> local_d1(Threads& threads) { return std::make_unique<LocalD1>(threads); }

Result<std::unique_ptr<D1Access>> remote_d1(const std::string& state_directory) {
  if (!TRY(ask_server(state_directory, {{"do", "ping"}})))
    return Error(ErrorKind::not_found, "no adit listens in " + state_directory);
  return std::unique_ptr<D1Access>(std::make_unique<RemoteD1>(state_directory));
}

void run_d1_request(Threads& threads, net::Loop& loop, Json request, ControlServer::Reply reply) {
  // Answers come on the database's thread.
  auto shared = std::make_shared<ControlServer::Reply>(std::move(reply));
  auto on_loop = [&loop, shared](Result<Json> result) {
    loop.post([shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
  };
  auto text = [on_loop](Result<std::string> result) {
    if (result.is_error()) on_loop(std::move(result.error()));
    else on_loop(Json(std::move(result).value()));
  };
  auto database = request.value("database", std::string());
  if (request.contains("bookmark_of")) {
    auto& time = request["bookmark_of"];
    auto unix_ms = time.is_number() ? std::optional(time.get<int64_t>()) : std::nullopt;
    return find_bookmark(threads, database, unix_ms, text);
  }
  if (request.contains("restore_to"))
    return restore_to(threads, database, request.value("restore_to", std::string()), text);
  std::vector<Query> queries;
  for (const auto& query : request.value("queries", Json::array())) queries.push_back(query_from(query));
  threads.run(database, std::move(queries), [on_loop](Result<BatchResult> result) {
    if (result.is_error()) on_loop(std::move(result.error()));
    else on_loop(to_json(result.value()));
  });
}

}  // namespace adit::cli
