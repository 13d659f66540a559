// What JavaScript may ask of R2. Types and options are checked in builtins/bindings/r2.ts; here objects become flat arrays, which it makes
// R2Objects of. R2's errors begin with the method's name. Owner: the isolate's thread.
#include "bindings/r2/ops.h"

#include <nlohmann/json.hpp>

#include "bindings/list_cursor.h"
#include "bindings/r2/service.h"
#include "js/memory_limit.h"
#include "web/connections.h"
#include "web/held_output.h"
#include "worker/subrequests.h"

namespace adit::bindings::r2 {

using BucketHandle = js::Handle<Bucket>;

struct ObjectAnswer {
  std::optional<ObjectInfo> info;
};
struct GetAnswer {
  std::optional<GetResult> result;
};

namespace {

constexpr int object_fields = 15;
constexpr int get_fields = object_fields + 3;

v8::Local<v8::Value> optional_text(v8::Isolate* isolate, const std::string& text) {
  if (text.empty()) return v8::Undefined(isolate);
  return js::from_utf8(isolate, text);
}

// As r2.ts takes them apart: key, version, size, etag, uploaded, storage class, key's MD5, HTTP metadata, custom metadata, 5 checksums, parts.
void put_object(v8::Isolate* isolate, const ObjectInfo& info, v8::Local<v8::Value>* out) {
  *out++ = js::from_utf8(isolate, info.key);
  *out++ = js::from_utf8(isolate, info.version);
  *out++ = v8::Number::New(isolate, static_cast<double>(info.size_bytes));
  *out++ = js::from_utf8(isolate, info.etag);
  *out++ = v8::Number::New(isolate, static_cast<double>(info.uploaded_ms));
  *out++ = js::from_utf8(isolate, storage_class_name(info.storage_class));
  *out++ = optional_text(isolate, info.ssec_key_md5);
  *out++ = optional_text(isolate, info.http_metadata);
  *out++ = optional_text(isolate, info.custom_metadata);
  for (auto& checksum : info.checksums.values) {
    if (checksum.empty()) *out++ = v8::Undefined(isolate);
    else *out++ = js::from_bytes(isolate, copy_bytes(checksum))->Buffer();
  }
  *out++ = v8::Number::New(isolate, info.part_count);
}

}  // namespace

static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ObjectAnswer& answer) {
  if (!answer.info) return v8::Null(isolate);
  v8::Local<v8::Value> fields[object_fields];
  put_object(isolate, *answer.info, fields);
  return v8::Array::New(isolate, fields, object_fields);
}

// And then the range's offset and length, and the body.
static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const GetAnswer& answer) {
  if (!answer.result) return v8::Null(isolate);
  v8::Local<v8::Value> fields[get_fields];
  auto& result = *answer.result;
  put_object(isolate, result.info, fields);
  fields[object_fields] = v8::Number::New(isolate, static_cast<double>(result.range.offset_bytes));
  fields[object_fields + 1] = v8::Number::New(isolate, static_cast<double>(result.range.length_bytes));
  fields[object_fields + 2] = v8::Undefined(isolate);
  if (result.body) fields[object_fields + 2] = js::to_js(isolate, result.body);
  return v8::Array::New(isolate, fields, get_fields);
}

static Result<std::string> decode_cursor(std::string_view cursor) {
  if (auto key = decode_list_cursor(cursor)) return std::move(*key);
  return Error::failed("list: The cursor is none that list() gave.");
}

// The cursor or null, the prefixes, then the objects.
static v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ListPage& page) {
  v8::LocalVector<v8::Value> elements(isolate);
  if (page.is_truncated()) elements.push_back(js::from_utf8(isolate, encode_list_cursor(page.cursor)));
  else elements.push_back(v8::Null(isolate));
  v8::LocalVector<v8::Value> prefixes(isolate);
  for (auto& prefix : page.prefixes) prefixes.push_back(js::from_utf8(isolate, prefix));
  elements.push_back(v8::Array::New(isolate, prefixes.data(), prefixes.size()));
  for (auto& object : page.objects) elements.push_back(to_js(isolate, ObjectAnswer{object}));
  return v8::Array::New(isolate, elements.data(), elements.size());
}

