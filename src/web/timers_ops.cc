// The ops behind timers.ts, performance.ts, console.ts and report_error.ts. Owner: the isolate's thread.
#include "js/ops.h"
#include "web/invocation_limits.h"
#include "web/platform_services.h"

namespace adit::web {
namespace {

v8::Local<v8::Promise> timer_start(js::Call& call, uint32_t id, uint32_t delay_ms, bool repeats) {
  return call.service<PlatformServices>().timers.start(call.isolate(), id, delay_ms, repeats);
}

std::optional<v8::Local<v8::Promise>> timer_again(js::Call& call, uint32_t id, uint32_t delay_ms) {
  return call.service<PlatformServices>().timers.again(call.isolate(), id, delay_ms);
}

void timer_stop(js::Call& call, uint32_t id) { call.service<PlatformServices>().timers.stop(id); }

double performance_now(js::Call& call) {
  const auto& services = call.service<PlatformServices>();
  constexpr int64_t step_ns = 100'000;
  int64_t steps = (services.clock.monotonic_ns() - services.start_ns) / step_ns;
  return static_cast<double>(steps) / 10.0;
}

double performance_time_origin(js::Call& call) {
  return static_cast<double>(call.service<PlatformServices>().start_unix_ms);
}

// False once the invocation has logged all that it may.
bool console_write(js::Call& call, uint32_t level, std::string text) {
  auto& console = call.service<PlatformServices>().console;
  auto* limits = call.isolate().find_service<InvocationLimits>();
  auto logging =
      limits ? limits->log(call.isolate().current_invocation(), text.size()) : InvocationLimits::Logging::write;
  if (logging == InvocationLimits::Logging::write) {
    console.write(static_cast<ConsoleLevel>(std::min<uint32_t>(level, 4)), text);
    return true;
  }
  if (logging == InvocationLimits::Logging::tell_end)
    console.write(
        ConsoleLevel::warn,
        "Log size limit exceeded: More than 256KB of data was logged during a single request. Subsequent data for "
        "this request will not be recorded in logs.");
  return false;
}
bool console_is_open(js::Call& call) {
  auto* limits = call.isolate().find_service<InvocationLimits>();
  return !limits || limits->may_log(call.isolate().current_invocation());
}

void report_uncaught(js::Call& call, std::string text) { call.service<PlatformServices>().console.uncaught(text); }

// [message, filename, line, column] for an ErrorEvent; columns count from 1.
v8::Local<v8::Value> exception_details(js::Call& call, v8::Local<v8::Value> exception) {
  auto* isolate = call.v8();
  auto context = call.context();
  auto message = v8::Exception::CreateMessage(isolate, exception);
  v8::Local<v8::Value> file = message->GetScriptResourceName();
  if (!file->IsString()) file = v8::String::Empty(isolate);
  v8::Local<v8::Value> details[] = {message->Get(), file,
                                    v8::Integer::New(isolate, message->GetLineNumber(context).FromMaybe(0)),
                                    v8::Integer::New(isolate, message->GetStartColumn(context).FromMaybe(-1) + 1)};
  return v8::Array::New(isolate, details, 4);
}

// What JavaScript cannot see of an object, for the console: a promise's state, a proxy's target, what an iterator still holds.
v8::Local<v8::Value> inspect_native(js::Call& call, v8::Local<v8::Object> object) {
  auto* isolate = call.v8();
  auto answer = [isolate](std::initializer_list<v8::Local<v8::Value>> parts) {
    v8::LocalVector<v8::Value> elements(isolate, parts);
    return v8::Array::New(isolate, elements.data(), elements.size()).As<v8::Value>();
  };
  if (object->IsPromise()) {
    auto promise = object.As<v8::Promise>();
    v8::Local<v8::Value> result = v8::Undefined(isolate);
    if (promise->State() != v8::Promise::kPending) result = promise->Result();
    return answer({js::intern(isolate, "promise"), v8::Integer::New(isolate, promise->State()), result});
  }
  if (object->IsProxy()) return answer({js::intern(isolate, "proxy"), object.As<v8::Proxy>()->GetTarget()});
  if (object->IsSharedArrayBuffer()) return answer({js::intern(isolate, "shared")});
  if (object->IsMapIterator() || object->IsSetIterator()) {
    bool pairs = false;
    v8::Local<v8::Array> items;
    if (!object->PreviewEntries(&pairs).ToLocal(&items)) return v8::Undefined(isolate);
    const char* kind = object->IsMapIterator() ? (pairs ? "Map Entries" : "Map Iterator")
                       : pairs                 ? "Set Entries"
                                               : "Set Iterator";
    return answer({js::intern(isolate, "entries"), js::intern(isolate, kind), items, v8::Boolean::New(isolate, pairs)});
  }
  return v8::Undefined(isolate);
}

}  // namespace

void register_timers(js::OpTable& ops) {
  ops.add<timer_start>("timer_start");
  ops.add<timer_again>("timer_again");
  ops.add<timer_stop>("timer_stop");
  ops.add<performance_now>("performance_now");
  ops.add<performance_time_origin>("performance_time_origin");
  ops.add<console_write>("console_write");
  ops.add<console_is_open>("console_is_open");
  ops.add<report_uncaught>("report_uncaught");
  ops.add<inspect_native>("inspect_native");
  ops.add<exception_details>("exception_details");
}

}  // namespace adit::web
