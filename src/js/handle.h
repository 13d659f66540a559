// Native objects in JavaScript: an opaque object that holds a shared_ptr<T> and is only good for giving back to ops.
// Owner: the isolate's thread. Invariant: the holder is freed at the end of the turn in which its object is collected, at the latest with the isolate.
#pragma once

#include <v8.h>

#include <memory>

namespace adit::js {

template <typename T>
using Handle = std::shared_ptr<T>;

// The address of tag_of<T> is the run-time kind of a handle.
template <typename T>
inline constexpr int64_t tag_of = 0;

v8::Local<v8::Object> wrap_erased(v8::Isolate* isolate, const void* tag, std::shared_ptr<void> pointer);
// Null when the value is no handle or one of another kind.
std::shared_ptr<void> unwrap_erased(v8::Isolate* isolate, v8::Local<v8::Value> value, const void* tag);

template <typename T>
v8::Local<v8::Object> wrap(v8::Isolate* isolate, std::shared_ptr<T> pointer) {
  return wrap_erased(isolate, &tag_of<T>, std::move(pointer));
}
template <typename T>
std::shared_ptr<T> unwrap(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  return std::static_pointer_cast<T>(unwrap_erased(isolate, value, &tag_of<T>));
}

}  // namespace adit::js
