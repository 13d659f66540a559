// An object's storage, as its JavaScript sees it (builtins/bindings/durable_object_storage.ts). Every op answers at once: the writes are in the
// turn's transaction, and the output gate waits for the log. Owner: the isolate's thread.
#include "bindings/durable_object/object.h"
#include "bindings/durable_object/ops.h"
#include "js/convert.h"
#include "web/structured_clone.h"

namespace adit::bindings::durable_object {
namespace {

using ObjectHandle = js::Handle<Object>;

// Runs work(storage). A failure may be the ledger's end, and then is the object's.
template <typename Work>
auto with_storage(Object& object, Work work) -> decltype(work(std::declval<Storage&>())) {
  auto* storage = TRY(object.storage());
  auto result = work(*storage);
  if (result.is_error()) object.check_ledger();
  return result;
}

Result<v8::Local<v8::Value>> storage_get(js::Call& call, ObjectHandle object, std::string key) {
  TRY(Storage::check_key(key));
  return with_storage(*object, [&](Storage& storage) -> Result<v8::Local<v8::Value>> {
    v8::Local<v8::Value> value = v8::Undefined(call.v8());
    TRY(storage.get(key, [&](BytesView octets) -> Result<void> {
      value = TRY(web::deserialize_value(call.v8(), call.context(), octets));
      return {};
    }));
    return value;
  });
}

// Flat: key, value, key, value, ... of those that are there.
Result<v8::Local<v8::Value>> storage_get_many(js::Call& call, ObjectHandle object, std::vector<std::string> keys) {
  for (const auto& key : keys) TRY(Storage::check_key(key));
  return with_storage(*object, [&](Storage& storage) -> Result<v8::Local<v8::Value>> {
    v8::LocalVector<v8::Value> flat(call.v8());
    for (const auto& key : keys) {
      TRY(storage.get(key, [&](BytesView octets) -> Result<void> {
        auto value = TRY(web::deserialize_value(call.v8(), call.context(), octets));
        flat.push_back(js::from_utf8(call.v8(), key));
        flat.push_back(value);
        return {};
      }));
    }
    return v8::Array::New(call.v8(), flat.data(), flat.size()).As<v8::Value>();
  });
}

Result<void> storage_put(js::Call& call, ObjectHandle object, std::string key, v8::Local<v8::Value> value,
                         bool is_unconfirmed) {
  auto octets = TRY(web::serialize_value(call.v8(), call.context(), value));
  return with_storage(*object, [&](Storage& storage) -> Result<void> {
    TRY(storage.check_size(key, octets.size()));
    TRY(storage.put(key, octets));
    object->written(is_unconfirmed);
    return {};
  });
}

// Flat: key, value, key, value, ... All or none.
Result<void> storage_put_many(js::Call& call, ObjectHandle object, std::vector<v8::Local<v8::Value>> flat,
                              bool is_unconfirmed) {
  std::vector<std::pair<std::string, Bytes>> entries;
  for (size_t i = 0; i + 1 < flat.size(); i += 2)
    entries.emplace_back(js::to_utf8(call.v8(), flat[i].As<v8::String>()),
                         TRY(web::serialize_value(call.v8(), call.context(), flat[i + 1])));
  return with_storage(*object, [&](Storage& storage) -> Result<void> {
    for (const auto& [key, octets] : entries) TRY(storage.check_size(key, octets.size()));
    for (const auto& [key, octets] : entries) TRY(storage.put(key, octets));
    if (!entries.empty()) object->written(is_unconfirmed);
    return {};
  });
}

Result<int32_t> storage_delete_many(ObjectHandle object, std::vector<std::string> keys, bool is_unconfirmed) {
  for (const auto& key : keys) TRY(Storage::check_key(key));
  return with_storage(*object, [&](Storage& storage) -> Result<int32_t> {
    int32_t count = 0;
    for (const auto& key : keys) count += TRY(storage.remove(key)) ? 1 : 0;
    if (count > 0) object->written(is_unconfirmed);
    return count;
  });
}

Result<bool> storage_delete(ObjectHandle object, std::string key, bool is_unconfirmed) {
  return TRY(storage_delete_many(std::move(object), {std::move(key)}, is_unconfirmed)) > 0;
}

Result<void> storage_delete_all(ObjectHandle object, bool is_unconfirmed) {
  return with_storage(*object, [&](Storage& storage) -> Result<void> {
    TRY(storage.remove_all());
    object->written(is_unconfirmed);
    return {};
  });
}

// Flat: key, value, key, value, ...
Result<v8::Local<v8::Value>> storage_list(js::Call& call, ObjectHandle object, std::string start, bool excludes_start,
                                          std::optional<std::string> end, std::string prefix, bool reverse,
                                          std::optional<int64_t> limit) {
  ListOptions options{std::move(start), excludes_start, std::move(end), std::move(prefix), reverse, limit};
  return with_storage(*object, [&](Storage& storage) -> Result<v8::Local<v8::Value>> {
    v8::LocalVector<v8::Value> flat(call.v8());
    TRY(storage.list(options, [&](std::string_view key, BytesView octets) -> Result<void> {
      flat.push_back(js::from_utf8(call.v8(), key));
      flat.push_back(TRY(web::deserialize_value(call.v8(), call.context(), octets)));
      return {};
    }));
    return v8::Array::New(call.v8(), flat.data(), flat.size()).As<v8::Value>();
  });
}

// Settles when everything written so far is durable, unconfirmed writes too.
Result<v8::Local<v8::Value>> storage_sync(js::Call& call, ObjectHandle object) {
  TRY(object->storage());
  if (object->is_output_open()) return v8::Undefined(call.v8()).As<v8::Value>();
  auto [promise, settle] = call.promise<void>();
  object->when_written(
      [object, settle = std::move(settle)](Result<void> durable) mutable { settle(std::move(durable)); });
  return promise.local.As<v8::Value>();
}

Result<std::optional<double>> storage_get_alarm(ObjectHandle object) {
  auto alarm = object->alarm();
  if (alarm.is_error()) object->check_ledger();
  auto time_ms = TRY(std::move(alarm));
  return time_ms ? std::optional<double>(static_cast<double>(*time_ms)) : std::nullopt;
}
Result<void> storage_set_alarm(ObjectHandle object, double time_ms, bool is_unconfirmed) {
  auto set = object->set_alarm(static_cast<int64_t>(time_ms), is_unconfirmed);
  if (set.is_error()) object->check_ledger();
  return set;
}
Result<void> storage_delete_alarm(ObjectHandle object, bool is_unconfirmed) {
  auto removed = object->remove_alarm(is_unconfirmed);
  if (removed.is_error()) object->check_ledger();
  return removed;
}

Result<std::string> storage_bookmark(ObjectHandle object) {
  return with_storage(*object, [](Storage& storage) { return storage.ledger().bookmark(); });
}
Result<std::string> storage_bookmark_for_time(ObjectHandle object, double unix_ms) {
  return with_storage(
      *object, [&](Storage& storage) { return storage.ledger().bookmark_for_time(static_cast<int64_t>(unix_ms)); });
}
js::Promise<std::string> storage_restore(js::Call& call, ObjectHandle object, std::string bookmark) {
  auto [promise, settle] = call.promise<std::string>();
  object->restore_at_next_session(
      std::move(bookmark),
      [settle = std::move(settle)](Result<std::string> before) mutable { settle(std::move(before)); });
  return promise;
}

Result<void> storage_begin(ObjectHandle object) { return object->begin_transaction(); }
Result<void> storage_begin_sync(ObjectHandle object) { return object->begin_savepoint(); }
Result<void> storage_end(ObjectHandle object, bool keep) { return object->end_transaction(keep); }

}  // namespace

void register_object_storage(js::OpTable& ops) {
  ops.add<storage_get>("storage_get");
  ops.add<storage_get_many>("storage_get_many");
  ops.add<storage_put>("storage_put");
  ops.add<storage_put_many>("storage_put_many");
  ops.add<storage_delete>("storage_delete");
  ops.add<storage_delete_many>("storage_delete_many");
  ops.add<storage_delete_all>("storage_delete_all");
  ops.add<storage_list>("storage_list");
  ops.add<storage_sync>("storage_sync");
  ops.add<storage_get_alarm>("storage_get_alarm");
  ops.add<storage_set_alarm>("storage_set_alarm");
  ops.add<storage_delete_alarm>("storage_delete_alarm");
  ops.add<storage_bookmark>("storage_bookmark");
  ops.add<storage_bookmark_for_time>("storage_bookmark_for_time");
  ops.add<storage_restore>("storage_restore");
  ops.add<storage_begin>("storage_begin");
  ops.add<storage_begin_sync>("storage_begin_sync");
  ops.add<storage_end>("storage_end");
}

}  // namespace adit::bindings::durable_object
