// Errors across the border: an adit::Error becomes the JavaScript exception that its kind names, a caught JavaScript exception becomes
// a value that C++ can log. Owner: the isolate's thread.
#pragma once

#include <v8.h>

#include <string>

#include "base/result.h"

namespace adit::js {

// The JavaScript error object for a C++ error: TypeError, RangeError, SyntaxError, a DOMException by name, or Error.
v8::Local<v8::Value> to_exception(v8::Isolate* isolate, const Error& error);
void throw_error(v8::Isolate* isolate, const Error& error);

// A caught JavaScript exception as text: "TypeError: message" and, where there is one, the stack below it.
struct CaughtException {
  std::string message;  // "Name: text"
  std::string stack;    // the whole stack, which starts with the message; equal to message when there is none
};
CaughtException describe_exception(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                   v8::Local<v8::Value> exception);

}  // namespace adit::js
