// What builtins/bindings/durable_object.ts may ask: ids, and an object's storage. Values are structured clones (web/structured_clone.h);
// keys and limits are checked in TypeScript. Owner: the isolate's thread.
#include "bindings/durable_object/ops.h"

#include "bindings/durable_object/object_id.h"
#include "bindings/durable_object/service.h"
#include "js/answer.h"
#include "web/structured_clone.h"

namespace adit::bindings::durable_object {

using StorageHandle = js::Handle<Storage>;

static Result<std::string> durable_id_from_name(js::Call& call, std::string class_name, std::string name) {
  return id_from_name(TRY(call.service<Service>().space_of(class_name)), name);
}

static Result<std::string> durable_id_unique(js::Call& call, std::string class_name) {
  auto& service = call.service<Service>();
  return unique_id(TRY(service.space_of(class_name)), service.random());
}

static Result<bool> durable_id_belongs(js::Call& call, std::string class_name, std::string id) {
  return is_id_of(TRY(call.service<Service>().space_of(class_name)), id);
}

static Result<v8::Local<v8::Value>> durable_open(js::Call& call, std::string class_name, std::string id) {
  return js::answer_now_or_later<std::shared_ptr<Storage>>(
      call, [&](auto done) { call.service<Service>().open(class_name, id, std::move(done)); });
}

static Result<v8::Local<v8::Value>> storage_get(js::Call& call, StorageHandle storage, std::string key) {
  auto value = TRY(storage->get(key));
  if (!value) return v8::Local<v8::Value>(v8::Undefined(call.v8()));
  return web::deserialize_value(call.v8(), call.context(), *value);
}

// Octets for storage_put; made apart so that all values of a put are cloned before the first is written.
static Result<Bytes> storage_clone(js::Call& call, v8::Local<v8::Value> value) {
  return web::serialize_value(call.v8(), call.context(), value);
}

static Result<void> storage_put(StorageHandle storage, std::string key, BytesView value) {
  return storage->put(key, value);
}
static Result<bool> storage_delete(StorageHandle storage, std::string key) { return storage->remove(key); }
static Result<void> storage_delete_all(StorageHandle storage) { return storage->remove_all(); }

// Flat: key, value, key, value, ...
static Result<v8::Local<v8::Value>> storage_list(js::Call& call, StorageHandle storage,
                                                 std::optional<std::string> start,
                                                 std::optional<std::string> start_after, std::optional<std::string> end,
                                                 std::optional<std::string> prefix, bool reverse,
                                                 std::optional<int64_t> limit) {
  auto entries =
      TRY(storage->list({std::move(start), std::move(start_after), std::move(end), std::move(prefix), reverse, limit}));
  v8::LocalVector<v8::Value> elements(call.v8());
  elements.reserve(2 * entries.size());
  for (const auto& entry : entries) {
    elements.push_back(js::from_utf8(call.v8(), entry.key));
    elements.push_back(TRY(web::deserialize_value(call.v8(), call.context(), entry.value)));
  }
  return v8::Array::New(call.v8(), elements.data(), elements.size()).As<v8::Value>();
}

static Result<void> storage_begin(StorageHandle storage) { return storage->begin(); }
static Result<void> storage_commit(StorageHandle storage) { return storage->commit(); }
static Result<void> storage_rollback(StorageHandle storage) { return storage->rollback(); }

// Undefined when everything written is on disk, else a promise of that.
static Result<v8::Local<v8::Value>> storage_durable(js::Call& call, StorageHandle storage) {
  if (storage->is_durable()) return v8::Local<v8::Value>(v8::Undefined(call.v8()));
  return js::answer_now_or_later<void>(call, [&](auto done) { storage->when_durable(std::move(done)); });
}

void register_durable_object(js::OpTable& ops) {
  ops.add<durable_id_from_name>("durable_id_from_name");
  ops.add<durable_id_unique>("durable_id_unique");
  ops.add<durable_id_belongs>("durable_id_belongs");
  ops.add<durable_open>("durable_open");
  ops.add<storage_get>("storage_get");
  ops.add<storage_clone>("storage_clone");
  ops.add<storage_put>("storage_put");
  ops.add<storage_delete>("storage_delete");
  ops.add<storage_delete_all>("storage_delete_all");
  ops.add<storage_list>("storage_list");
  ops.add<storage_begin>("storage_begin");
  ops.add<storage_commit>("storage_commit");
  ops.add<storage_rollback>("storage_rollback");
  ops.add<storage_durable>("storage_durable");
}

}  // namespace adit::bindings::durable_object
