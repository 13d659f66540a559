// HTML § 2.7 structured serialization over V8's serializer, for structuredClone() and for values that are stored (Durable Objects).
// Platform objects (Headers, Request, ...) are not serializable, except DOMException; V8 alone would clone them as plain objects.
// Owner: the isolate's thread; both need an entered context. Invariant: deserialize_value() of any octets is safe: it gives a value or an Error.
#pragma once

#include <v8.h>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::js {
class OpTable;
}

namespace adit::web {

// StructuredSerializeForStorage. The first octet is a version of our own. An exception that a getter throws becomes the Error's text.
Result<Bytes> serialize_value(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> value);
Result<v8::Local<v8::Value>> deserialize_value(v8::Isolate* isolate, v8::Local<v8::Context> context, BytesView bytes);

}  // namespace adit::web
