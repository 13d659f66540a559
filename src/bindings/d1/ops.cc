#include "bindings/d1/ops.h"

#include "bindings/d1/service.h"
#include "bindings/sql/js_values.h"
#include "js/ops.h"
#include "web/held_output.h"

namespace adit::bindings::d1 {
namespace {

// [columns, values, duration, changes, last row's id, changed the database, size, rows read, rows written], as d1.ts takes it.
v8::Local<v8::Value> result_to_js(v8::Isolate* isolate, const ResultSet& result) {
  v8::LocalVector<v8::Value> columns(isolate);
  for (const auto& name : result.columns) columns.push_back(js::intern(isolate, name));
  v8::LocalVector<v8::Value> values(isolate);
  for (sql::RowBuffer::Reader reader(result.values); !reader.is_at_end();)
    values.push_back(sql::to_js(isolate, reader.next(), sql::ValueForm::json));
  auto number = [isolate](auto value) { return v8::Number::New(isolate, static_cast<double>(value)); };
  v8::Local<v8::Value> parts[] = {v8::Array::New(isolate, columns.data(), columns.size()),
                                  v8::Array::New(isolate, values.data(), values.size()),
                                  number(result.duration_ms),
                                  number(result.changes),
                                  number(result.last_row_id),
                                  v8::Boolean::New(isolate, result.changed_database),
                                  number(result.size_after_bytes),
                                  number(result.rows_read),
                                  number(result.rows_written)};
  return v8::Array::New(isolate, parts, std::size(parts));
}

}  // namespace

// The bookmark, then the results.
static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const BatchResult& batch) {
  v8::LocalVector<v8::Value> elements(isolate);
  elements.push_back(js::from_utf8(isolate, batch.bookmark));
  for (const auto& result : batch.results) elements.push_back(result_to_js(isolate, result));
  return v8::Array::New(isolate, elements.data(), elements.size());
}

namespace {

js::Handle<Handle> d1_open(js::Call&, std::string id) { return std::make_shared<Handle>(Handle{std::move(id)}); }

// Each query is its text and the array of its parameters, one after the other.
Result<std::vector<Query>> queries_from_js(js::Call& call, v8::Local<v8::Array> flat) {
  auto context = call.isolate().context();
  auto at = [&](v8::Local<v8::Array> array, uint32_t index) { return array->Get(context, index).ToLocalChecked(); };
  std::vector<Query> queries;
  for (uint32_t i = 0; i + 1 < flat->Length(); i += 2) {
    auto text = at(flat, i), parameters = at(flat, i + 1);
    if (!text->IsString() || !parameters->IsArray()) return Error::type_error("a D1 query is a text and an array");
    auto& query = queries.emplace_back();
    query.sql = js::to_utf8(call.v8(), text.As<v8::String>());
    for (uint32_t k = 0; k < parameters.As<v8::Array>()->Length(); ++k)
      query.parameters.push_back(TRY(sql::from_js(call.v8(), at(parameters.As<v8::Array>(), k))));
  }
  return queries;
}

Result<js::Promise<BatchResult>> d1_batch(js::Call& call, js::Handle<Handle> database, v8::Local<v8::Value> flat) {
  if (!flat->IsArray()) return Error::type_error("a D1 batch is an array");
  auto queries = TRY(queries_from_js(call, flat.As<v8::Array>()));
  auto [promise, settle] = call.promise<BatchResult>();
  web::begin_when_durable(call, [&service = call.service<Service>(), database, queries = std::move(queries),
                                 settle = std::move(settle)]() mutable {
    service.run(*database, std::move(queries),
                [settle = std::move(settle)](Result<BatchResult> result) mutable { settle(std::move(result)); });
  });
  return promise;
}

}  // namespace

void register_d1(js::OpTable& ops) {
  ops.add<d1_open>("d1_open");
  ops.add<d1_batch>("d1_batch");
}

}  // namespace adit::bindings::d1
