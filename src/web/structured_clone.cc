#include "web/structured_clone.h"

#include <cstdlib>
#include <optional>
#include <vector>

#include "js/ops.h"

namespace adit::web {
namespace {

constexpr uint8_t storage_version = 1;
constexpr uint32_t dom_exception_tag = 1;
constexpr uint32_t clone_tag = 2;  // in memory only: a number in the list of clones that are made already

enum class PlatformClass : uint32_t { none, opaque, dom_exception };

// A prototype of a platform class carries this private symbol (mark_platform_class).
v8::Local<v8::Private> brand(v8::Isolate* isolate) {
  return v8::Private::ForApi(isolate, js::intern(isolate, "adit:platform"));
}

PlatformClass class_of(v8::Isolate* isolate, v8::Local<v8::Private> key, v8::Local<v8::Object> object) {
  auto context = isolate->GetCurrentContext();
  // A chain longer than this is nobody's platform object; the bound also ends a proxy's endless one.
  v8::Local<v8::Value> prototype = object->GetPrototypeV2();
  for (int depth = 0; depth < 16 && prototype->IsObject() && !prototype->IsProxy(); ++depth) {
    auto current = prototype.As<v8::Object>();
    v8::Local<v8::Value> mark;
    if (current->GetPrivate(context, key).ToLocal(&mark) && mark->IsUint32())
      return static_cast<PlatformClass>(mark.As<v8::Uint32>()->Value());
    prototype = current->GetPrototypeV2();
  }
  return PlatformClass::none;
}

class Writer final : public v8::ValueSerializer::Delegate {
 public:
  Writer(v8::Isolate* isolate, bool for_storage)
      : m_serializer(isolate, this), m_isolate(isolate), m_brand(brand(isolate)), m_for_storage(for_storage) {}
  v8::ValueSerializer& serializer() { return m_serializer; }
  std::vector<v8::Local<v8::SharedArrayBuffer>>& shared() { return m_shared; }
  const std::vector<v8::Global<v8::Object>>& clones() const { return m_clones; }

 private:
  void ThrowDataCloneError(v8::Local<v8::String> message) override {
    js::throw_error(m_isolate, Error(ErrorKind::data_clone, js::to_utf8(m_isolate, message)));
  }
  bool HasCustomHostObject(v8::Isolate*) override { return true; }
  v8::Maybe<bool> IsHostObject(v8::Isolate* isolate, v8::Local<v8::Object> object) override {
    return v8::Just(class_of(isolate, m_brand, object) != PlatformClass::none);
  }
  v8::Maybe<bool> WriteHostObject(v8::Isolate* isolate, v8::Local<v8::Object> object) override {
    if (class_of(isolate, m_brand, object) != PlatformClass::dom_exception) return write_clone(isolate, object);
    m_serializer.WriteUint32(dom_exception_tag);
    auto context = isolate->GetCurrentContext();
    for (auto name : {"message", "name", "stack"}) {
      v8::Local<v8::Value> value;
      v8::Local<v8::String> text;
      if (!object->Get(context, js::intern(isolate, name)).ToLocal(&value) ||
          !value->ToString(context).ToLocal(&text) || !m_serializer.WriteValue(context, text).FromMaybe(false))
        return v8::Nothing<bool>();
    }
    return v8::Just(true);
  }
  // Makes the clone here, or throws: JavaScript knows which classes have one. What is stored has none.
  v8::Maybe<bool> write_clone(v8::Isolate* isolate, v8::Local<v8::Object> object) {
    auto context = isolate->GetCurrentContext();
    v8::Local<v8::Value> maker;
    v8::Local<v8::Value> made;
    v8::Local<v8::Value> arguments[] = {object, v8::Boolean::New(isolate, m_for_storage)};
    auto entry = js::Isolate::of(isolate).entry_object();
    if (!entry->Get(context, js::intern(isolate, "clonePlatformObject")).ToLocal(&maker) || !maker->IsFunction()) {
      auto name = js::to_utf8(isolate, object->GetConstructorName());
      js::throw_error(isolate, Error(ErrorKind::data_clone, "Could not serialize object of type \"" + name +
                                                                "\". This type does not support serialization."));
      return v8::Nothing<bool>();
    }
    if (!maker.As<v8::Function>()
             ->Call(context, v8::Undefined(isolate), std::size(arguments), arguments)
             .ToLocal(&made))
      return v8::Nothing<bool>();
    m_serializer.WriteUint32(clone_tag);
    m_serializer.WriteUint32(static_cast<uint32_t>(m_clones.size()));
    m_clones.emplace_back(isolate, made.As<v8::Object>());
    return v8::Just(true);
  }
  v8::Maybe<uint32_t> GetSharedArrayBufferId(v8::Isolate* isolate, v8::Local<v8::SharedArrayBuffer> buffer) override {
    if (m_for_storage) {
      js::throw_error(isolate, Error(ErrorKind::data_clone, "A SharedArrayBuffer could not be cloned."));
      return v8::Nothing<uint32_t>();
    }
    m_shared.push_back(buffer);
    return v8::Just(static_cast<uint32_t>(m_shared.size() - 1));
  }

