// SQL values as JavaScript's. Integers become numbers, beyond 2^53 with loss, as on Workers.
// Owner: the isolate's thread.
#pragma once

#include <v8.h>

#include "base/result.h"
#include "bindings/sql/value.h"

namespace adit::bindings::sql {

// storage.sql gives blobs as ArrayBuffers and keeps infinities; D1's values are those of JSON: arrays of numbers, null.
enum class ValueForm { storage, json };

v8::Local<v8::Value> to_js(v8::Isolate* isolate, const ValueView& value, ValueForm form);
// A string, number, null, undefined, ArrayBuffer or view; builtins/bindings convert the rest. TypeError for others.
Result<Value> from_js(v8::Isolate* isolate, v8::Local<v8::Value> value);
Result<std::vector<Value>> from_js(v8::Isolate* isolate, const std::vector<v8::Local<v8::Value>>& values);

}  // namespace adit::bindings::sql
