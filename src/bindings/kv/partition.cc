#include "bindings/kv/partition.h"

#include <algorithm>

namespace adit::bindings::kv {

void Partition::note_reader(size_t shard) {
  if (shard == m_own_shard || std::find(m_reader_shards.begin(), m_reader_shards.end(), shard) != m_reader_shards.end())
    return;
  m_reader_shards.push_back(shard);
}

void Partition::get(const std::string& key, size_t reader, Callback<Answer> done) {
  Answer answer;
  auto read = m_store.read(key, [&](const EntryView& entry) {
    auto value = std::make_shared<Value>();
    value->bytes = entry.value;
    if (entry.metadata) value->metadata = std::string(*entry.metadata);
    value->expiration_s = entry.expiration_s;
    answer.value = std::move(value);
  });
  if (read.is_error()) return done(std::move(read.error()));
  if (!is_in_flight(key)) {
    note_reader(reader);
    answer.may_be_remembered = true;
    return done(std::move(answer));
  }
  // Not to be remembered: by the time it is durable it may have been replaced.
  auto& ledger = m_store.ledger();
  ledger.when_durable(ledger.pending_position(),
                      [answer = std::move(answer), done = std::move(done)](Result<void> durable) mutable {
                        if (durable.is_error()) return done(std::move(durable.error()));
                        done(std::move(answer));
                      });
}

void Partition::put(const PutRequest& request, size_t writer, Callback<void> done) {
  auto put = m_store.put(request);
  if (put.is_error()) return done(std::move(put));
  written(request.key, writer, std::move(done));
}

void Partition::remove(const std::string& key, size_t writer, Callback<void> done) {
  auto removed = m_store.remove(key);
  if (removed.is_error()) return done(std::move(removed));
  written(key, writer, std::move(done));
}

void Partition::written(const std::string& key, size_t writer, Callback<void> done) {
  struct Waiting {
    Callback<void> done;
    size_t left = 1;
    Result<void> outcome;
    void one_more() {
      if (--left == 0) done(std::move(outcome));
    }
  };
  auto waiting = std::make_shared<Waiting>();
  waiting->done = std::move(done);
  for (auto shard : m_reader_shards) {
    // What the writer's own shard is told, it hears before the answer.
    if (shard == writer) {
      m_readers.forget(shard, m_space, key, [] {});
      continue;
    }
    ++waiting->left;
    m_readers.forget(shard, m_space, key, [waiting] { waiting->one_more(); });
  }
  auto& ledger = m_store.ledger();
  ++m_in_flight[key];
  ledger.when_durable(ledger.pending_position(), [self = shared_from_this(), key, waiting](Result<void> durable) {
    auto writes = self->m_in_flight.find(key);
    if (--writes->second == 0) self->m_in_flight.erase(writes);
    waiting->outcome = std::move(durable);
    waiting->one_more();
  });
}

void Partition::list(const ListRequest& request, Callback<ListPage> done) {
  auto page = m_store.list(request);
  if (page.is_error() || m_in_flight.empty()) return done(std::move(page));
  auto& ledger = m_store.ledger();
  ledger.when_durable(ledger.pending_position(),
                      [page = std::move(page), done = std::move(done)](Result<void> durable) mutable {
                        if (durable.is_error()) return done(std::move(durable.error()));
                        done(std::move(page));
                      });
}

}  // namespace adit::bindings::kv
