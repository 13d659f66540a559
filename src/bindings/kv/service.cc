#include "bindings/kv/service.h"

#include "bindings/blobs/blob_source.h"
#include "bindings/kv/value_reader.h"
#include "bindings/shard_services.h"
#include "bindings/state.h"

namespace adit::bindings::kv {
namespace {

constexpr size_t cache_bytes = 16 << 20;
constexpr uint64_t ms_between_sweeps = 60'000;
// Some milliseconds' work; while there is more, the rest follows soon, since lists step over what is not swept.
constexpr int64_t swept_at_once = 2'000;
constexpr uint64_t ms_between_slices = 20;
constexpr size_t max_answer_bytes = 25 * 1024 * 1024;

// FNV-1a: the same in every process, since it decides where a namespace lives.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char octet : text) hash = (hash ^ octet) * 0x100000001b3;
  return hash;
}

}  // namespace

Service::Service(worker::Shard& shard, ShardState& state) : m_shard(shard), m_state(state), m_cache(cache_bytes) {}

Service& Service::of(worker::Shard& shard) { return ShardServices::of(shard).kv(); }

std::shared_ptr<Namespace> Service::open(std::string id) const {
  auto owner = hash_of(id) % m_shard.group().shard_count();
  return std::make_shared<Namespace>(Namespace{std::move(id), owner});
}

Result<std::shared_ptr<Partition>> Service::opened(const std::string& id,
                                                   Result<std::shared_ptr<ledger::Ledger>> ledger) {
  auto open = TRY(std::move(ledger));
  auto& place = m_partitions[id];
  if (place && !place->is_broken()) return place;
  auto made = std::make_shared<Partition>(
      id, std::move(open), m_shard.clock(), m_shard.index(), *this, [this, id] { return m_state.blobs("kv", id); },
      m_propagation_s);
  if (place) made->set_readers(place->readers());
  place = made;
  TRY(made->recover(
      [&loop = m_shard.loop()](auto work, auto done) { loop.run_blocking(std::move(work), std::move(done)); }));
  if (TRY(made->store().has_expiring())) sweep_later(ms_between_sweeps);
  return made;
}

void Service::with_partition(const std::string& id, PartitionCallback done) {
  if (auto found = m_partitions.find(id); found != m_partitions.end() && !found->second->is_broken())
    return done(found->second);
  auto store = m_state.store();
  if (store.is_error()) return done(std::move(store.error()));
  auto ledger = ledger::LedgerId::create("kv", id);
  if (ledger.is_error()) return done(std::move(ledger.error()).because("KV namespace " + id));
  store.value()->open(ledger.value(),
                      [this, id, done = std::move(done)](Result<std::shared_ptr<ledger::Ledger>> open) mutable {
                        done(opened(id, std::move(open)));
                      });
}

// Puts sweep what has expired; this does where nobody puts.
void Service::sweep_later(uint64_t delay_ms) {
  if (m_sweeps) return;
  m_sweeps = true;
  m_sweep_timer = m_shard.loop().after(delay_ms, [this] {
    m_sweeps = false;
    bool goes_on = false;
    bool is_behind = false;
    for (auto& [id, partition] : m_partitions) {
      if (partition->is_broken()) continue;
      if (partition->sweep(swept_at_once) == swept_at_once) is_behind = true;
      auto more = partition->store().has_expiring();
      if (more.is_ok() && more.value()) goes_on = true;
    }
    if (goes_on) sweep_later(is_behind ? ms_between_slices : ms_between_sweeps);
  });
}

std::shared_ptr<Partition> Service::own_partition(const Namespace& space) {
  if (m_propagation_s > 0) return nullptr;
  if (space.owner != m_shard.index()) return nullptr;
  if (auto found = m_partitions.find(space.id); found != m_partitions.end() && !found->second->is_broken())
    return found->second;
  auto now = std::make_shared<std::shared_ptr<Partition>>();
  with_partition(space.id, [now](Result<std::shared_ptr<Partition>> partition) {
    if (partition.is_ok()) *now = std::move(partition).value();
  });
  return *now;
}

const SharedValue* Service::remembered(const Namespace& space, std::string_view key) {
  if (space.owner == m_shard.index()) return nullptr;
  return m_cache.find(space.id, key, m_shard.clock().unix_ms() / 1000);
}