  v8::ValueSerializer m_serializer;
  v8::Isolate* m_isolate;
  v8::Local<v8::Private> m_brand;
  bool m_for_storage;
  std::vector<v8::Local<v8::SharedArrayBuffer>> m_shared;
  std::vector<v8::Global<v8::Object>> m_clones;  // not local: V8 writes each object under a scope of its own
};

class Reader final : public v8::ValueDeserializer::Delegate {
 public:
  Reader(v8::Isolate* isolate, BytesView bytes, Writer* writer = nullptr)
      : m_deserializer(isolate, bytes.data(), bytes.size(), this), m_writer(writer) {}
  v8::ValueDeserializer& deserializer() { return m_deserializer; }

 private:
  v8::MaybeLocal<v8::Object> ReadHostObject(v8::Isolate* isolate) override {
    v8::Isolate::AllowJavascriptExecutionScope allow(
        isolate);  // reading forbids it; ours is the builtins' own constructor
    auto context = isolate->GetCurrentContext();
    uint32_t tag = 0;
    v8::Local<v8::Value> parts[3];
    if (!m_deserializer.ReadUint32(&tag)) return refuse(isolate);
    if (tag == clone_tag && m_writer) {
      uint32_t index = 0;
      if (!m_deserializer.ReadUint32(&index) || index >= m_writer->clones().size()) return refuse(isolate);
      return m_writer->clones()[index].Get(isolate);
    }
    if (tag != dom_exception_tag) return refuse(isolate);
    for (auto& part : parts)
      if (!m_deserializer.ReadValue(context).ToLocal(&part) || !part->IsString()) return refuse(isolate);
    v8::Local<v8::Value> maker;
    v8::Local<v8::Value> made;
    auto entry = js::Isolate::of(isolate).entry_object();
    if (!entry->Get(context, js::intern(isolate, "makeDOMException")).ToLocal(&maker) || !maker->IsFunction())
      return refuse(isolate);
    if (!maker.As<v8::Function>()->Call(context, v8::Undefined(isolate), 2, parts).ToLocal(&made) || !made->IsObject())
      return {};
    auto exception = made.As<v8::Object>();
    if (exception->DefineOwnProperty(context, js::intern(isolate, "stack"), parts[2], v8::DontEnum).IsNothing())
      return {};
    return exception;
  }
  static v8::MaybeLocal<v8::Object> refuse(v8::Isolate* isolate) {
    js::throw_error(isolate, Error(ErrorKind::data_clone, "Unable to deserialize cloned data."));
    return {};
  }
  v8::MaybeLocal<v8::SharedArrayBuffer> GetSharedArrayBufferFromId(v8::Isolate* isolate, uint32_t id) override {
    v8::Isolate::AllowJavascriptExecutionScope allow(isolate);
    if (m_writer && id < m_writer->shared().size()) return m_writer->shared()[id];
    js::throw_error(isolate, Error(ErrorKind::data_clone, "Unable to deserialize cloned data."));
    return {};
  }

