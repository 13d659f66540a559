// What JavaScript may ask of KV. Keys, options and limits are checked in builtins/bindings/kv.ts; here values become JavaScript's: text
// straight from SQLite's buffer when the namespace is this shard's. Owner: the isolate's thread.
#include "bindings/kv/ops.h"

#include "bindings/kv/service.h"
#include "bindings/kv/value_reader.h"
#include "bindings/list_cursor.h"
#include "js/memory_limit.h"
#include "net/byte_source.h"
#include "web/connections.h"
#include "worker/subrequests.h"

namespace adit::bindings::kv {

using SpaceHandle = js::Handle<Namespace>;

// As in kv.ts.
enum class ReadType : int32_t { text, array_buffer, stream };

struct ReadAs {
  ReadType type;
  bool with_metadata;
};

// A value on its way into JavaScript: the value or null; with metadata, [value, metadata as JSON].
struct ReadAnswer {
  SharedValue value;
  ReadAs as;
  std::shared_ptr<net::ByteSource> source;  // of a long value that is asked for as a stream
};

static v8::Local<v8::Value> value_to_js(v8::Isolate* isolate, std::string_view value, ReadType type) {
  switch (type) {
    case ReadType::text:
      return js::from_utf8(isolate, value);
    case ReadType::array_buffer:
      return js::from_bytes(isolate, copy_bytes(value))->Buffer();
    case ReadType::stream:
      return js::to_js(isolate,
                       std::shared_ptr<net::ByteSource>(std::make_shared<net::MemorySource>(copy_bytes(value))));
  }
  VERIFY_NOT_REACHED();
}

static v8::Local<v8::Value> entry_to_js(v8::Isolate* isolate, const EntryView* entry, ReadAs as) {
  v8::Local<v8::Value> value = v8::Null(isolate);
  if (entry) value = value_to_js(isolate, entry->value, as.type);
  if (!as.with_metadata) return value;
  v8::Local<v8::Value> metadata = v8::Undefined(isolate);
  if (entry && entry->metadata) metadata = js::from_utf8(isolate, *entry->metadata);
  v8::Local<v8::Value> elements[] = {value, metadata};
  return v8::Array::New(isolate, elements, 2);
}

static v8::Local<v8::Value> shared_to_js(v8::Isolate* isolate, const SharedValue& value, ReadAs as) {
  if (!value) return entry_to_js(isolate, nullptr, as);
  EntryView entry{value->bytes, std::nullopt, value->metadata, value->expiration_s};
  return entry_to_js(isolate, &entry, as);
}

static v8::Local<v8::Value> with_metadata(v8::Isolate* isolate, v8::Local<v8::Value> value, const Value& entry) {
  v8::Local<v8::Value> metadata = v8::Undefined(isolate);
  if (entry.metadata) metadata = js::from_utf8(isolate, *entry.metadata);
  v8::Local<v8::Value> elements[] = {value, metadata};
  return v8::Array::New(isolate, elements, 2);
}

static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ReadAnswer& answer) {
  if (!answer.source) return shared_to_js(isolate, answer.value, answer.as);
  auto value = js::to_js(isolate, answer.source);
  return answer.as.with_metadata ? with_metadata(isolate, value, *answer.value) : value;
}

// Flat: value, metadata, value, metadata, ...
struct ManyAnswer {
  std::vector<SharedValue> values;
};

static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ManyAnswer& answer) {
  v8::LocalVector<v8::Value> elements(isolate);
  elements.reserve(2 * answer.values.size());
  for (const auto& value : answer.values) {
    elements.push_back(shared_to_js(isolate, value, {ReadType::text, false}));
    if (value && value->metadata) elements.push_back(js::from_utf8(isolate, *value->metadata));
    else elements.push_back(v8::Undefined(isolate));
  }
  return v8::Array::New(isolate, elements.data(), elements.size());
}

static Result<std::string> decode_cursor(std::string_view cursor) {
  if (auto key = decode_list_cursor(cursor)) return std::move(*key);
  return Error::failed("KV GET failed: 400 Invalid cursor: it is none that list() gave.");
}

