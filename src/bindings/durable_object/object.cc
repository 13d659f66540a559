#include "bindings/durable_object/object.h"

#include <algorithm>
#include <tuple>

#include "bindings/call_values.h"
#include "bindings/durable_object/object_host.h"
#include "js/convert.h"
#include "js/errors.h"
#include "worker/rpc_values.h"

namespace adit::bindings::durable_object {

Object::~Object() { VERIFY(m_calls.empty() && m_record.IsEmpty()); }

void Object::deliver(ObjectCall call) {
  m_waiting.push_back(std::move(call));
  run();
}

void Object::deliver_later(ObjectCall call) {
  m_waiting.push_back(std::move(call));
  schedule();
}

void Object::schedule() {
  if (m_is_scheduled) return;
  m_is_scheduled = true;
  m_host.shard().loop().defer([self = shared_from_this()] {
    self->m_is_scheduled = false;
    self->run();
  });
}

void Object::run() {
  auto self = shared_from_this();
  if (m_state == State::fresh && !begin()) return;
  while (m_state == State::running) {
    if (start_section()) continue;
    if (!m_sections.empty() || m_waiting.empty()) return;
    auto call = std::move(m_waiting.front());
    m_waiting.pop_front();
    dispatch(std::move(call));
  }
}

// False when there is nothing to run (yet).
bool Object::begin() {
  if (m_host.is_recovering(m_address.id) || m_host.must_wait_for_room(shared_from_this())) return false;
  m_isolate = m_host.running_isolate(*m_address.object_class);
  if (!m_isolate) {
    end(Error::failed("No worker is running that has the Durable Object's class."));
    return false;
  }
  m_state = State::running;
  m_used_ms = m_host.now_ms();
  auto& worker = m_isolate->worker();
  m_invocation = begin_invocation();
  js::Entry entry(worker.isolate());
  worker.enter_standing(m_invocation);
  if (auto constructed = construct(); constructed.is_error()) end(std::move(constructed.error()));
  return m_state == State::running;
}

int32_t Object::begin_invocation() {
  auto invocation = m_isolate->worker().begin_standing([weak = weak_from_this()](Error reason) {
    if (auto self = weak.lock()) self->end(std::move(reason).because("The Durable Object was reset"));
  });
  m_isolate->begun(invocation, shared_from_this());
  return invocation;
}

void Object::end_invocation(int32_t invocation) {
  m_isolate->ended(invocation);
  m_isolate->worker().end_standing(invocation);
}

Result<void> Object::construct() {
  auto& isolate = m_isolate->worker().isolate();
  auto* v8_isolate = isolate.v8();
  v8::TryCatch caught(v8_isolate);
  auto name = m_address.has_name ? js::from_utf8(v8_isolate, m_address.name).As<v8::Value>()
                                 : v8::Undefined(v8_isolate).As<v8::Value>();
  auto jurisdiction = m_address.id.jurisdiction(m_address.object_class->key).value_or(0);
  v8::Local<v8::Value> arguments[] = {
      js::from_utf8(v8_isolate, m_address.object_class->name), js::wrap<Object>(v8_isolate, shared_from_this()),
      js::from_latin1(v8_isolate, m_address.id.text()), name, v8::Integer::New(v8_isolate, jurisdiction)};
  v8::Local<v8::Value> record;
  if (m_isolate->worker()
          .entry_function("createObject")
          ->Call(isolate.context(), v8::Undefined(v8_isolate), std::size(arguments), arguments)
          .ToLocal(&record)) {
    if (m_state == State::running) m_record.Reset(v8_isolate, record.As<v8::Object>());
    return {};
  }
  if (caught.HasTerminated()) return {};  // the worker isolate deals with it
  return js::to_error(v8_isolate, isolate.context(), caught.Exception());
}

// The socket's number, then the message, or code, reason and whether it was clean.
static void push_socket_event(v8::Isolate* isolate, SocketEvent& event, bool is_message,
                              v8::LocalVector<v8::Value>& arguments) {
  arguments.push_back(v8::Integer::NewFromUnsigned(isolate, event.socket->number()));
  if (!is_message) {
    arguments.push_back(v8::Integer::New(isolate, event.close.code));
    arguments.push_back(js::from_utf8(isolate, event.close.reason));
    return arguments.push_back(v8::Boolean::New(isolate, event.close.was_clean));
  }
  auto& message = event.message;
  if (message.is_text) arguments.push_back(js::from_utf8(isolate, text_of(message.data)));
  else arguments.push_back(js::from_bytes(isolate, std::move(message.data))->Buffer());
}

void Object::push_arguments(ObjectCall& call, v8::LocalVector<v8::Value>& arguments) {
  auto& worker = m_isolate->worker();
  auto* v8_isolate = worker.isolate().v8();
  auto& request = call.request;
  if (call.target) arguments.push_back(m_host.shard().rpc().target(v8_isolate, call.target));
  else arguments.push_back(m_record.Get(v8_isolate));
  switch (call.kind) {
    case EventKind::fetch:
      arguments.push_back(worker.method_string(request.method));
      arguments.push_back(js::from_utf8(v8_isolate, request.url));
      arguments.push_back(js::from_utf8(v8_isolate, request.header_block));
      return arguments.push_back(source_to_js(v8_isolate, std::move(request.body)));
    case EventKind::method:
      return worker::append_message(v8_isolate, arguments, std::move(request.body), std::move(request.attachments));
    case EventKind::alarm:
      arguments.push_back(v8::Number::New(v8_isolate, static_cast<double>(m_alarm->time_ms)));
      return arguments.push_back(v8::Number::New(v8_isolate, static_cast<double>(call.alarm_retries)));
    case EventKind::socket_message:
    case EventKind::socket_close:
    case EventKind::socket_error:
      return push_socket_event(v8_isolate, *call.socket, call.kind == EventKind::socket_message, arguments);
  }
}

void Object::dispatch(ObjectCall call) {
  m_used_ms = m_host.now_ms();
  if (call.kind == EventKind::alarm && !begin_alarm(call)) return;
  auto& worker = m_isolate->worker();
  auto number = ++m_call_numbers;
  auto& waiting = m_calls[number];
  waiting.done = std::move(call.done);
  waiting.is_alarm = call.kind == EventKind::alarm;
  auto reply = [weak = weak_from_this(), number](Result<worker::ResponseMessage> response) {
    if (auto self = weak.lock()) self->answered(number, std::move(response));
  };
  js::Entry entry(worker.isolate());
  v8::LocalVector<v8::Value> arguments(worker.isolate().v8());
  arguments.push_back(v8::Local<v8::Value>());
  push_arguments(call, arguments);
  auto function = call.target ? worker.entry_function("dispatchExportCall") : m_isolate->dispatch(call.kind);
  auto event = worker.dispatch_within(m_invocation, function, std::move(arguments), std::move(reply));
  // It may have been answered, or the object have ended, meanwhile.
  auto begun = m_calls.find(number);
  if (begun == m_calls.end()) worker.forget_event(event);
  else if (!begun->second.is_answered) begun->second.event = event;
  if (call.socket && begun != m_calls.end() && !begun->second.is_answered) limit_event(number, event);
}

// setHibernatableWebSocketEventTimeout(): the event counts as over; what its code still does is not undone.
void Object::limit_event(uint32_t call, int32_t event) {
  auto limit_ms = m_host.sockets_of(m_address).event_timeout_ms();
  if (limit_ms == 0) return;
  m_calls[call].limit = m_host.shard().loop().after(limit_ms, [weak = weak_from_this(), call, event] {
    auto self = weak.lock();
    if (!self || self->m_state != State::running) return;
    self->m_isolate->worker().forget_event(event);
    self->answered(call, Error::failed("The WebSocket's event took longer than its timeout."));
  });
}

void Object::answered(uint32_t call, Result<worker::ResponseMessage> response) {
  m_used_ms = m_host.now_ms();
  if (auto begun = m_calls.find(call); begun != m_calls.end()) {
    begun->second.event = -1;
    begun->second.is_answered = true;
    if (begun->second.is_alarm) end_alarm(response.is_ok());
  }
  if (is_output_open()) return leave(call, std::move(response));
  send([weak = weak_from_this(), call, response = std::move(response)](Result<void> durable) mutable {
    auto self = weak.lock();
    // Else the object has ended, and its calls with it.
    if (self && durable.is_ok()) self->leave(call, std::move(response));
  });
}

void Object::leave(uint32_t call, Result<worker::ResponseMessage> response) {
  auto found = m_calls.extract(call);
  if (!found.empty()) found.mapped().done(Outcome{std::move(response)});
}

void Object::end(Error reason) {
  if (m_state == State::ended) return;
  m_host.drop_sockets(m_address.id);
  leave_memory(std::move(reason));
}

void Object::sleep() {
  if (m_state != State::ended) leave_memory(Error::failed("The Durable Object was idle, and left memory."));
}

void Object::leave_memory(Error reason) {
  auto self = shared_from_this();
  bool was_running = m_state == State::running;
  m_state = State::ended;
  m_end_reason = reason;
  m_host.ended(*this);
  m_section_limit = {};
  m_alarm_limit = {};
  m_alarm.reset();
  m_sql.reset();
  m_savepoints.clear();
  m_transaction.reset();
  m_storage.reset();
  // What a stopped statement undid shows at the commit.
  if (m_ledger) m_ledger->commit().ignore();
  bool is_broken = m_ledger && m_ledger->is_broken();
  m_ledger.reset();
  if (m_restore_to && !is_broken) m_host.restore(m_address, *m_restore_to);
  else if (is_broken) m_host.recover(m_address);
  auto sockets = std::exchange(m_sockets, {});
  for (auto& socket : sockets)
    if (auto receiver = socket.lock()) receiver->drop();
  auto waiting = std::exchange(m_waiting, {});
  auto calls = std::exchange(m_calls, {});
  m_record.Reset();
  m_waiting_sections.clear();
  if (was_running) {
    for (auto& [number, begun] : calls) m_isolate->worker().forget_event(begun.event);
    for (auto& section : std::exchange(m_sections, {})) end_invocation(section.invocation);
    for (auto section : std::exchange(m_old_sections, {})) end_invocation(section);
    end_invocation(m_invocation);
  }
  for (auto& [number, begun] : calls) begun.done(Outcome{reason, true, true});
  for (auto& call : waiting) call.done(Outcome{reason, true, true});
}

bool Object::has_been_idle(int64_t now_ms, int64_t limit_ms) {
  if (m_state == State::fresh) return false;
  auto& worker = m_isolate->worker();
  std::erase_if(m_old_sections, [&](int32_t section) {
    if (worker.is_waiting(section)) return false;
    end_invocation(section);
    return true;
  });
  bool is_busy = !m_calls.empty() || !m_waiting.empty() || !m_sections.empty() || !m_old_sections.empty() ||
                 worker.is_waiting(m_invocation) || !is_output_open();
  if (is_busy) m_used_ms = now_ms;
  return !is_busy && now_ms - m_used_ms >= limit_ms;
}

void Object::block(int32_t context, v8::Local<v8::Function> start) {
  if (m_state != State::running) return;
  m_waiting_sections.push_back({context, v8::Global<v8::Function>(m_isolate->worker().isolate().v8(), start)});
  schedule();
}

// The first one that may begin now, in a turn of its own.
bool Object::start_section() {
  auto next = std::find_if(m_waiting_sections.begin(), m_waiting_sections.end(), [this](const auto& waiting) {
    // One whose section has ended meanwhile is nobody's inside.
    return waiting.context == current_context() || m_sections.empty();
  });
  if (next == m_waiting_sections.end()) return false;
  auto start = std::move(next->start);
  m_waiting_sections.erase(next);
  auto& worker = m_isolate->worker();
  if (m_sections.empty()) {
    m_section_limit = m_host.shard().loop().after(m_host.options().section_limit_ms, [weak = weak_from_this()] {
      if (auto self = weak.lock())
        self->end(Error::failed(
            "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the "
            "Durable Object was reset."));
    });
  }
  worker.hold_back(current_context());
  auto invocation = begin_invocation();
  m_sections.push_back({invocation, current_context()});
  js::Entry entry(worker.isolate());
  worker.enter_standing(invocation);
  auto* v8_isolate = worker.isolate().v8();
  v8::TryCatch caught(v8_isolate);  // start() handles what the callback throws
  v8::Local<v8::Value> arguments[] = {v8::Integer::New(v8_isolate, invocation)};
  std::ignore = start.Get(v8_isolate)->Call(worker.isolate().context(), v8::Undefined(v8_isolate), 1, arguments);
  return true;
}

void Object::unblock(int32_t section) {
  if (m_state != State::running) return;
  auto ended = std::find_if(m_sections.begin(), m_sections.end(),
                            [&](const Section& active) { return active.invocation == section; });
  if (ended == m_sections.end()) return;
  auto context = ended->context;
  auto inner = m_sections.erase(ended);
  m_old_sections.push_back(section);
  if (inner != m_sections.end()) inner->context = context;
  else m_isolate->worker().release(context);
  if (m_sections.empty()) m_section_limit = {};
  schedule();
}

bool Object::is_output_open() const {
  if (m_open_error) return false;
  if (m_index_confirmed > 0 && (m_index_waiters > 0 || !m_host.alarms().is_durable(m_index_confirmed))) return false;
  return !m_ledger || (!m_ledger->is_broken() && m_ledger->is_durable_now());
}

void Object::send(Function<void(Result<void>)> message) {
  if (m_state == State::ended) return message(*m_end_reason);
  if (m_open_error) return message(*m_open_error);
  if (!m_ledger) return message({});
  if (m_index_confirmed == 0) return m_ledger->when_durable(m_confirmed, std::move(message));
  // The alarms' index first, as long as there are messages that wait for it, so that none overtakes another.
  if (m_index_waiters == 0 && m_host.alarms().is_durable(m_index_confirmed)) {
    m_index_confirmed = 0;
    return m_ledger->when_durable(m_confirmed, std::move(message));
  }
  ++m_index_waiters;
  m_host.alarms().when_durable(m_index_confirmed,
                               [self = shared_from_this(), message = std::move(message)](Result<void> durable) mutable {
                                 --self->m_index_waiters;
                                 if (self->m_state == State::ended) return message(*self->m_end_reason);
                                 if (durable.is_error()) return message(std::move(durable));
                                 self->m_ledger->when_durable(self->m_confirmed, std::move(message));
                               });
}

Result<Storage*> Object::storage() {
  if (m_state == State::ended) return *m_end_reason;
  if (m_storage) return m_storage.get();
  if (m_open_error) return *m_open_error;
  auto opened = m_host.open_ledger(m_address.object_class->space, m_address.id);
  if (opened.is_error()) {
    // Who does not wait for its write must not go on as if it had happened.
    m_open_error = opened.error();
    ledger_broke(opened.error());
    return std::move(opened.error());
  }
  m_ledger = std::move(opened).value();
  auto storage = Storage::open(m_ledger, m_address.object_class->has_sql);
  if (storage.is_error()) {
    check_ledger();
    return std::move(storage.error());
  }
  m_storage = std::move(storage).value();
  m_confirmed = m_ledger->durable_position();
  m_watched = m_ledger->position();
  TRY(watch_alarm());
  return m_storage.get();
}

Result<sql::Session*> Object::sql() {
  if (!m_address.object_class->has_sql)
    return Error::failed(
        "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to `new_sqlite_classes` "
        "within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. Note that this change cannot be "
        "made after the class is already deployed to production.");
  TRY(storage());
  if (!m_sql)
    m_sql = std::make_unique<sql::Session>(
        m_ledger->database(), sql::Session::Hooks{[this] { return m_ledger->write(); },
                                                  [this] { return m_isolate->worker().is_being_stopped(); }});
  return m_sql.get();
}

void Object::restore_at_next_session(std::string bookmark, ledger::Callback<std::string> done) {
  if (auto opened = storage(); opened.is_error()) return done(std::move(opened.error()));
  auto& ledger = *m_ledger;
  ledger.restore_at_next_open(
      bookmark, [weak = weak_from_this(), bookmark, done = std::move(done)](Result<std::string> before) mutable {
        if (auto self = weak.lock(); self && before.is_ok()) self->m_restore_to = std::move(bookmark);
        done(std::move(before));
      });
}

void Object::written(bool is_unconfirmed) {
  ++m_write_count;
  // Nobody waits for an unconfirmed write; that it failed is found at the next call.
  if (is_unconfirmed) return;
  auto position = m_ledger->pending_position();
  m_confirmed = std::max(m_confirmed, position);
  if (position <= m_watched) return;
  m_watched = position;
  m_ledger->when_durable(position, [weak = weak_from_this()](Result<void> durable) {
    if (durable.is_ok()) return;
    if (auto self = weak.lock()) self->ledger_broke(std::move(durable.error()));
  });
}

void Object::check_ledger() {
  if (m_ledger && m_ledger->is_broken()) ledger_broke(m_ledger->error());
}

void Object::ledger_broke(Error error) {
  m_host.shard().loop().defer([self = shared_from_this(), error = std::move(error)]() mutable {
    self->end(std::move(error).because("The Durable Object's storage failed, and it was reset"));
  });
}

Result<void> Object::begin_transaction() {
  TRY(storage());
  if (m_transaction) return begin_savepoint();
  m_transaction.emplace(TRY(m_ledger->begin()));
  return {};
}

Result<void> Object::begin_savepoint() {
  TRY(storage());
  m_savepoints.push_back(TRY(m_ledger->savepoint()));
  return {};
}

Result<void> Object::end_transaction(bool keep) {
  ++m_write_count;
  auto* storage = TRY(this->storage());
  if (!m_savepoints.empty()) {
    auto savepoint = std::move(m_savepoints.back());
    m_savepoints.pop_back();
    TRY(keep ? savepoint.release() : savepoint.rollback());
    return keep ? Result<void>() : storage->rolled_back();
  }
  VERIFY(m_transaction);
  auto transaction = std::move(*m_transaction);
  m_transaction.reset();
  if (keep) {
    m_confirmed = std::max(m_confirmed, TRY(transaction.commit()));
    if (m_confirmed > m_watched) written(false);
    return {};
  }
  TRY(transaction.rollback());
  return storage->rolled_back();
}

void Object::accepted(std::weak_ptr<web::WebSocketReceiver> socket) {
  std::erase_if(m_sockets, [](const auto& known) { return known.expired(); });
  m_sockets.push_back(std::move(socket));
}

}  // namespace adit::bindings::durable_object