uint64_t Service::wait_for(Function<void(void*)> answered) {
  m_waiting.emplace(++m_calls, std::move(answered));
  return m_calls;
}

void Service::answered(uint64_t call, void* result) {
  auto waiting = m_waiting.extract(call);
  VERIFY(!waiting.empty());
  waiting.mapped()(result);
}

template <typename T, typename Work>
void Service::ask(const Namespace& space, Work work, Callback<T> done) {
  auto run = [work = std::move(work)](Service& owner, const std::string& id, Callback<T> reply) mutable {
    owner.with_partition(id, [&owner, work = std::move(work),
                              reply = std::move(reply)](Result<std::shared_ptr<Partition>> partition) mutable {
      if (partition.is_error()) return reply(std::move(partition.error()));
      work(*partition.value(), std::move(reply));
      if (partition.value()->take_expiring()) owner.sweep_later(ms_between_sweeps);
    });
  };
  if (space.owner == m_shard.index()) return run(*this, space.id, std::move(done));
  auto call =
      wait_for([done = std::move(done)](void* result) mutable { done(std::move(*static_cast<Result<T>*>(result))); });
  m_shard.group().post(
      space.owner, [run = std::move(run), id = space.id, home = m_shard.index(), call](worker::Shard& owner) mutable {
        auto reply = [&group = owner.group(), home, call](Result<T> result) {
          group.post(home, [call, result = std::move(result)](worker::Shard& shard) mutable {
            of(shard).answered(call, &result);
          });
        };
        run(of(owner), id, std::move(reply));
      });
}

void Service::get(const Namespace& space, std::string key, Callback<SharedValue> done) {
  auto remember = [this, id = space.id, key, done = std::move(done)](Result<Answer> answer) mutable {
    if (answer.is_error()) return done(std::move(answer.error()));
    if (answer.value().may_be_remembered) m_cache.remember(id, key, answer.value().value);
    done(std::move(answer.value().value));
  };
  auto reader = m_shard.index();
  auto keep = [done = std::move(remember), is_own = space.owner == reader](Result<Answer> answer) mutable {
    if (is_own && answer.is_ok()) answer.value().may_be_remembered = false;
    done(std::move(answer));
  };
  ask<Answer>(
      space,
      [key = std::move(key), reader](Partition& partition, Callback<Answer> reply) {
        partition.get(key, reader, std::move(reply));
      },
      std::move(keep));
}

void Service::get_many(const Namespace& space, std::vector<std::string> keys, Callback<std::vector<SharedValue>> done) {
  auto work = [keys = std::move(keys), reader = m_shard.index()](Partition& partition,
                                                                 Callback<std::vector<SharedValue>> reply) {
    struct Gathering {
      std::vector<SharedValue> values;
      size_t left;
      size_t size_bytes = 0;
      std::optional<Error> error;
      Callback<std::vector<SharedValue>> reply;
      void one_more() {
        if (--left > 0) return;
        if (error) reply(std::move(*error));
        else reply(std::move(values));
      }
    };
    auto gathering = std::make_shared<Gathering>();
    gathering->values.resize(keys.size());
    gathering->left = keys.size() + 1;
    gathering->reply = std::move(reply);
    for (size_t i = 0; i < keys.size() && !gathering->error; ++i) {
      partition.get(keys[i], reader, [gathering, i](Result<Answer> answer) {
        if (answer.is_error()) {
          gathering->error = std::move(answer.error());
        } else if (auto& value = answer.value().value) {
          gathering->size_bytes += value->size_bytes();
          if (gathering->size_bytes > max_answer_bytes)
            gathering->error = Error::failed("KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB");
          gathering->values[i] = std::move(value);
        }
        gathering->one_more();
      });
      if (gathering->error) gathering->left -= keys.size() - i - 1;
    }
    gathering->one_more();
  };
  auto load_long = [this, space, done = std::move(done)](Result<std::vector<SharedValue>> values) mutable {
    if (values.is_error()) return done(std::move(values.error()));
    load_all(space, std::make_shared<std::vector<SharedValue>>(std::move(values).value()), 0, std::move(done));
  };
  ask<std::vector<SharedValue>>(space, std::move(work), std::move(load_long));
}

