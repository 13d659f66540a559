// A Durable Object as it lives on its shard: the instance in JavaScript, its storage, what waits at its gates, the calls it has not answered.
// Owner: its shard; shared_ptr because JavaScript, replies and the ledger hold on to it, also after its end. Lifecycle: new → running (made
// in the worker's isolate at the first event) → ended (idle, reset, replaced), once; the next event makes a new Object.
// Invariants: every call is answered exactly once. Events begin one per turn, never while there is a critical section. Nothing that depends on
// a write leaves before the log has it. An ended object writes nothing.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/durable_object/classes.h"
#include "bindings/durable_object/hibernation.h"
#include "bindings/durable_object/storage.h"
#include "bindings/sql/session.h"
#include "web/websocket_ops.h"
#include "worker/worker_isolate.h"

namespace adit::bindings::durable_object {

class IsolateObjects;
class ObjectHost;

// How a call ended, for the caller: besides the response or error, what Workers show on the exception.
struct Outcome {
  Result<worker::ResponseMessage> response;
  bool is_remote = true;  // the error comes from the object, not from the way to it
  bool is_reset = false;  // the object was reset
  bool is_method = false;
};

enum class EventKind : uint8_t { fetch, method, alarm, socket_message, socket_close, socket_error };

struct ObjectCall {
  // An RPC call (builtins/rpc) has its octets as the body; so has its response the result.
  EventKind kind = EventKind::fetch;
  uint64_t target = 0;  // what the object exported by RPC; 0: the object itself
  worker::RequestMessage request;
  int64_t alarm_retries = 0;
  std::unique_ptr<SocketEvent> socket;  // of the events of hibernatable WebSockets
  Function<void(Outcome)> done;
};

class Object final : public std::enable_shared_from_this<Object> {
 public:
  Object(ObjectHost& host, ObjectAddress address) : m_host(host), m_address(std::move(address)) {}
  ~Object();

  const ObjectAddress& address() const { return m_address; }
  ObjectHost& host() { return m_host; }
  // Where it lives; null before its first event.
  IsolateObjects* isolate() const { return m_isolate; }

  // Never inside JavaScript: begins what may begin, now.
  void deliver(ObjectCall call);
  // From JavaScript: in a turn of its own.
  void deliver_later(ObjectCall call);
  // Never inside JavaScript.
  void run();
  // Resets it: whoever waits gets the error, and its WebSockets are lost.
  void end(Error reason);
  // It leaves memory, and its hibernatable WebSockets stay.
  void sleep();
  bool has_ended() const { return m_state == State::ended; }
  const Error& end_reason() const { return *m_end_reason; }

  // Since when nothing is under way; asked now and then.
  bool has_been_idle(int64_t now_ms, int64_t limit_ms);
  // When it was last found at work.
  int64_t used_ms() const { return m_used_ms; }
  bool has_ledger() const { return m_ledger != nullptr; }

  // The input gate. A critical section (blockConcurrencyWhile, transaction) runs under a standing invocation of its own, which start(section)
  // begins in a later turn. Until unblock(section) nothing else of the object goes on: no event begins, and what the rest of its code waits
  // for does not reach it. Sections asked for in one context come one after another, those asked for in a section are inside it. One that takes
  // too long resets the object.
  void block(int32_t context, v8::Local<v8::Function> start);
  void unblock(int32_t section);

  // The output gate: calls message(ok) when everything written so far (but unconfirmed writes) is durable, maybe at once; message(error) when it
  // never will be. Messages leave in the order they came.
  void send(Function<void(Result<void>)> message);
  bool is_output_open() const;

  // Opens it at first use.
  Result<Storage*> storage();
  // storage.sql, of a class with SQLite.
  Result<sql::Session*> sql();
  // Point-in-time recovery (ledger.h). When this object ends, its next instance begins with the state of the bookmark. Calls back with a
  // bookmark of the state now.
  void restore_at_next_session(std::string bookmark, ledger::Callback<std::string> done);
  // After each write.
  void written(bool is_unconfirmed);
  // Changes with each write, and when one is undone.
  uint64_t write_count() const { return m_write_count; }
  // After a storage call failed: resets the object if its ledger broke.
  void check_ledger();
  // May span turns.
  Result<void> begin_transaction();
  // Within one turn.
  Result<void> begin_savepoint();
  // Of the innermost.
  Result<void> end_transaction(bool keep);