// Flat: the cursor of the next page or null, then name, expiration, metadata of each key.
static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ListPage& page) {
  v8::LocalVector<v8::Value> elements(isolate);
  elements.reserve(1 + 3 * page.keys.size());
  if (page.is_complete) elements.push_back(v8::Null(isolate));
  else elements.push_back(js::from_utf8(isolate, encode_list_cursor(page.keys.back().name)));
  for (const auto& key : page.keys) {
    elements.push_back(js::from_utf8(isolate, key.name));
    elements.push_back(js::to_js(isolate, key.expiration_s));
    elements.push_back(js::to_js(isolate, key.metadata));
  }
  return v8::Array::New(isolate, elements.data(), elements.size());
}

namespace {

SpaceHandle kv_open(js::Call& call, std::string id) { return call.service<Service>().open(std::move(id)); }

// The answer, when it is at hand.
Result<v8::Local<v8::Value>> read_at_once(js::Call& call, Service& service, const Namespace& space,
                                          const std::string& key, ReadAs as) {
  if (auto partition = service.own_partition(space)) {
    if (!partition->is_in_flight(key)) {
      v8::Local<v8::Value> result;
      bool found = TRY(partition->store().read(key, [&](const EntryView& entry) {
        if (!entry.long_value) result = entry_to_js(call.v8(), &entry, as);
      }));
      if (!found) return entry_to_js(call.v8(), nullptr, as);
      if (!result.IsEmpty()) return result;
    }
  } else if (auto* remembered = service.remembered(space, key)) {
    return shared_to_js(call.v8(), *remembered, as);
  }
  return v8::Local<v8::Value>();
}

Result<v8::Local<v8::Value>> read_entry(js::Call& call, const Namespace& space, std::string key, ReadAs as) {
  auto& service = call.service<Service>();
  if (TRY(worker::count_connection(call)))
    if (auto result = TRY(read_at_once(call, service, space, key, as)); !result.IsEmpty()) return result;
  return web::answer_connection<ReadAnswer>(call, [&service, space, key = std::move(key), as](auto answer) mutable {
    service.get(
        space, std::move(key), [&service, space, as, answer = std::move(answer)](Result<SharedValue> got) mutable {
          if (got.is_error()) return answer(std::move(got.error()));
          auto value = std::move(got).value();
          if (!value || !value->long_value) return answer(ReadAnswer{std::move(value), as, nullptr});
          if (as.type == ReadType::stream) {
            auto source = service.source_of(space, *value);
            if (source.is_error()) return answer(std::move(source.error()));
            return answer(ReadAnswer{std::move(value), as, std::move(source).value()});
          }
          service.load(space, std::move(value), [as, answer = std::move(answer)](Result<SharedValue> loaded) mutable {
            if (loaded.is_error()) answer(std::move(loaded.error()));
            else answer(ReadAnswer{std::move(loaded).value(), as, nullptr});
          });
        });
  });
}

Result<v8::Local<v8::Value>> kv_get(js::Call& call, SpaceHandle space, std::string key, int32_t type) {
  return read_entry(call, *space, std::move(key), {static_cast<ReadType>(type), false});
}

Result<v8::Local<v8::Value>> kv_get_with_metadata(js::Call& call, SpaceHandle space, std::string key, int32_t type) {
  return read_entry(call, *space, std::move(key), {static_cast<ReadType>(type), true});
}

Result<v8::Local<v8::Value>> kv_get_many(js::Call& call, SpaceHandle space, std::vector<std::string> keys) {
  TRY(worker::count_subrequest(call));
  return web::answer_connection<ManyAnswer>(
      call, [&service = call.service<Service>(), space, keys = std::move(keys)](auto answer) mutable {
        service.get_many(*space, std::move(keys),
                         [answer = std::move(answer)](Result<std::vector<SharedValue>> values) mutable {
                           if (values.is_error()) answer(std::move(values.error()));
                           else answer(ManyAnswer{std::move(values).value()});
                         });
      });
}

std::optional<int64_t> seconds_of(std::optional<double> expiration_s) {
  return expiration_s ? std::optional(static_cast<int64_t>(*expiration_s)) : std::nullopt;
}

Result<js::Promise<void>> kv_put(js::Call& call, SpaceHandle space, std::string key, v8::Local<v8::Value> value,
                                 std::optional<double> expiration_s, std::optional<std::string> metadata) {
  TRY(worker::count_subrequest(call));
  PutRequest request{std::move(key), {}, std::move(metadata), seconds_of(expiration_s)};
  if (value->IsString()) {
    request.value = js::to_utf8(call.v8(), value.As<v8::String>());
  } else {
    js::FromJs<BytesView> bytes;
    if (!bytes.read(call.v8(), value)) return Error::type_error("a KV value is a string or octets");
    if (bytes.get().size() > max_value_bytes) return value_too_long(bytes.get().size());
    request.value = text_of(bytes.get());
  }
  if (request.value.size() > max_value_bytes) return value_too_long(request.value.size());
  auto [promise, settle] = call.promise<void>();
  auto answer = while_charged(js::charge_native_memory(call.v8(), request.value.size()), std::move(settle));
  auto& service = call.service<Service>();
  web::begin_connection_when_durable(call, [&service, space, request = std::move(request),
                                            answer = std::move(answer)](web::ConnectionSlot slot) mutable {
    auto done = web::answering(std::move(slot), std::move(answer));
    if (request.value.size() <= max_inline_bytes) return service.put(*space, std::move(request), std::move(done));
    auto body = copy_bytes(std::exchange(request.value, {}));
    service.put_body(*space, std::move(request), std::move(body), std::move(done));
  });
  return promise;
}

Result<js::Promise<void>> kv_put_source(js::Call& call, SpaceHandle space, std::string key,
                                        js::Handle<net::ByteSource> source, std::optional<double> expiration_s,
                                        std::optional<std::string> metadata) {
  TRY(worker::count_subrequest(call));
  auto [promise, settle] = call.promise<void>();
  PutRequest request{std::move(key), {}, std::move(metadata), seconds_of(expiration_s)};
  if (auto length = source->remaining_bytes(); length && *length > max_value_bytes) {
    source->cancel(Error(ErrorKind::aborted, "the value is too long"));
    settle(value_too_long(*length));
    return promise;
  }
  web::begin_connection_when_durable(call, [&service = call.service<Service>(), space, request = std::move(request),
                                            source = std::shared_ptr<net::ByteSource>(std::move(source)),
                                            settle = std::move(settle)](web::ConnectionSlot slot) mutable {
    service.put_body(*space, std::move(request), std::move(source), web::answering(std::move(slot), std::move(settle)));
  });
  return promise;
}

Result<js::Promise<void>> kv_delete(js::Call& call, SpaceHandle space, std::string key) {
  TRY(worker::count_subrequest(call));
  auto [promise, settle] = call.promise<void>();
  web::begin_connection_when_durable(call, [&service = call.service<Service>(), space, key = std::move(key),
                                            settle = std::move(settle)](web::ConnectionSlot slot) mutable {
    service.remove(*space, std::move(key), web::answering(std::move(slot), std::move(settle)));
  });
  return promise;
}

Result<v8::Local<v8::Value>> kv_list(js::Call& call, SpaceHandle space, std::string prefix, std::string cursor,
                                     uint32_t limit) {
  TRY(worker::count_subrequest(call));
  ListRequest request{std::move(prefix), TRY(decode_cursor(cursor)), limit};
  return web::answer_connection<ListPage>(
      call, [&service = call.service<Service>(), space, request = std::move(request)](auto answer) mutable {
        service.list(*space, std::move(request), std::move(answer));
      });
}

}  // namespace

void register_kv(js::OpTable& ops) {
  ops.add<kv_open>("kv_open");
  ops.add<kv_get>("kv_get");
  ops.add<kv_get_with_metadata>("kv_get_with_metadata");
  ops.add<kv_get_many>("kv_get_many");
  ops.add<kv_put>("kv_put");
  ops.add<kv_put_source>("kv_put_source");
  ops.add<kv_delete>("kv_delete");
  ops.add<kv_list>("kv_list");
}

}  // namespace adit::bindings::kv