void Service::load_all(const Namespace& space, std::shared_ptr<std::vector<SharedValue>> values, size_t next,
                       Callback<std::vector<SharedValue>> done) {
  while (next < values->size() && !((*values)[next] && (*values)[next]->long_value)) ++next;
  if (next == values->size()) return done(std::move(*values));
  load(space, (*values)[next], [this, space, values, next, done = std::move(done)](Result<SharedValue> loaded) mutable {
    if (loaded.is_error()) return done(std::move(loaded.error()));
    (*values)[next] = std::move(loaded).value();
    load_all(space, std::move(values), next + 1, std::move(done));
  });
}

Result<std::shared_ptr<net::ByteSource>> Service::source_of(const Namespace& space, const Value& value) {
  auto& segment = *value.long_value;
  return blobs::read_segments(m_shard.loop(), TRY(m_state.blobs("kv", space.id)), {segment}, value.pin,
                              {0, segment.size_bytes}, std::nullopt);
}

void Service::load(const Namespace& space, SharedValue value, Callback<SharedValue> done) {
  if (!value || !value->long_value) return done(std::move(value));
  auto source = source_of(space, *value);
  if (source.is_error()) return done(std::move(source.error()));
  read_value(std::move(source).value(), [value, done = std::move(done)](Result<std::string> bytes) mutable {
    if (bytes.is_error()) return done(std::move(bytes.error()));
    auto loaded = std::make_shared<Value>();
    loaded->bytes = std::move(bytes).value();
    loaded->metadata = value->metadata;
    loaded->expiration_s = value->expiration_s;
    done(std::move(loaded));
  });
}

void Service::put_body(const Namespace& space, PutRequest request, blobs::UploadBody body, Callback<void> done) {
  auto store = m_state.blobs("kv", space.id);
  if (store.is_error()) return done(std::move(store.error()));
  blobs::UploadOptions options;
  options.digests.clear();
  options.small_bytes = max_inline_bytes;
  options.max_bytes = max_value_bytes;
  auto uploaded = [this, space, request = std::move(request), store = store.value(),
                   done = std::move(done)](Result<blobs::UploadedValue> value) mutable {
    if (value.is_error() && value.error().kind() == ErrorKind::limit) return done(value_too_long(max_value_bytes + 1));
    if (value.is_error()) return done(std::move(value.error()));
    auto& content = value.value().content;
    if (auto* text = std::get_if<std::string>(&content)) request.value = std::move(*text);
    else request.long_value = std::get<blobs::Segment>(content);
    auto made = request.long_value;
    put(space, std::move(request), [store, made, done = std::move(done)](Result<void> durable) mutable {
      // A write that may have happened keeps its blob: the next start finds out.
      if (durable.is_error() && made && durable.error().kind() != ErrorKind::unknown_outcome) store->remove({made->id});
      done(std::move(durable));
    });
  };
  blobs::upload(m_shard.loop(), store.value(), m_shard.random(), std::move(body), std::move(options),
                std::move(uploaded));
}

void Service::put(const Namespace& space, PutRequest request, Callback<void> done) {
  ask<void>(
      space,
      [request = std::move(request), writer = m_shard.index()](Partition& partition, Callback<void> reply) {
        partition.put(request, writer, std::move(reply));
      },
      std::move(done));
}

void Service::remove(const Namespace& space, std::string key, Callback<void> done) {
  ask<void>(
      space,
      [key = std::move(key), writer = m_shard.index()](Partition& partition, Callback<void> reply) {
        partition.remove(key, writer, std::move(reply));
      },
      std::move(done));
}

void Service::list(const Namespace& space, ListRequest request, Callback<ListPage> done) {
  ask<ListPage>(
      space,
      [request = std::move(request)](Partition& partition, Callback<ListPage> reply) {
        partition.list(request, std::move(reply));
      },
      std::move(done));
}

void Service::forget(size_t shard, const std::string& space, const std::string& key, Function<void()> done) {
  auto call = wait_for([done = std::move(done)](void*) mutable { done(); });
  m_shard.group().post(shard, [space, key, call, home = m_shard.index()](worker::Shard& reader) {
    of(reader).m_cache.forget(space, key);
    reader.group().post(home, [call](worker::Shard& owner) { of(owner).answered(call, nullptr); });
  });
}

void Service::close() { m_partitions.clear(); }

}  // namespace adit::bindings::kv
