// Requests and responses between invocations (stubs, service bindings) as JavaScript gives and gets them.
// Owner: the isolate's thread; an entered context.
#pragma once

#include <v8.h>

#include <string>
#include <string_view>

#include "worker/invocation.h"

namespace adit::bindings {

// "name: value\r\n..." as "name\0value\0...".
std::string lines_to_block(std::string_view lines);
// From null, a string, octets or a native source.
worker::BodyValue body_of(v8::Isolate* isolate, v8::Local<v8::Value> value);
// A native source, or undefined.
v8::Local<v8::Value> source_to_js(v8::Isolate* isolate, worker::BodyValue body);
// [status, statusText, headerBlock, body, webSocket]; a body that is ASCII is a string.
v8::Local<v8::Value> response_to_js(v8::Isolate* isolate, worker::ResponseMessage response);

}  // namespace adit::bindings