  // storage.setAlarm() and its like. While alarm() runs, the alarm that it runs for is none.
  Result<std::optional<int64_t>> alarm();
  // The time is Unix time in milliseconds; one that has passed becomes now.
  Result<void> set_alarm(int64_t time_ms, bool is_unconfirmed);
  Result<void> remove_alarm(bool is_unconfirmed);
  // Settles when everything written so far is durable, unconfirmed writes too.
  void when_written(Function<void(Result<void>)> done);

  // A socket that the object accepted: closed with it.
  void accepted(std::weak_ptr<web::WebSocketReceiver> socket);

 private:
  enum class State { fresh, running, ended };

  bool begin();
  Result<void> construct();
  int32_t begin_invocation();
  void end_invocation(int32_t invocation);
  void dispatch(ObjectCall call);
  bool start_section();
  int32_t current_context() const { return m_sections.empty() ? m_invocation : m_sections.back().invocation; }
  void schedule();
  void answered(uint32_t call, Result<worker::ResponseMessage> response);
  void leave(uint32_t call, Result<worker::ResponseMessage> response);
  Result<void> watch_alarm();
  Result<void> note_alarm(int64_t time_ms);
  bool begin_alarm(ObjectCall& call);
  void end_alarm(bool has_succeeded);
  void limit_event(uint32_t call, int32_t event);
  void leave_memory(Error reason);
  void push_arguments(ObjectCall& call, v8::LocalVector<v8::Value>& arguments);
  void ledger_broke(Error error);

  ObjectHost& m_host;
  ObjectAddress m_address;
  State m_state = State::fresh;
  IsolateObjects* m_isolate = nullptr;
  int32_t m_invocation = -1;  // the standing one
  v8::Global<v8::Object> m_record;
  std::deque<ObjectCall> m_waiting;
  struct Begun {
    Function<void(Outcome)> done;
    int32_t event = -1;        // its invocation; none once it is answered
    bool is_answered = false;  // and held at the output gate
    bool is_alarm = false;
    net::Timer limit;  // of a WebSocket's event
  };
  std::unordered_map<uint32_t, Begun> m_calls;
  uint32_t m_call_numbers = 0;
  struct Section {
    int32_t invocation = -1;
    int32_t context = -1;  // that it was asked for in, and is held meanwhile
  };
  struct WaitingSection {
    int32_t context = -1;
    v8::Global<v8::Function> start;
  };
  std::vector<Section> m_sections;  // innermost last
  std::deque<WaitingSection> m_waiting_sections;
  std::vector<int32_t> m_old_sections;  // ended, but something of theirs may still come
  net::Timer m_section_limit;
  bool m_is_scheduled = false;
  int64_t m_used_ms = 0;
  std::shared_ptr<ledger::Ledger> m_ledger;
  std::optional<Error>
      m_open_error;  // the storage cannot be opened: nothing leaves, and the object is about to be reset
  std::unique_ptr<Storage> m_storage;
  std::unique_ptr<sql::Session> m_sql;
  uint64_t m_write_count = 0;
  std::optional<std::string> m_restore_to;  // bookmark, when the object ends
  // Transactions nest: the outermost is the ledger's, those inside are savepoints.
  std::optional<ledger::Transaction> m_transaction;
  std::vector<ledger::Savepoint> m_savepoints;
  ledger::Position m_confirmed = 0;    // what the output gate waits for
  ledger::Position m_watched = 0;      // somebody will hear if it fails
  std::optional<AlarmRecord> m_alarm;  // that alarm() runs for
  net::Timer m_alarm_limit;
  int64_t m_alarm_generation = 0;          // the last one's
  ledger::Position m_index_confirmed = 0;  // of the alarms' index: what the output gate waits for; 0: nothing
  size_t m_index_waiters = 0;
  std::vector<std::weak_ptr<web::WebSocketReceiver>> m_sockets;
  std::optional<Error> m_end_reason;
};

}  // namespace adit::bindings::durable_object
