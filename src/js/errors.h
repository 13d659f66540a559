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

// The other direction, for an exception that travels to another isolate: what to_exception() makes of it there has the same class, where it is
// one of the language's or a DOMException that ErrorKind knows, and the same message; of other classes the name goes into the message.
Error to_error(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> exception);

// A caught JavaScript exception as text: "TypeError: message" and, where there is one, the stack below it.
struct CaughtException {
  std::string message;  // "Name: text"
  std::string stack;    // the whole stack, which starts with the message; equal to message when there is none
};
CaughtException describe_exception(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                   v8::Local<v8::Value> exception);

}  // namespace adit::js