namespace {

Error prefixed(const char* method, Error error) {
  if (!code_of(error)) return error;
  return {error.kind(), std::string(method) + ": " + error.message()};
}

// Passes an answer on as another type, its error with the method's name.
template <typename Answer, typename T, typename Settle>
auto as(const char* method, Settle settle) {
  return [method, settle = std::move(settle)](Result<T> result) mutable {
    if (result.is_error()) return settle(prefixed(method, std::move(result.error())));
    settle(Answer{std::move(result).value()});
  };
}

BucketHandle r2_open(js::Call& call, std::string name) { return call.service<Service>().open(std::move(name)); }

// {"m": [[kind, etag], ...], "n": the same, "b": ms, "a": ms, "s": seconds}
Result<Conditions> conditions_of(const std::optional<std::string>& text) {
  Conditions conditions;
  if (!text) return conditions;
  auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return Error::type_error("bad conditions");
  auto etags = [&](const char* name, std::optional<std::vector<EtagPattern>>& out) {
    if (!json.contains(name)) return;
    out.emplace();
    for (auto& item : json[name])
      out->push_back({static_cast<EtagPattern::Kind>(item[0].get<int>()), item[1].get<std::string>()});
  };
  etags("m", conditions.etag_matches);
  etags("n", conditions.etag_does_not_match);
  if (json.contains("b")) conditions.uploaded_before_ms = json["b"].get<int64_t>();
  if (json.contains("a")) conditions.uploaded_after_ms = json["a"].get<int64_t>();
  conditions.seconds_granularity = json.value("s", false);
  return conditions;
}

Result<std::optional<SsecKey>> ssec_key_of(const std::optional<BytesView>& octets) {
  if (!octets) return std::optional<SsecKey>();
  SsecKey key;
  if (octets->size() != key.size()) return Error::failed("SSE-C Key must be 32 bytes in length");
  std::copy(octets->begin(), octets->end(), key.begin());
  return std::optional(key);
}

std::optional<uint64_t> whole(std::optional<double> number) {
  return number ? std::optional(static_cast<uint64_t>(*number)) : std::nullopt;
}

Result<Body> body_of(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (value->IsString()) return Body(copy_bytes(js::to_utf8(isolate, value.As<v8::String>())));
  js::FromJs<BytesView> bytes;
  if (bytes.read(isolate, value)) return Body(copy_bytes(bytes.get()));
  js::FromJs<js::Handle<net::ByteSource>> source;
  if (source.read(isolate, value)) return Body(std::shared_ptr<net::ByteSource>(source.get()));
  return Error::type_error("an R2 value is a string, octets or a stream");
}

size_t size_in_memory(const Body& body) {
  auto* bytes = std::get_if<Bytes>(&body);
  return bytes ? bytes->size() : 0;
}

Result<ObjectOptions> options_of(std::optional<std::string> http, std::optional<std::string> custom,
                                 int32_t storage_class, const std::optional<BytesView>& key) {
  return ObjectOptions{std::move(http).value_or(""), std::move(custom).value_or(""),
                       static_cast<StorageClass>(storage_class), TRY(ssec_key_of(key)), ""};
}

Result<v8::Local<v8::Value>> r2_head(js::Call& call, BucketHandle bucket, std::string key) {
  TRY(worker::count_subrequest(call));
  return web::answer_connection<ObjectAnswer>(call, [bucket, key = std::move(key)](auto answer) mutable {
    bucket->head(std::move(key), as<ObjectAnswer, std::optional<ObjectInfo>>("head", std::move(answer)));
  });
}

Result<v8::Local<v8::Value>> r2_get(js::Call& call, BucketHandle bucket, std::string key,
                                    std::optional<std::string> conditions, std::optional<double> offset,
                                    std::optional<double> length, std::optional<double> suffix,
                                    std::optional<BytesView> ssec_key) {
  TRY(worker::count_subrequest(call));
  GetRequest request{std::move(key),
                     TRY(conditions_of(conditions)),
                     {whole(offset), whole(length), whole(suffix)},
                     TRY(ssec_key_of(ssec_key)),
                     std::nullopt};
  return web::answer_connection<GetAnswer>(call, [bucket, request = std::move(request)](auto answer) mutable {
    bucket->get(std::move(request), as<GetAnswer, std::optional<GetResult>>("get", std::move(answer)));
  });
}

Result<js::Promise<ObjectAnswer>> r2_put(js::Call& call, BucketHandle bucket, std::string key,
                                         v8::Local<v8::Value> value, std::optional<std::string> http,
                                         std::optional<std::string> custom, int32_t storage_class,
                                         std::optional<std::string> conditions, int32_t hash_kind,
                                         std::optional<BytesView> hash, std::optional<BytesView> ssec_key) {
  TRY(worker::count_subrequest(call));
  PutRequest request{std::move(key),
                     TRY(options_of(std::move(http), std::move(custom), storage_class, ssec_key)),
                     TRY(conditions_of(conditions)),
                     {},
                     nullptr};
  if (hash) request.expected.values[static_cast<size_t>(hash_kind)] = text_of(*hash);
  auto body = TRY(body_of(call.v8(), value));
  auto charge = js::charge_native_memory(call.v8(), size_in_memory(body));
  auto [promise, settle] = call.promise<ObjectAnswer>();
  auto answer = while_charged(std::move(charge), std::move(settle));
  web::begin_connection_when_durable(call, [bucket, request = std::move(request), body = std::move(body),
                                            answer = std::move(answer)](web::ConnectionSlot slot) mutable {
    bucket->put(std::move(request), std::move(body),
                as<ObjectAnswer, std::optional<ObjectInfo>>("put", web::answering(std::move(slot), std::move(answer))));
  });
  return promise;
}

Result<js::Promise<void>> r2_delete(js::Call& call, BucketHandle bucket, std::vector<std::string> keys) {
  TRY(worker::count_subrequest(call));
  auto [promise, settle] = call.promise<void>();
  web::begin_connection_when_durable(
      call, [bucket, keys = std::move(keys), settle = std::move(settle)](web::ConnectionSlot slot) mutable {
        auto answer = web::answering(std::move(slot), std::move(settle));
        bucket->remove(std::move(keys), [answer = std::move(answer)](Result<void> removed) mutable {
          if (removed.is_error()) answer(prefixed("delete", std::move(removed.error())));
          else answer(Result<void>());
        });
      });
  return promise;
}

Result<v8::Local<v8::Value>> r2_list(js::Call& call, BucketHandle bucket, std::string prefix, std::string delimiter,
                                     std::string start_after, std::string cursor, double limit, bool with_http,
                                     bool with_custom) {
  TRY(worker::count_subrequest(call));
  ListRequest request{std::move(prefix),
                      std::move(delimiter),
                      std::move(start_after),
                      TRY(decode_cursor(cursor)),
                      limit >= 1 ? static_cast<size_t>(limit) : 0,
                      with_http,
                      with_custom};
  return web::answer_connection<ListPage>(call, [bucket, request = std::move(request)](auto answer) mutable {
    bucket->list(std::move(request), as<ListPage, ListPage>("list", std::move(answer)));
  });
}

Result<js::Promise<std::string>> r2_create_upload(js::Call& call, BucketHandle bucket, std::string key,
                                                  std::optional<std::string> http, std::optional<std::string> custom,
                                                  int32_t storage_class, std::optional<BytesView> ssec_key) {
  TRY(worker::count_subrequest(call));
  auto options = TRY(options_of(std::move(http), std::move(custom), storage_class, ssec_key));
  auto [promise, settle] = call.promise<std::string>();
  auto done = [settle = std::move(settle)](Result<UploadInfo> upload) mutable {
    if (upload.is_error()) return settle(prefixed("createMultipartUpload", std::move(upload.error())));
    settle(std::move(upload.value().upload_id));
  };
  web::begin_when_durable(
      call, [bucket, key = std::move(key), options = std::move(options), done = std::move(done)]() mutable {
        bucket->create_upload(std::move(key), std::move(options), std::move(done));
      });
  return promise;
}

Result<js::Promise<std::string>> r2_upload_part(js::Call& call, BucketHandle bucket, std::string key,
                                                std::string upload_id, uint32_t number, v8::Local<v8::Value> value,
                                                std::optional<BytesView> ssec_key) {
  TRY(worker::count_subrequest(call));
  auto sealing = TRY(ssec_key_of(ssec_key));
  auto body = TRY(body_of(call.v8(), value));
  auto charge = js::charge_native_memory(call.v8(), size_in_memory(body));
  auto [promise, settle] = call.promise<std::string>();
  auto done = [settle = while_charged(std::move(charge), std::move(settle))](Result<PartInfo> part) mutable {
    if (part.is_error()) return settle(prefixed("uploadPart", std::move(part.error())));
    settle(std::move(part.value().etag));
  };
  web::begin_when_durable(call, [bucket, key = std::move(key), upload_id = std::move(upload_id), number,
                                 body = std::move(body), sealing, done = std::move(done)]() mutable {
    bucket->upload_part(std::move(key), std::move(upload_id), number, std::move(body), sealing, nullptr,
                        std::move(done));
  });
  return promise;
}

Result<js::Promise<ObjectAnswer>> r2_complete_upload(js::Call& call, BucketHandle bucket, std::string key,
                                                     std::string upload_id, std::vector<std::string> parts) {
  TRY(worker::count_subrequest(call));
  Completion completion;
  for (auto& part : parts) {
    auto colon = part.find(':');
    completion.parts.push_back(
        {static_cast<uint32_t>(std::strtoul(part.c_str(), nullptr, 10)), part.substr(colon + 1), {}});
  }
  auto [promise, settle] = call.promise<ObjectAnswer>();
  web::begin_when_durable(
      call, [bucket, key = std::move(key), upload_id = std::move(upload_id), completion = std::move(completion),
             done = as<ObjectAnswer, ObjectInfo>("completeMultipartUpload", std::move(settle))]() mutable {
        bucket->complete_upload(std::move(key), std::move(upload_id), std::move(completion), std::move(done));
      });
  return promise;
}

Result<js::Promise<bool>> r2_abort_upload(js::Call& call, BucketHandle bucket, std::string key, std::string upload_id) {
  TRY(worker::count_subrequest(call));
  auto [promise, settle] = call.promise<bool>();
  auto answer = [settle = std::move(settle)](Result<bool> done) mutable {
    if (done.is_error()) settle(prefixed("abortMultipartUpload", std::move(done.error())));
    else settle(std::move(done));
  };
  web::begin_when_durable(
      call, [bucket, key = std::move(key), upload_id = std::move(upload_id), answer = std::move(answer)]() mutable {
        bucket->abort_upload(std::move(key), std::move(upload_id), std::move(answer));
      });
  return promise;
}

}  // namespace

void register_r2(js::OpTable& ops) {
  ops.add<r2_open>("r2_open");
  ops.add<r2_head>("r2_head");
  ops.add<r2_get>("r2_get");
  ops.add<r2_put>("r2_put");
  ops.add<r2_delete>("r2_delete");
  ops.add<r2_list>("r2_list");
  ops.add<r2_create_upload>("r2_create_upload");
  ops.add<r2_upload_part>("r2_upload_part");
  ops.add<r2_complete_upload>("r2_complete_upload");
  ops.add<r2_abort_upload>("r2_abort_upload");
}

}  // namespace adit::bindings::r2
