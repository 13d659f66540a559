// Values of JavaScript RPC as octets: V8's structured clone, with platform objects and instances of the worker's classes left to JavaScript:
// the octets name them by their index in a list of "hosts" (builtins/rpc/values.ts).
// Owner: the isolate's thread. Invariant: reading any octets is safe: it gives a value or throws.
#include <cstdlib>

#include "js/errors.h"
#include "js/ops.h"
#include "worker/register.h"

namespace adit::worker {
namespace {

class Writer final : public v8::ValueSerializer::Delegate {
 public:
  Writer(v8::Isolate* isolate, v8::Local<v8::Array> hosts)
      : m_serializer(isolate, this),
        m_isolate(isolate),
        m_hosts(hosts),
        m_plain(v8::Object::New(isolate)->GetPrototypeV2()) {}
  v8::ValueSerializer& serializer() { return m_serializer; }

 private:
  void ThrowDataCloneError(v8::Local<v8::String> message) override {
    js::throw_error(m_isolate, Error(ErrorKind::data_clone, js::to_utf8(m_isolate, message)));
  }
  bool HasCustomHostObject(v8::Isolate*) override { return true; }
  v8::Maybe<bool> IsHostObject(v8::Isolate*, v8::Local<v8::Object> object) override {
    return v8::Just(object->GetPrototypeV2() != m_plain);
  }
  v8::Maybe<bool> WriteHostObject(v8::Isolate*, v8::Local<v8::Object> object) override {
    auto index = m_hosts->Length();
    m_serializer.WriteUint32(index);
    return m_hosts->Set(m_isolate->GetCurrentContext(), index, object);
  }
  v8::Maybe<uint32_t> GetSharedArrayBufferId(v8::Isolate*, v8::Local<v8::SharedArrayBuffer>) override {
    js::throw_error(m_isolate, Error(ErrorKind::data_clone, "A SharedArrayBuffer could not be cloned."));
    return v8::Nothing<uint32_t>();
  }

  v8::ValueSerializer m_serializer;
  v8::Isolate* m_isolate;
  v8::Local<v8::Array> m_hosts;
  v8::Local<v8::Value> m_plain;
};

class Reader final : public v8::ValueDeserializer::Delegate {
 public:
  Reader(v8::Isolate* isolate, BytesView bytes, v8::Local<v8::Array> objects)
      : m_deserializer(isolate, bytes.data(), bytes.size(), this), m_objects(objects) {}
  v8::ValueDeserializer& deserializer() { return m_deserializer; }

 private:
  v8::MaybeLocal<v8::Object> ReadHostObject(v8::Isolate* isolate) override {
    // Reading forbids JavaScript; what is thrown below is a DOMException, which the builtins make.
    v8::Isolate::AllowJavascriptExecutionScope allow(isolate);
    uint32_t index = 0;
    v8::Local<v8::Value> object;
    if (m_deserializer.ReadUint32(&index) && index < m_objects->Length() &&
        m_objects->Get(isolate->GetCurrentContext(), index).ToLocal(&object) && object->IsObject())
      return object.As<v8::Object>();
    js::throw_error(isolate, Error(ErrorKind::data_clone, "Unable to deserialize cloned data."));
    return {};
  }
  v8::ValueDeserializer m_deserializer;
  v8::Local<v8::Array> m_objects;
};

// Raw, so that what a getter throws stays what it is.
void rpc_serialize(const v8::FunctionCallbackInfo<v8::Value>& info) {
  auto* isolate = info.GetIsolate();
  Writer writer(isolate, info[1].As<v8::Array>());
  writer.serializer().WriteHeader();
  if (!writer.serializer().WriteValue(isolate->GetCurrentContext(), info[0]).FromMaybe(false)) return;
  auto [data, size] = writer.serializer().Release();
  // The serializer's memory becomes the array's.
  auto store = v8::ArrayBuffer::NewBackingStore(
      data, size, [](void* memory, size_t, void*) { std::free(memory); }, nullptr);
  info.GetReturnValue().Set(
      v8::Uint8Array::New(v8::ArrayBuffer::New(isolate, std::move(store)), 0, size).As<v8::Value>());
}

void rpc_deserialize(const v8::FunctionCallbackInfo<v8::Value>& info) {
  auto* isolate = info.GetIsolate();
  js::FromJs<BytesView> octets;
  if (!octets.read(isolate, info[0])) return js::throw_error(isolate, Error::type_error("no octets"));
  Reader reader(isolate, octets.get(), info[1].As<v8::Array>());
  auto context = isolate->GetCurrentContext();
  v8::Local<v8::Value> value;
  if (reader.deserializer().ReadHeader(context).FromMaybe(false) &&
      reader.deserializer().ReadValue(context).ToLocal(&value))
    info.GetReturnValue().Set(value);
}

}  // namespace

void register_rpc_serializer(js::OpTable& ops) {
  ops.add_raw("rpc_serialize", rpc_serialize);
  ops.add_raw("rpc_deserialize", rpc_deserialize);
}

}  // namespace adit::worker
