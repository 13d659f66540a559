#include "bindings/durable_object/object_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <vector>

#include "base/memory.h"
#include "bindings/shard_services.h"
#include "bindings/state.h"
#include "worker/remote_source.h"
#include "worker/remote_websocket.h"

namespace adit::bindings::durable_object {
namespace {

constexpr uint64_t between_collections_ms = 30'000;

}  // namespace

// A call as it travels to the object's shard, and its outcome back.
struct ObjectHost::RemoteCall {
  ObjectAddress address;
  EventKind kind = EventKind::fetch;
  std::string method;
  std::string url;
  std::string header_block;
  worker::RemoteBody body;
  std::vector<worker::RemoteAttachment> attachments;
  size_t home = 0;  // the caller's shard
  uint64_t number = 0;
};

struct ObjectHost::RemoteOutcome {
  uint64_t number = 0;
  std::optional<Error> error;
  bool is_remote = true;
  bool is_reset = false;
  int status = 0;
  std::string status_text;
  std::string header_lines;
  worker::RemoteBody body;
  std::vector<worker::RemoteAttachment> attachments;
  std::optional<worker::RemoteWebSocketAddress> websocket;
};

HostOptions host_options_from_environment() {
  HostOptions options;
  auto read = [](const char* name, auto& option) {
    if (const char* text = std::getenv(name))
      option = static_cast<std::remove_reference_t<decltype(option)>>(std::strtoull(text, nullptr, 10));
  };
  read("ADIT_OBJECT_IDLE_MS", options.idle_ms);
  read("ADIT_OBJECT_SECTION_MS", options.section_limit_ms);
  read("ADIT_ALARM_RETRY_MS", options.alarm_retry_ms);
  return options;
}

ObjectHost& ObjectHost::of(worker::Shard& shard) { return ShardServices::of(shard).objects(); }

IsolateObjects* ObjectHost::running_isolate(const ObjectClass& object_class) {
  if (m_is_closed) return nullptr;
  auto* worker = m_shard.running_worker(object_class.worker);
  auto found = m_isolates.find(worker);
  return found == m_isolates.end() ? nullptr : found->second.get();
}

std::shared_ptr<ObjectClass> ObjectHost::class_of_space(std::string_view space) {
  for (auto& [worker, objects] : m_isolates) {
    auto object_class = objects->find_space(space);
    if (object_class && running_isolate(*object_class)) return object_class;
  }
  return nullptr;
}

std::shared_ptr<Object> ObjectHost::object_of(const ObjectAddress& address) {
  auto& object = m_objects[address.id];
  if (!object) object = std::make_shared<Object>(*this, address);
  if (!m_sweep.is_active()) sweep_later();
  return object;
}

void ObjectHost::call(const ObjectAddress& address, ObjectCall call) {
  auto owner = address.id.hash() % m_shard.group().shard_count();
  if (owner != m_shard.index()) return call_remote(owner, address, std::move(call));
  object_of(address)->deliver_later(std::move(call));
}

bool ObjectHost::deliver(worker::WorkerIsolate& worker, int32_t invocation, uint64_t number,
                         worker::RequestMessage& request, Function<void(worker::RpcOutcome)>& done) {
  auto found = m_isolates.find(&worker);
  auto* object = found == m_isolates.end() ? nullptr : found->second->of_invocation(invocation);
  if (!object) return false;
  ObjectCall call;
  call.kind = EventKind::method;
  call.target = number;
  call.request = std::move(request);
  call.done = [done = std::move(done)](Outcome outcome) mutable {
    done(worker::RpcOutcome{std::move(outcome.response), outcome.is_remote, outcome.is_reset});
  };
  object->deliver(std::move(call));
  return true;
}

void ObjectHost::call_remote(size_t owner, const ObjectAddress& address, ObjectCall call) {
  auto& request = call.request;
  m_remote_calls.emplace(++m_call_numbers, std::move(call.done));
  RemoteCall remote{address,
                    call.kind,
                    std::move(request.method),
                    std::move(request.url),
                    std::move(request.header_block),
                    worker::export_body(m_shard, std::move(request.body)),
                    worker::export_attachments(m_shard, std::move(request.attachments)),
                    m_shard.index(),
                    m_call_numbers};
  m_shard.post_to(owner,
                  [remote = std::move(remote)](worker::Shard& shard) mutable { of(shard).receive(std::move(remote)); });
}

void ObjectHost::receive(RemoteCall remote) {
  ObjectCall call;
  call.kind = remote.kind;
  call.request = {std::move(remote.method), std::move(remote.url), std::move(remote.header_block),
                  worker::import_body(m_shard, std::move(remote.body)),
                  worker::import_attachments(m_shard, std::move(remote.attachments))};
  call.done = [this, home = remote.home, number = remote.number](Outcome outcome) {
    RemoteOutcome answer;
    answer.number = number;
    answer.is_remote = outcome.is_remote;
    answer.is_reset = outcome.is_reset;
    if (outcome.response.is_error()) {
      answer.error = std::move(outcome.response.error());
    } else {
      auto& response = outcome.response.value();
      answer.status = response.status;
      answer.status_text = std::move(response.status_text);
      answer.header_lines = std::move(response.header_lines);
      answer.body = worker::export_body(m_shard, std::move(response.body));
      answer.attachments = worker::export_attachments(m_shard, std::move(response.attachments));
      if (response.websocket) answer.websocket = worker::export_websocket(m_shard, std::move(response.websocket));
    }
    m_shard.post_to(home, [answer = std::move(answer)](worker::Shard& shard) mutable {
      auto waiting = of(shard).m_remote_calls.extract(answer.number);
      if (waiting.empty()) return;
      if (answer.error) return waiting.mapped()(Outcome{std::move(*answer.error), answer.is_remote, answer.is_reset});
      worker::ResponseMessage response{answer.status,
                                       std::move(answer.status_text),
                                       std::move(answer.header_lines),
                                       worker::import_body(shard, std::move(answer.body)),
                                       nullptr,
                                       worker::import_attachments(shard, std::move(answer.attachments))};
      if (answer.websocket) response.websocket = worker::import_websocket(shard, *answer.websocket);
      waiting.mapped()(Outcome{std::move(response)});
    });
  };
  object_of(remote.address)->deliver(std::move(call));
}

Result<std::shared_ptr<ledger::Ledger>> ObjectHost::open_ledger(const std::string& space, const ObjectId& id) {
  auto* store = TRY(m_state.store());
  auto ledger_id = TRY(ledger::LedgerId::create(space, id.text()));
  if (store->open_count() >= store->max_open_ledgers() && !std::exchange(m_makes_room, true))
    m_shard.loop().defer([this] {
      m_makes_room = false;
      if (auto full = m_state.store(); full.is_ok()) sweep_all_but(full.value()->max_open_ledgers() * 3 / 4);
    });
  auto now = std::make_shared<std::optional<Result<std::shared_ptr<ledger::Ledger>>>>();
  store->open(ledger_id, [now](Result<std::shared_ptr<ledger::Ledger>> ledger) { *now = std::move(ledger); });
  // It opens at once but after one that broke, and then the object waits for it before it begins.
  if (!*now) return Error::failed("The Durable Object's storage is not open yet.");
  return std::move(**now);
}

void ObjectHost::recover(const ObjectAddress& address) {
  auto store = m_state.store();
  auto ledger = ledger::LedgerId::create(address.object_class->space, address.id.text());
  if (store.is_error() || ledger.is_error()) return;
  m_recovering.insert(address.id);
  store.value()->open(ledger.value(), [this, id = address.id](Result<std::shared_ptr<ledger::Ledger>>) {
    m_recovering.erase(id);
    if (auto found = m_objects.find(id); found != m_objects.end()) found->second->run();
  });
}

void ObjectHost::restore(const ObjectAddress& address, const std::string& bookmark) {
  auto store = m_state.store();
  auto ledger = ledger::LedgerId::create(address.object_class->space, address.id.text());
  if (store.is_error() || ledger.is_error()) return;  // the wish is on disk: the next process does it
  m_recovering.insert(address.id);
  store.value()->restore(ledger.value(), bookmark, [this, address](Result<std::string> before) {
    if (before.is_error())
      m_shard.logger().error("The Durable Object {} was not restored: {}", address.id.text(),
                             before.error().full_message());
    recover(address);
  });
}

void ObjectHost::ended(Object& object) {
  auto found = m_objects.find(object.address().id);
  if (found != m_objects.end() && found->second.get() == &object) m_objects.erase(found);
}

Result<std::vector<ledger::LedgerId>> ObjectHost::own_ledgers(const std::string& space) {
  auto* store = TRY(m_state.store());
  std::vector<ledger::LedgerId> own;
  for (auto& ledger : TRY(store->list(space, "", SIZE_MAX))) {
    auto id = ObjectId::parse(ledger.name());
    if (id && id->hash() % m_shard.group().shard_count() == m_shard.index()) own.push_back(std::move(ledger));
  }
  return own;
}

void ObjectHost::destroy_space(const std::string& space, Function<void(Result<void>)> done) {
  std::vector<std::shared_ptr<Object>> ending;
  for (auto& [id, object] : m_objects)
    if (object->address().object_class->space == space) ending.push_back(object);
  for (auto& object : ending) object->end(Error::failed("The Durable Object's class was deleted."));
  drop_sockets_of_space(space);
  if (auto removed = m_alarms.remove_space(space); removed.is_error()) return done(std::move(removed));
  auto ledgers = own_ledgers(space);
  if (ledgers.is_error()) return done(std::move(ledgers.error()));
  // A few at a time: each is open while it is destroyed.
  struct Destroying : std::enable_shared_from_this<Destroying> {
    ledger::LedgerStore& store;
    std::vector<ledger::LedgerId> left;
    Function<void(Result<void>)> done;
    size_t under_way = 0;
    bool is_going = false;
    Result<void> outcome;
    Destroying(ledger::LedgerStore& in, std::vector<ledger::LedgerId> ids, Function<void(Result<void>)> then)
        : store(in), left(std::move(ids)), done(std::move(then)) {}
    void go_on() {
      constexpr size_t at_once = 64;
      if (std::exchange(is_going, true)) return;  // one that failed at once
      while (!left.empty() && under_way < at_once) {
        auto id = std::move(left.back());
        left.pop_back();
        ++under_way;
        store.destroy(id, [self = shared_from_this()](Result<void> result) {
          if (result.is_error()) self->outcome = std::move(result);
          --self->under_way;
          self->go_on();
        });
      }
      is_going = false;
      if (left.empty() && under_way == 0 && done) std::exchange(done, nullptr)(std::move(outcome));
    }
  };
  std::make_shared<Destroying>(*m_state.store().value(), std::move(ledgers).value(), std::move(done))->go_on();
}

Result<void> destroy_space(worker::ShardGroup& group, const std::string& space) {
  Result<void> outcome;
  for (size_t i = 0; i < group.shard_count(); ++i) {
    std::promise<Result<void>> destroyed;
    group.post(i, [&](worker::Shard& shard) {
      ShardServices::of(shard).objects().destroy_space(
          space, [&destroyed](Result<void> result) { destroyed.set_value(std::move(result)); });
    });
    auto result = destroyed.get_future().get();
    if (result.is_error()) outcome = std::move(result);
  }
  return outcome;
}

// What an object had in JavaScript, and what that holds natively, goes with the next collection, which an isolate that nobody asks anything
// does not begin by itself.
void ObjectHost::collect_garbage_later() {
  constexpr size_t worth_it = 1000;
  if (m_slept >= worth_it && !m_collection.is_active()) collect_garbage(between_collections_ms);
}

// After a while, and then again until nothing has fallen asleep meanwhile: what the last ones left, in the ledgers and the log too, keeps many
// pages. Not while requests come: it would hold them up, and V8 collects by itself then. Memory is released a little later, because the
// collector frees buffers and finalizes in turns and threads of its own.
void ObjectHost::collect_garbage(uint64_t after_ms) {
  constexpr uint64_t try_again_ms = 1'000;
  constexpr int64_t quiet_ns = 100'000'000;
  constexpr uint64_t settles_ms = 3'000;
  m_collection = m_shard.loop().after(after_ms, [this] {
    auto since_ns = m_shard.clock().monotonic_ns() - quiet_ns;
    for (auto& [worker, objects] : m_isolates)
      if (objects->was_entered_since(since_ns)) return collect_garbage(try_again_ms);
    bool are_new = std::exchange(m_slept, 0) > 0;
    for (auto& [worker, objects] : m_isolates) objects->collect_garbage();
    m_collection = m_shard.loop().after(settles_ms, [this, are_new] {
      release_unused_memory();
      if (are_new) collect_garbage(between_collections_ms);
    });
  });
}

void ObjectHost::attach(worker::WorkerIsolate& worker, std::shared_ptr<const ClassTable> classes) {
  auto& objects = m_isolates[&worker] = std::make_unique<IsolateObjects>(*this, worker, std::move(classes));
  worker.isolate().provide(*objects);
  worker.isolate().provide<web::OutputHold>(*objects);
}

void ObjectHost::detach(worker::WorkerIsolate& worker) {
  auto found = m_isolates.find(&worker);
  if (found == m_isolates.end()) return;
  if (m_current == &worker) {
    // A version that did not even start takes nothing away from the one before it.
    m_alarms.pause();
    m_current = nullptr;
    for (auto& [id, sockets] : std::exchange(m_sockets, {})) sockets->drop();
  }
  std::vector<std::shared_ptr<Object>> ending;
  for (auto& [id, object] : m_objects)
    if (object->isolate() == found->second.get()) ending.push_back(object);
  for (auto& object : ending) object->end(Error::failed("Durable Object reset because its code was updated."));
  found->second->detach();
}

void ObjectHost::close() {
  m_is_closed = true;
  m_sweep = {};
  m_bedtime = {};
  m_room_timer = {};
  m_waiting_for_room.clear();
  m_collection = {};
  m_sleepy.clear();
  m_alarms.close();
  auto objects = std::exchange(m_objects, {});
  for (auto& [id, object] : objects) object->end(Error::failed("The server is stopping."));
  for (auto& [id, sockets] : std::exchange(m_sockets, {})) sockets->drop();
}

HibernatedSockets& ObjectHost::sockets_of(const ObjectAddress& address) {
  auto& sockets = m_sockets[address.id];
  if (!sockets) sockets = std::make_shared<HibernatedSockets>(*this, address);
  return *sockets;
}

void ObjectHost::drop_sockets(const ObjectId& id) {
  if (auto dropped = m_sockets.extract(id); !dropped.empty()) dropped.mapped()->drop();
}

void ObjectHost::drop_sockets_of_space(const std::string& space) {
  std::vector<ObjectId> ids;
  for (const auto& [id, sockets] : m_sockets)
    if (sockets->address().object_class->space == space) ids.push_back(id);
  for (const auto& id : ids) drop_sockets(id);
}

void ObjectHost::socket_event_ended(const Outcome& outcome, std::string_view handler) {
  if (outcome.response.is_error() && !m_is_closed && !outcome.is_reset)
    m_shard.worker_output(LogLevel::error,
                          fmt::format("Uncaught (in {}) {}", handler, outcome.response.error().message()));
}

void ObjectHost::sweep_later() {
  auto period_ms = std::clamp<uint64_t>(std::min(m_options.idle_ms, m_options.hibernate_ms) / 4, 10, 10'000);
  m_sweep = m_shard.loop().after(period_ms, [this] { sweep(); });
}

void ObjectHost::sweep() {
  for (auto& [id, object] : m_objects) {
    auto sockets = m_sockets.find(id);
    bool hibernates = sockets != m_sockets.end() && !sockets->second->is_empty();
    auto limit_ms = hibernates ? std::min(m_options.idle_ms, m_options.hibernate_ms) : m_options.idle_ms;
    if (object->has_been_idle(now_ms(), static_cast<int64_t>(limit_ms))) m_sleepy.push_back(object);
  }
  put_to_sleep();
  if (!m_objects.empty() && !m_is_closed) sweep_later();
}

// More objects are awake than there should be open ledgers.
void ObjectHost::sweep_all_but(size_t ledgers) {
  constexpr int64_t between_ms = 20;  // it looks at every object
  if (m_is_closed || !m_sleepy.empty() || now_ms() - m_room_swept_ms < between_ms) return;
  m_room_swept_ms = now_ms();
  std::vector<std::shared_ptr<Object>> idle;
  for (auto& [id, object] : m_objects)
    if (object->has_ledger() && object->has_been_idle(now_ms(), 0)) idle.push_back(object);
  auto open = m_state.store().value()->open_count();
  auto count = std::min(idle.size(), open - std::min(open, ledgers));
  std::nth_element(idle.begin(), idle.begin() + static_cast<ptrdiff_t>(count), idle.end(),
                   [](const auto& a, const auto& b) { return a->used_ms() < b->used_ms(); });
  m_sleepy.insert(m_sleepy.end(), idle.begin(), idle.begin() + static_cast<ptrdiff_t>(count));
  put_to_sleep();
}

// Objects that come faster than their ledgers can be written out are slowed down by it. Not for ever: those that are open may wait for this one.
bool ObjectHost::must_wait_for_room(const std::shared_ptr<Object>& object) {
  constexpr int64_t longest_ms = 5000;
  if (!m_state.has_state()) return false;
  auto store = m_state.store();
  if (store.is_error()) return false;
  if (store.value()->open_count() < store.value()->max_open_ledgers() * 3 / 2) {
    m_no_room_since_ms = 0;
    return false;
  }
  if (m_no_room_since_ms == 0) m_no_room_since_ms = now_ms();
  if (now_ms() - m_no_room_since_ms > longest_ms) return false;
  m_waiting_for_room.push_back(object);
  if (!m_room_timer.is_active()) m_room_timer = m_shard.loop().after(1, [this] { give_room(); });
  return true;
}

void ObjectHost::give_room() {
  sweep_all_but(m_state.store().value()->max_open_ledgers() * 3 / 4);
  for (auto& waiting : std::exchange(m_waiting_for_room, {}))
    if (auto object = waiting.lock(); object && !object->has_ended()) object->run();
}

// A hundred thousand may fall asleep together, and somebody waits for an answer meanwhile.
void ObjectHost::put_to_sleep() {
  constexpr size_t at_once = 256;
  for (size_t i = 0; i < at_once && !m_sleepy.empty(); ++i) {
    auto object = m_sleepy.front().lock();
    m_sleepy.pop_front();
    if (!object || object->has_ended() || !object->has_been_idle(now_ms(), 0)) continue;
    object->sleep();
    const auto& address = object->address();
    auto sockets = m_sockets.find(address.id);
    if (sockets != m_sockets.end() && sockets->second->is_empty()) m_sockets.erase(sockets);
    auto store = m_state.store();
    auto ledger = ledger::LedgerId::create(address.object_class->space, address.id.text());
    if (store.is_ok() && ledger.is_ok()) store.value()->rest(ledger.value());
    ++m_slept;
  }
  collect_garbage_later();
  if (!m_sleepy.empty() && !m_bedtime.is_active()) m_bedtime = m_shard.loop().after(0, [this] { put_to_sleep(); });
}

}  // namespace adit::bindings::durable_object
