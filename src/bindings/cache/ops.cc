// What JavaScript may ask of the cache: whether a response may be stored and used is decided in builtins/web/caches.ts.
#include "bindings/cache/ops.h"

#include "bindings/cache/service.h"
#include "web/connections.h"

namespace adit::bindings::cache {

// [entry, head, stored (Unix ms), octets of the body], or undefined.
struct FindAnswer {
  std::optional<Entry> entry;
};

static v8::Local<v8::Value> to_js(v8::Isolate* isolate, FindAnswer answer) {
  if (!answer.entry) return v8::Undefined(isolate);
  auto entry = std::make_shared<Entry>(std::move(*answer.entry));
  v8::Local<v8::Value> elements[] = {
      js::wrap<Entry>(isolate, entry),
      js::from_utf8(isolate, entry->head),
      v8::Number::New(isolate, static_cast<double>(entry->lifetime.stored_ms)),
      v8::Number::New(isolate, static_cast<double>(entry->body_bytes)),
  };
  return v8::Array::New(isolate, elements, 4);
}

namespace {

// NUL stands in no name and no URL.
std::string full_key(const Scope& scope, const std::string& cache, const std::string& url) {
  return scope.worker + '\0' + cache + '\0' + url;
}

Result<v8::Local<v8::Value>> cache_find(js::Call& call, std::string cache, std::string url) {
  auto& scope = call.service<Scope>();
  return web::answer_connection<FindAnswer>(call, [&scope, key = full_key(scope, cache, url)](auto answer) mutable {
    scope.service.find(std::move(key), [answer = std::move(answer)](Result<std::optional<Entry>> entry) mutable {
      if (entry.is_error()) answer(std::move(entry.error()));
      else answer(FindAnswer{std::move(entry).value()});
    });
  });
}

js::Handle<net::ByteSource> cache_body(js::Call& call, js::Handle<Entry> entry, double offset, double length_bytes) {
  auto start = std::min(static_cast<uint64_t>(offset), entry->body_bytes);
  auto length = std::min(static_cast<uint64_t>(length_bytes), entry->body_bytes - start);
  return read_body(call.service<Scope>().service.loop(), entry->file, entry->body_offset + start, length);
}

// `lifetime_ms` from now on. The promise resolves when the response is stored.
js::Promise<void> cache_put(js::Call& call, std::string cache, std::string url, std::string head, double lifetime_ms,
                            std::optional<js::Handle<net::ByteSource>> body) {
  auto& scope = call.service<Scope>();
  auto now_ms = scope.service.clock().unix_ms();
  PutRequest request{full_key(scope, cache, url),
                     std::move(head),
                     {now_ms, now_ms + static_cast<int64_t>(lifetime_ms)},
                     body.value_or(nullptr)};
  auto [promise, settle] = call.promise<void>();
  web::begin_connection_when_durable(
      call, [&scope, request = std::move(request), settle = std::move(settle)](web::ConnectionSlot slot) mutable {
        scope.service.put(std::move(request), web::answering(std::move(slot), std::move(settle)));
      });
  return promise;
}

js::Promise<bool> cache_delete(js::Call& call, std::string cache, std::string url) {
  auto& scope = call.service<Scope>();
  auto [promise, settle] = call.promise<bool>();
  web::begin_connection_when_durable(
      call, [&scope, key = full_key(scope, cache, url), settle = std::move(settle)](web::ConnectionSlot slot) mutable {
        scope.service.remove(std::move(key), web::answering(std::move(slot), std::move(settle)));
      });
  return promise;
}

}  // namespace

void register_cache(js::OpTable& ops) {
  ops.add<cache_find>("cache_find");
  ops.add<cache_body>("cache_body");
  ops.add<cache_put>("cache_put");
  ops.add<cache_delete>("cache_delete");
}

}  // namespace adit::bindings::cache
