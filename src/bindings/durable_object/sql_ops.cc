// storage.sql as JavaScript sees it (builtins/bindings/durable_object_sql.ts). Owner: the isolate's thread.
#include "bindings/durable_object/object.h"
#include "bindings/durable_object/ops.h"
#include "bindings/sql/js_values.h"
#include "js/ops.h"

namespace adit::bindings::durable_object {
namespace {

using ObjectHandle = js::Handle<Object>;
using CursorHandle = js::Handle<sql::Cursor>;

// Runs work(session). A failure may be the ledger's end, and then is the object's.
template <typename Work>
auto with_sql(Object& object, Work work) -> decltype(work(std::declval<sql::Session&>())) {
  auto* session = TRY(object.sql());
  auto result = work(*session);
  if (result.is_error()) object.check_ledger();
  return result;
}

Result<CursorHandle> sql_exec(js::Call& call, ObjectHandle object, std::string text,
                              std::vector<v8::Local<v8::Value>> parameters) {
  return with_sql(*object, [&](sql::Session& session) -> Result<CursorHandle> {
    auto values = TRY(sql::from_js(call.v8(), parameters));
    auto cursor = session.execute(text, std::move(values));
    // What ran before the statement that failed may have written.
    if (cursor.is_error() || cursor.value()->has_written()) object->written(false);
    return cursor;
  });
}

// Flat: the columns of up to `count` rows. Undefined at the end.
Result<v8::Local<v8::Value>> sql_rows(js::Call& call, CursorHandle cursor, int32_t count) {
  if (!cursor->has_row()) {
    TRY(cursor->step());
    return v8::Undefined(call.v8()).As<v8::Value>();
  }
  v8::LocalVector<v8::Value> values(call.v8());
  auto width = cursor->columns().size();
  for (int32_t i = 0; i < count && cursor->has_row(); ++i) {
    for (size_t column = 0; column < width; ++column)
      values.push_back(sql::to_js(call.v8(), cursor->value(column), sql::ValueForm::storage));
    TRY(cursor->step());
  }
  return v8::Array::New(call.v8(), values.data(), values.size()).As<v8::Value>();
}

std::vector<std::string> sql_columns(CursorHandle cursor) { return cursor->columns(); }
bool sql_has_row(CursorHandle cursor) { return cursor->has_row(); }
void sql_close(CursorHandle cursor) { cursor->close(); }
double sql_rows_read(CursorHandle cursor) { return static_cast<double>(cursor->rows_read()); }
double sql_rows_written(CursorHandle cursor) { return static_cast<double>(cursor->rows_written()); }

bool sql_is_enabled(ObjectHandle object) { return object->address().object_class->has_sql; }
double object_write_count(ObjectHandle object) { return static_cast<double>(object->write_count()); }

Result<double> sql_database_size(ObjectHandle object) {
  return with_sql(
      *object, [](sql::Session& session) -> Result<double> { return static_cast<double>(TRY(session.size_bytes())); });
}

// Everything of the application's but the key-value entries. Of a class without SQLite that is nothing.
Result<void> sql_drop_everything(ObjectHandle object) {
  if (!object->address().object_class->has_sql) return {};
  return with_sql(*object, [&](sql::Session& session) -> Result<void> {
    auto dropped = session.drop_everything();
    object->written(false);
    return dropped;
  });
}

}  // namespace

void register_object_sql(js::OpTable& ops) {
  ops.add<sql_exec>("sql_exec");
  ops.add<sql_rows>("sql_rows");
  ops.add<sql_columns>("sql_columns");
  ops.add<sql_has_row>("sql_has_row");
  ops.add<sql_close>("sql_close");
  ops.add<sql_rows_read>("sql_rows_read");
  ops.add<sql_rows_written>("sql_rows_written");
  ops.add<sql_is_enabled>("sql_is_enabled");
  ops.add<object_write_count>("object_write_count");
  ops.add<sql_database_size>("sql_database_size");
  ops.add<sql_drop_everything>("sql_drop_everything");
}

}  // namespace adit::bindings::durable_object
