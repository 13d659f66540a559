#include "bindings/kv/partition.h"

#include <algorithm>

namespace adit::bindings::kv {

void Partition::note_reader(size_t shard) {
  if (shard == m_own_shard || std::find(m_reader_shards.begin(), m_reader_shards.end(), shard) != m_reader_shards.end())
    return;
  m_reader_shards.push_back(shard);
}

Result<void> Partition::recover(Blocking blocking) {
  if (!m_store.has_long_values()) return {};
  auto store = TRY(m_blobs());
  store->remove(TRY(m_store.to_delete()));
  auto found = std::make_shared<Result<std::vector<blobs::BlobId>>>(std::vector<blobs::BlobId>());
  blocking([store, found] { *found = store->unfinished(); },
           [self = shared_from_this(), store, found] {
             // What cannot be listed now is looked for at the next start.
             if (found->is_error() || self->is_broken()) return;
             std::vector<blobs::BlobId> used;
             std::vector<blobs::BlobId> unknown;
             for (auto& id : found->value()) (self->m_store.uses(id) ? used : unknown).push_back(id);
             store->settle(std::move(used));
             store->remove(std::move(unknown));
           });
  return {};
}

void Partition::forget_deleted() {
  if (!m_store.has_long_values()) return;
  auto store = m_blobs();
  if (store.is_error()) return;
  // It is tried again at the next start where this fails.
  if (auto ids = store.value()->take_removed(); !ids.empty()) m_store.deleted(ids).ignore();
}

Result<Answer> Partition::read(const std::string& key) {
  Answer answer;
  answer.may_be_remembered = true;
  std::optional<blobs::Segment> long_value;
  TRY(m_store.read(key, [&](const EntryView& entry) {
    auto value = std::make_shared<Value>();
    value->bytes = entry.value;
    if (entry.metadata) value->metadata = std::string(*entry.metadata);
    value->expiration_s = entry.expiration_s;
    value->long_value = long_value = entry.long_value;
    answer.value = std::move(value);
  }));
  if (!long_value) return answer;
  auto value = std::make_shared<Value>(*answer.value);
  value->pin = TRY(m_blobs())->pin({long_value->id});
  return Answer{std::move(value), false};
}

void Partition::get(const std::string& key, size_t reader, Callback<Answer> done) {
  if (m_stale.is_on()) {
    if (auto* kept = m_stale.value(key, m_clock.unix_ms())) return done(Answer{*kept, false});
  }
  auto read = this->read(key);
  if (read.is_error()) return done(std::move(read.error()));
  auto answer = std::move(read).value();
  if (m_stale.is_on()) {
    m_stale.remember(key, answer.value, m_clock.unix_ms());
    answer.may_be_remembered = false;
  }
  if (!is_in_flight(key)) {
    if (answer.may_be_remembered) note_reader(reader);
    return done(std::move(answer));
  }
  answer.may_be_remembered = false;
  // Not to be remembered: by the time it is durable it may have been replaced.
  auto& ledger = m_store.ledger();
  ledger.when_durable(ledger.pending_position(),
                      [answer = std::move(answer), done = std::move(done)](Result<void> durable) mutable {
                        if (durable.is_error()) return done(std::move(durable.error()));
                        done(std::move(answer));
                      });
}

void Partition::put(const PutRequest& request, size_t writer, Callback<void> done) {
  forget_deleted();
  auto put = m_store.put(request);
  if (put.is_error()) return done(std::move(put));
  if (request.expiration_s) m_has_expiring = true;
  written(request.key, request.long_value, writer, std::move(done));
}

void Partition::remove(const std::string& key, size_t writer, Callback<void> done) {
  forget_deleted();
  auto removed = m_store.remove(key);
  if (removed.is_error()) return done(std::move(removed));
  written(key, std::nullopt, writer, std::move(done));
}

void Partition::written(const std::string& key, std::optional<blobs::Segment> made, size_t writer,
                        Callback<void> done) {
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
  ledger.when_durable(ledger.pending_position(), [self = shared_from_this(), key, waiting, made,
                                                  forgotten = m_store.take_forgotten()](Result<void> durable) mutable {
    auto writes = self->m_in_flight.find(key);
    if (--writes->second == 0) self->m_in_flight.erase(writes);
    if (durable.is_ok() && (made || !forgotten.empty())) {
      if (auto store = self->m_blobs(); store.is_ok()) {
        if (made) store.value()->settle({made->id});
        store.value()->remove(std::move(forgotten));
      }
    }
    waiting->outcome = std::move(durable);
    waiting->one_more();
  });
}

int64_t Partition::sweep(int64_t limit) {
  forget_deleted();
  auto swept = m_store.sweep(limit);
  if (swept.is_error() || swept.value() == 0) return 0;
  auto& ledger = m_store.ledger();
  ledger.when_durable(ledger.pending_position(),
                      [self = shared_from_this(), forgotten = m_store.take_forgotten()](Result<void> durable) mutable {
                        if (durable.is_error() || forgotten.empty()) return;
                        if (auto store = self->m_blobs(); store.is_ok()) store.value()->remove(std::move(forgotten));
                      });
  return swept.value();
}

void Partition::list(const ListRequest& request, Callback<ListPage> done) {
  std::string name;
  if (m_stale.is_on()) {
    name = request.prefix + '\0' + request.after + '\0' + std::to_string(request.limit);
    if (auto* kept = m_stale.page(name, m_clock.unix_ms())) return done(*kept);
  }
  auto page = m_store.list(request);
  if (m_stale.is_on() && page.is_ok()) m_stale.remember(name, page.value(), m_clock.unix_ms());
  if (page.is_error() || m_in_flight.empty()) return done(std::move(page));
  auto& ledger = m_store.ledger();
  ledger.when_durable(ledger.pending_position(),
                      [page = std::move(page), done = std::move(done)](Result<void> durable) mutable {
                        if (durable.is_error()) return done(std::move(durable.error()));
                        done(std::move(page));
                      });
}

}  // namespace adit::bindings::kv
