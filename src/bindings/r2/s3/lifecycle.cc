#include "bindings/r2/s3/lifecycle.h"

#include <algorithm>

#include "bindings/r2/s3/call.h"

namespace adit::bindings::r2::s3 {

// One pass over all buckets with rules. Ends when its last callback lets go of it.
struct Sweep final : std::enable_shared_from_this<Sweep> {
  std::shared_ptr<Context> context;
  int64_t day_ms = 0;
  std::vector<std::string> buckets;
  std::shared_ptr<Bucket> bucket;
  std::vector<LifecycleRule> rules;
  size_t removed = 0;
  size_t moved = 0;

  int64_t now() { return context->shard.clock().unix_ms(); }

  void next_bucket() {
    if (context->closed) return;
    if (removed > 0)
      context->shard.logger().info("Lifecycle rules: {} objects and uploads of {} removed", removed, bucket->name());
    if (moved > 0)
      context->shard.logger().info("Lifecycle rules: {} objects of {} moved to infrequent access", moved,
                                   bucket->name());
    removed = moved = 0;
    if (buckets.empty()) return;
    auto name = std::move(buckets.back());
    buckets.pop_back();
    const auto* record = context->directory->find(name);
    rules.clear();
    if (record)
      std::copy_if(record->lifecycle.begin(), record->lifecycle.end(), std::back_inserter(rules),
                   [](const auto& rule) { return rule.enabled; });
    if (rules.empty()) return next_bucket();
    bucket = context->service.open(name);
    objects_after("");
  }

  void failed(const Error& error) {
    context->shard.logger().warn("Lifecycle rules of {}: {}", bucket->name(), error.full_message());
    next_bucket();
  }

  void objects_after(const std::string& cursor) {
    ListRequest list;
    list.cursor = cursor;
    bucket->list(std::move(list), [self = shared_from_this()](Result<ListPage> page) {
      if (self->context->closed) return;
      if (page.is_error()) return self->failed(page.error());
      self->remove_expired(std::move(page).value());
    });
  }

  void remove_expired(ListPage page) {
    std::vector<std::string> keys;
    std::vector<ObjectVersion> moving;
    for (auto& object : page.objects) {
      auto any = [&](auto is_due) {
        return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) {
          return is_due(rule, object.key, object.uploaded_ms, now(), day_ms);
        });
      };
      if (any(is_expired)) keys.push_back(object.key);
      else if (object.storage_class == StorageClass::standard && any(is_to_move))
        moving.push_back({object.key, object.version});
    }
    removed += keys.size();
    moved += moving.size();
    auto go_on = [self = shared_from_this(), cursor = std::move(page.cursor)](Result<void> done) {
      if (self->context->closed) return;
      if (done.is_error()) return self->failed(done.error());
      // From the loop, so that a bucket of a million objects is no recursion of a thousand calls.
      self->context->shard.loop().post([self, cursor] {
        if (self->context->closed) return;
        if (cursor.empty()) self->uploads_after({}, {});
        else self->objects_after(cursor);
      });
    };
    auto remove = [self = shared_from_this(), keys = std::move(keys),
                   go_on = std::move(go_on)](Result<void> set) mutable {
      if (self->context->closed) return;
      if (set.is_error()) return self->failed(set.error());
      if (keys.empty()) return go_on({});
      self->bucket->remove(std::move(keys), std::move(go_on));
    };
    if (moving.empty()) return remove({});
    bucket->set_storage_class(std::move(moving), StorageClass::infrequent_access, std::move(remove));
  }

  void uploads_after(std::string key, std::string upload_id) {
    ListUploadsRequest list;
    list.after_key = std::move(key);
    list.after_upload_id = std::move(upload_id);
    bucket->list_uploads(std::move(list), [self = shared_from_this()](Result<UploadPage> page) {
      if (self->context->closed) return;
      if (page.is_error()) return self->failed(page.error());
      self->abort_abandoned(std::make_shared<UploadPage>(std::move(page).value()), 0);
    });
  }

  void abort_abandoned(std::shared_ptr<UploadPage> page, size_t index) {
    auto is_due = [&](const UploadInfo& upload) {
      return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) {
        return is_abandoned(rule, upload.key, upload.created_ms, now(), day_ms);
      });
    };
    while (index < page->uploads.size() && !is_due(page->uploads[index])) ++index;
    if (index < page->uploads.size()) {
      ++removed;
      const auto& upload = page->uploads[index];
      return bucket->abort_upload(
          upload.key, upload.upload_id, [self = shared_from_this(), page, index](Result<bool> done) {
            if (self->context->closed) return;
            if (done.is_error()) return self->failed(done.error());
            self->context->shard.loop().post([self, page, index] { self->abort_abandoned(page, index + 1); });
          });
    }
    if (!page->is_truncated || page->uploads.empty()) return next_bucket();
    uploads_after(page->uploads.back().key, page->uploads.back().upload_id);
  }
};

bool is_expired(const LifecycleRule& rule, const std::string& key, int64_t stored_ms, int64_t now_ms, int64_t day_ms) {
  if (!rule.enabled || !key.starts_with(rule.prefix)) return false;
  if (rule.expire_days) return now_ms - stored_ms >= *rule.expire_days * day_ms;
  return rule.expire_at_ms && now_ms >= *rule.expire_at_ms;
}

bool is_to_move(const LifecycleRule& rule, const std::string& key, int64_t stored_ms, int64_t now_ms, int64_t day_ms) {
  if (!rule.enabled || !key.starts_with(rule.prefix)) return false;
  if (rule.transition_days) return now_ms - stored_ms >= *rule.transition_days * day_ms;
  return rule.transition_at_ms && now_ms >= *rule.transition_at_ms;
}

bool is_abandoned(const LifecycleRule& rule, const std::string& key, int64_t begun_ms, int64_t now_ms, int64_t day_ms) {
  return rule.enabled && rule.abort_upload_days && key.starts_with(rule.prefix) &&
         now_ms - begun_ms >= *rule.abort_upload_days * day_ms;
}

Lifecycle::Lifecycle(std::shared_ptr<Context> context, uint64_t interval_ms, int64_t day_ms)
    : m_context(std::move(context)), m_interval_ms(interval_ms), m_day_ms(day_ms) {
  arm();
}

void Lifecycle::arm() {
  m_timer = m_context->shard.loop().after(m_interval_ms, [this] {
    // A sweep that still runs is enough.
    if (!m_sweep || m_sweep.use_count() == 1) {
      m_sweep = std::make_shared<Sweep>();
      m_sweep->context = m_context;
      m_sweep->day_ms = m_day_ms;
      for (const auto& [name, record] : m_context->directory->all())
        if (!record.lifecycle.empty()) m_sweep->buckets.push_back(name);
      m_sweep->next_bucket();
    }
    arm();
  });
}

}  // namespace adit::bindings::r2::s3
