#include "bindings/r2/partition.h"

#include <unordered_set>

namespace adit::bindings::r2 {

namespace {
constexpr size_t recovery_slice = 10'000;
constexpr size_t uploads_swept_at_once = 100;
}  // namespace

// ---- Recovery

struct Recovery {
  std::unordered_set<blobs::BlobId, blobs::BlobIdHash> unknown;
  std::vector<blobs::BlobId> used;
  std::optional<std::string> after_key;
  Function<void(Function<void()>)> post;
};

Result<void> Partition::recover(Function<void(Function<void()>)> post,
                                Function<void(Function<void()>, Function<void()>)> blocking) {
  m_blobs->remove(TRY(m_index.to_delete()));
  auto recovery = std::make_shared<Recovery>();
  recovery->post = std::move(post);
  auto found = std::make_shared<Result<std::vector<blobs::BlobId>>>(std::vector<blobs::BlobId>());
  blocking([blobs = m_blobs, found] { *found = blobs->unfinished(); },
           [self = shared_from_this(), recovery, found] {
             // What cannot be listed now is looked for at the next start.
             if (found->is_error() || found->value().empty()) return;
             recovery->unknown.insert(found->value().begin(), found->value().end());
             self->recover_slice(recovery);
           });
  return {};
}

void Partition::recover_slice(std::shared_ptr<Recovery> recovery) {
  std::vector<blobs::BlobId> in_use;
  auto more = m_index.blobs_in_use(recovery->after_key, recovery_slice, in_use);
  if (more.is_error()) return;
  for (auto& id : in_use)
    if (recovery->unknown.erase(id) > 0) recovery->used.push_back(id);
  if (more.value() && !recovery->unknown.empty()) {
    recovery->post([self = shared_from_this(), recovery] { self->recover_slice(recovery); });
    return;
  }
  m_blobs->settle(std::move(recovery->used));
  m_blobs->remove({recovery->unknown.begin(), recovery->unknown.end()});
}

void Partition::forget_deleted() {
  // It is tried again at the next start where this fails.
  if (auto ids = m_blobs->take_removed(); !ids.empty()) m_index.deleted(ids).ignore();
}

// ---- Answers

template <typename T>
void Partition::answer(bool must_wait, T value, Callback<T> done) {
  if (!must_wait) return done(std::move(value));
  auto& ledger = m_index.ledger();
  ledger.when_durable(ledger.pending_position(),
                      [value = std::move(value), done = std::move(done)](Result<void> durable) mutable {
                        if (durable.is_error()) return done(std::move(durable.error()));
                        done(std::move(value));
                      });
}

template <typename T>
void Partition::written(std::vector<std::string> keys, std::vector<blobs::Segment> made, T value, Callback<T> done) {
  for (auto& key : keys) ++m_in_flight[key];
  ++m_writes_in_flight;
  auto& ledger = m_index.ledger();
  ledger.when_durable(
      ledger.pending_position(),
      [self = shared_from_this(), keys = std::move(keys), made = std::move(made), value = std::move(value),
       forgotten = m_index.take_forgotten(), done = std::move(done)](Result<void> durable) mutable {
        for (auto& key : keys) {
          auto writes = self->m_in_flight.find(key);
          if (--writes->second == 0) self->m_in_flight.erase(writes);
        }
        --self->m_writes_in_flight;
        if (durable.is_error()) return done(std::move(durable.error()));
        self->m_blobs->settle(blobs::ids_of(made));
        self->m_blobs->remove(std::move(forgotten));
        done(std::move(value));
      });
}

static Callback<Unit> without_value(Callback<void> done) {
  return [done = std::move(done)](Result<Unit> durable) mutable {
    if (durable.is_error()) done(std::move(durable.error()));
    else done({});
  };
}

// ---- Objects

void Partition::head(const std::string& key, Callback<std::optional<ObjectInfo>> done) {
  auto info = m_index.head(key);
  if (info.is_error()) return done(std::move(info));
  answer(is_in_flight(key), std::move(info).value(), std::move(done));
}

void Partition::get(const std::string& key, const Conditions& conditions, Callback<std::optional<Found>> done) {
  auto object = m_index.find(key);
  if (object.is_error()) return done(std::move(object.error()));
  std::optional<Found> found;
  if (object.value()) {
    found.emplace(Found{std::make_shared<StoredObject>(std::move(*object.value())), nullptr});
    auto& segments = found->object->segments;
    if (!conditions.is_empty() && !conditions_hold(conditions, found->object.get())) segments.clear();
    if (!segments.empty()) found->pin = m_blobs->pin(blobs::ids_of(segments));
  }
  answer(is_in_flight(key), std::move(found), std::move(done));
}

void Partition::put(StoredObject object, const Conditions& conditions, Callback<std::optional<ObjectInfo>> done) {
  forget_deleted();
  bool was_in_flight = is_in_flight(object.key);
  auto put = m_index.put(object, conditions);
  if (put.is_error()) return done(std::move(put.error()));
  if (!put.value()) return answer(was_in_flight, std::optional<ObjectInfo>(), std::move(done));
  std::vector<std::string> keys{object.key};
  auto segments = std::move(object.segments);
  written(std::move(keys), std::move(segments), std::optional<ObjectInfo>(std::move(object)), std::move(done));
}

void Partition::remove(const std::vector<std::string>& keys, Callback<void> done) {
  forget_deleted();
  auto removed = m_index.remove(keys);
  if (removed.is_error()) return done(std::move(removed));
  written(keys, {}, Unit{}, without_value(std::move(done)));
}

void Partition::set_storage_class(const std::vector<ObjectVersion>& objects, StorageClass storage_class,
                                  Callback<void> done) {
  auto set = m_index.set_storage_class(objects, storage_class);
  if (set.is_error()) return done(std::move(set));
  std::vector<std::string> keys;
  for (auto& object : objects) keys.push_back(object.key);
  written(std::move(keys), {}, Unit{}, without_value(std::move(done)));
}

void Partition::list(const ListRequest& request, Callback<ListPage> done) {
  auto page = m_index.list(request);
  if (page.is_error()) return done(std::move(page));
  answer(m_writes_in_flight > 0, std::move(page).value(), std::move(done));
}

// ---- Uploads

void Partition::create_upload(std::string key, ObjectOptions options, Callback<UploadInfo> done) {
  forget_deleted();
  auto upload = m_index.create_upload(std::move(key), std::move(options));
  if (upload.is_error()) return done(std::move(upload.error()));
  written({}, {}, std::move(upload.value().info), std::move(done));
}

void Partition::find_upload(const std::string& key, const std::string& upload_id, Callback<StoredUpload> done) {
  auto upload = m_index.find_upload(key, upload_id);
  if (upload.is_error()) return done(std::move(upload.error()));
  if (!upload.value()) return done(failure(Code::no_such_upload));
  done(std::move(*upload.value()));
}

void Partition::put_part(const std::string& key, const std::string& upload_id, StoredPart part,
                         Callback<PartInfo> done) {
  forget_deleted();
  auto put = m_index.put_part(key, upload_id, part);
  if (put.is_error()) return done(std::move(put.error()));
  std::vector<blobs::Segment> made;
  if (part.segment) made.push_back(*part.segment);
  written({}, std::move(made), std::move(part.info), std::move(done));
}

void Partition::complete_upload(const std::string& key, const std::string& upload_id, const Completion& completion,
                                Callback<ObjectInfo> done) {
  forget_deleted();
  auto object = m_index.complete_upload(key, upload_id, completion);
  if (object.is_error()) return done(std::move(object.error()));
  // Its blobs were settled as parts.
  written<ObjectInfo>({key}, {}, std::move(object).value(), std::move(done));
}

void Partition::abort_upload(const std::string& key, const std::string& upload_id, Callback<bool> done) {
  auto aborted = m_index.abort_upload(key, upload_id);
  if (aborted.is_error()) return done(std::move(aborted));
  written({}, {}, aborted.value(), std::move(done));
}

void Partition::sweep() {
  forget_deleted();
  auto swept = m_index.sweep_uploads(uploads_swept_at_once);
  if (swept.is_error() || swept.value() == 0) return;
  bool is_all = swept.value() < uploads_swept_at_once;
  written({}, {}, Unit{}, Callback<Unit>([self = shared_from_this(), is_all](Result<Unit> durable) {
            if (durable.is_ok() && !is_all) self->sweep();
          }));
}

void Partition::list_uploads(const ListUploadsRequest& request, Callback<UploadPage> done) {
  auto page = m_index.list_uploads(request);
  if (page.is_error()) return done(std::move(page));
  answer(m_writes_in_flight > 0, std::move(page).value(), std::move(done));
}

void Partition::list_parts(const std::string& key, const std::string& upload_id, uint32_t after, size_t limit,
                           Callback<PartPage> done) {
  auto page = m_index.list_parts(key, upload_id, after, limit);
  if (page.is_error()) return done(std::move(page));
  answer(m_writes_in_flight > 0, std::move(page).value(), std::move(done));
}

}  // namespace adit::bindings::r2
