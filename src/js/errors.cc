#include "js/errors.h"

#include "js/isolate.h"

namespace adit::js {
namespace {

const char* dom_exception_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::aborted:
      return "AbortError";
    case ErrorKind::not_supported:
      return "NotSupportedError";
    case ErrorKind::invalid_state:
      return "InvalidStateError";
    case ErrorKind::data_error:
      return "DataError";
    case ErrorKind::data_clone:
      return "DataCloneError";
    case ErrorKind::operation_error:
      return "OperationError";
    case ErrorKind::invalid_character:
      return "InvalidCharacterError";
    case ErrorKind::quota_exceeded:
      return "QuotaExceededError";
    case ErrorKind::timeout:
      return "TimeoutError";
    default:
      return nullptr;
  }
}

v8::MaybeLocal<v8::Value> make_dom_exception(v8::Isolate* isolate, v8::Local<v8::String> message, const char* name) {
  auto context = isolate->GetCurrentContext();
  v8::Local<v8::Value> maker;
  auto entry = Isolate::of(isolate).entry_object();
  if (!entry->Get(context, intern(isolate, "makeDOMException")).ToLocal(&maker) || !maker->IsFunction()) return {};
  v8::Local<v8::Value> arguments[] = {message, intern(isolate, name)};
  return maker.As<v8::Function>()->Call(context, v8::Undefined(isolate), 2, arguments);
}

}  // namespace

v8::Local<v8::Value> to_exception(v8::Isolate* isolate, const Error& error) {
  auto message = from_utf8(isolate, error.full_message());
  switch (error.kind()) {
    case ErrorKind::type_error:
    case ErrorKind::network:
      return v8::Exception::TypeError(message);
    case ErrorKind::range_error:
      return v8::Exception::RangeError(message);
    case ErrorKind::syntax_error:
      return v8::Exception::SyntaxError(message);
    default:
      break;
  }
  v8::Local<v8::Value> exception;
  if (const char* name = dom_exception_name(error.kind());
      name && make_dom_exception(isolate, message, name).ToLocal(&exception))
    return exception;
  return v8::Exception::Error(message);
}

void throw_error(v8::Isolate* isolate, const Error& error) { isolate->ThrowException(to_exception(isolate, error)); }

Error to_error(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Value> exception) {
  v8::TryCatch quiet(isolate);
  v8::Local<v8::String> text;
  if (!exception->IsObject() || (!exception->IsNativeError() && !exception->ToDetailString(context).ToLocal(&text)))
    return Error::failed(exception->ToDetailString(context).ToLocal(&text) ? to_utf8(isolate, text)
                                                                           : "an exception that cannot be shown");
  auto property = [&](const char* key) {
    v8::Local<v8::Value> value;
    bool is_text = exception.As<v8::Object>()->Get(context, intern(isolate, key)).ToLocal(&value) && value->IsString();
    return is_text ? to_utf8(isolate, value.As<v8::String>()) : std::string();
  };
  auto name = property("name");
  auto message = property("message");
  if (exception->IsNativeError()) {
    if (name == "TypeError") return Error::type_error(std::move(message));
    if (name == "RangeError") return Error::range_error(std::move(message));
    if (name == "SyntaxError") return {ErrorKind::syntax_error, std::move(message)};
    return Error::failed(name == "Error" || name.empty() ? message : name + ": " + message);
  }
  for (auto kind : {ErrorKind::aborted, ErrorKind::not_supported, ErrorKind::invalid_state, ErrorKind::data_error,
                    ErrorKind::data_clone, ErrorKind::operation_error, ErrorKind::invalid_character,
                    ErrorKind::quota_exceeded, ErrorKind::timeout})
    if (name == dom_exception_name(kind)) return {kind, std::move(message)};
  return Error::failed(to_utf8(isolate, text));
}

CaughtException describe_exception(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                   v8::Local<v8::Value> exception) {
  v8::TryCatch quiet(isolate);  // toString of a thrown object may throw itself
  CaughtException out;
  v8::Local<v8::String> text;
  if (exception->ToString(context).ToLocal(&text)) out.message = to_utf8(isolate, text);
  else out.message = "an exception that cannot be shown";
  out.stack = out.message;
  v8::Local<v8::Value> stack;
  if (exception->IsObject() && exception.As<v8::Object>()->Get(context, intern(isolate, "stack")).ToLocal(&stack) &&
      stack->IsString() && stack.As<v8::String>()->Length() > 0)
    out.stack = to_utf8(isolate, stack.As<v8::String>());
  return out;
}

}  // namespace adit::js