  v8::ValueDeserializer m_deserializer;
  Writer* m_writer;  // of a clone in memory
};

struct Freed {
  void operator()(uint8_t* data) const { std::free(data); }
};
using Buffer = std::unique_ptr<uint8_t, Freed>;

// False with an exception pending.
bool write(Writer& writer, v8::Local<v8::Context> context, v8::Local<v8::Value> value) {
  writer.serializer().WriteHeader();
  return writer.serializer().WriteValue(context, value).FromMaybe(false);
}

Error pending_error(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::TryCatch& caught, const char* otherwise) {
  if (!caught.HasCaught() || caught.HasTerminated()) return Error(ErrorKind::data_clone, otherwise);
  auto message = js::describe_exception(isolate, context, caught.Exception()).message;
  constexpr std::string_view prefix = "DataCloneError: ";
  if (message.starts_with(prefix)) message.erase(0, prefix.size());
  return Error(ErrorKind::data_clone, std::move(message));
}

using Transfers = std::vector<v8::Local<v8::ArrayBuffer>>;

Error not_cloned(const char* message) { return Error(ErrorKind::data_clone, message); }

// StructuredSerializeWithTransfer, step 2: what is in the list, each once.
Result<Transfers> read_transfers(v8::Local<v8::Context> context, v8::Local<v8::Array> list) {
  Transfers out;
  for (uint32_t i = 0; i < list->Length(); ++i) {
    v8::Local<v8::Value> item;
    if (!list->Get(context, i).ToLocal(&item) || !item->IsArrayBuffer())
      return not_cloned("Value not transferable: only an ArrayBuffer is.");
    auto buffer = item.As<v8::ArrayBuffer>();
    for (auto other : out)
      if (other == buffer) return not_cloned("An ArrayBuffer is in the transfer list twice.");
    out.push_back(buffer);
  }
  return out;
}

v8::Local<v8::Value> fail(v8::Isolate* isolate, const Error& error) {
  js::throw_error(isolate, error);
  return {};
}

v8::Local<v8::Value> clone(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> value,
                           const Transfers& transfers) {
  Writer writer(isolate, false);
  for (uint32_t i = 0; i < transfers.size(); ++i) writer.serializer().TransferArrayBuffer(i, transfers[i]);
  if (!write(writer, context, value)) return {};
  auto [data, size] = writer.serializer().Release();
  Buffer owned(data);
  // Step 5: a buffer that a getter detached meanwhile, or that cannot be detached.
  for (auto buffer : transfers) {
    if (buffer->WasDetached()) return fail(isolate, not_cloned("An ArrayBuffer is detached and could not be cloned."));
    if (!buffer->IsDetachable()) return fail(isolate, not_cloned("An ArrayBuffer could not be detached."));
  }
  Reader reader(isolate, {data, size}, &writer);
  for (uint32_t i = 0; i < transfers.size(); ++i) {
    auto store = transfers[i]->GetBackingStore();
    if (transfers[i]->Detach(v8::Local<v8::Value>()).IsNothing()) return {};
    reader.deserializer().TransferArrayBuffer(i, v8::ArrayBuffer::New(isolate, std::move(store)));
  }
  v8::Local<v8::Value> result;
  if (!reader.deserializer().ReadHeader(context).FromMaybe(false) ||
      !reader.deserializer().ReadValue(context).ToLocal(&result))
    return {};
  return result;
}

// Values that are their own clone skip the serializer.
bool is_immutable(v8::Local<v8::Value> value) {
  return value->IsString() || value->IsNumber() || value->IsBoolean() || value->IsNullOrUndefined() ||
         value->IsBigInt();
}

v8::Local<v8::Value> structured_clone(js::Call& call, v8::Local<v8::Value> value,
                                      std::optional<v8::Local<v8::Array>> transfer) {
  if (!transfer) return is_immutable(value) ? value : clone(call.v8(), call.context(), value, {});
  auto transfers = read_transfers(call.context(), *transfer);
  if (transfers.is_error()) return fail(call.v8(), transfers.error());
  return clone(call.v8(), call.context(), value, transfers.value());
}

// At snapshot time, for each class that is global: its instances are no plain objects. `dom_exception` marks the one that is serializable.
void mark_platform_class(js::Call& call, v8::Local<v8::Object> prototype, bool dom_exception) {
  auto kind = dom_exception ? PlatformClass::dom_exception : PlatformClass::opaque;
  prototype
      ->SetPrivate(call.context(), brand(call.v8()),
                   v8::Integer::NewFromUnsigned(call.v8(), static_cast<uint32_t>(kind)))
      .Check();
}

}  // namespace

Result<Bytes> serialize_value(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> value) {
  v8::TryCatch caught(isolate);
  Writer writer(isolate, true);
  if (!write(writer, context, value)) return pending_error(isolate, context, caught, "The value could not be cloned.");
  auto [data, size] = writer.serializer().Release();
  Buffer owned(data);
  Bytes out;
  out.reserve(size + 1);
  out.push_back(storage_version);
  out.insert(out.end(), data, data + size);
  return out;
}

Result<v8::Local<v8::Value>> deserialize_value(v8::Isolate* isolate, v8::Local<v8::Context> context, BytesView bytes) {
  constexpr auto bad = "Unable to deserialize cloned data.";
  if (bytes.empty() || bytes[0] != storage_version) return Error(ErrorKind::data_clone, bad);
  v8::EscapableHandleScope handles(isolate);
  v8::TryCatch caught(isolate);
  Reader reader(isolate, bytes.subspan(1));
  v8::Local<v8::Value> value;
  if (!reader.deserializer().ReadHeader(context).FromMaybe(false) ||
      !reader.deserializer().ReadValue(context).ToLocal(&value))
    return pending_error(isolate, context, caught, bad);
  return handles.Escape(value);
}

void register_structured_clone(js::OpTable& ops) {
  ops.add<structured_clone>("structured_clone");
  ops.add<mark_platform_class>("mark_platform_class");
}

}  // namespace adit::web
