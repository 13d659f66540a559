#include "bindings/r2/service.h"

#include "bindings/blobs/blob_source.h"
#include "bindings/r2/checksum.h"
#include "bindings/shard_services.h"
#include "bindings/state.h"
#include "web/digest.h"

namespace adit::bindings::r2 {
namespace {

constexpr uint64_t ms_between_sweeps = 3'600'000;

// FNV-1a: the same in every process, since it decides where a bucket lives.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char octet : text) hash = (hash ^ octet) * 0x100000001b3;
  return hash;
}

Result<void> check_key(std::string_view key) {
  if (key.size() > max_key_bytes) return failure(Code::invalid_object_name);
  return {};
}

Result<void> check_options(const ObjectOptions& options) {
  if (options.custom_metadata.size() <= max_custom_metadata_bytes) return {};
  size_t size = 0;
  for (auto& [name, value] : custom_metadata_of(options.custom_metadata)) size += name.size() + value.size();
  if (size > max_custom_metadata_bytes) return failure(Code::metadata_too_large);
  return {};
}

Result<std::string> key_md5(const std::optional<SsecKey>& key) {
  if (!key) return std::string();
  return hex_of(TRY(web::digest("MD5", *key)));
}

Result<void> check_ssec_key(const std::string& stored_md5, const std::optional<SsecKey>& key) {
  if (stored_md5.empty()) return {};
  if (!key) return failure(Code::ssec_key_required);
  if (TRY(key_md5(key)) != stored_md5) return failure(Code::ssec_key_mismatch);
  return {};
}

blobs::UploadOptions upload_options(const Checksums& expected, const std::optional<SsecKey>& key) {
  blobs::UploadOptions options;
  for (size_t kind = 1; kind < hash_kinds; ++kind)
    if (!expected.values[kind].empty()) options.digests.emplace_back(hash_name(static_cast<HashKind>(kind)));
  options.max_bytes = max_put_bytes;
  options.key = key;
  return options;
}

// The digests as they were asked for by upload_options().
Result<Checksums> checked(const Checksums& expected, const std::vector<Bytes>& digests) {
  Checksums actual;
  size_t next = 0;
  for (size_t i = 0; i < hash_kinds; ++i) {
    auto kind = static_cast<HashKind>(i);
    if (kind != HashKind::md5 && expected[kind].empty()) continue;
    actual[kind] = text_of(digests[next++]);
    if (expected[kind].empty() || expected[kind] == actual[kind]) continue;
    std::string name = hash_name(kind);
    return failure(Code::bad_digest, "The " + name +
                                         " checksum you specified did not match what we received.\nYou provided a " +
                                         name + " checksum with value: " + hex_of(bytes_of(expected[kind])) +
                                         "\nActual " + name + " was: " + hex_of(bytes_of(actual[kind])));
  }
  return actual;
}

Error upload_error(Error error) {
  return error.kind() == ErrorKind::limit && error.message() == blobs::value_is_too_long
             ? failure(Code::entity_too_large)
             : std::move(error);
}

// The parts of an upload are the object's segments; only the last can be empty, and then has none.
std::optional<ResolvedRange> range_of_part(const StoredObject& object, uint32_t number) {
  if (number < 1 || number > std::max(object.part_count, 1u)) return std::nullopt;
  if (object.part_count == 0) return ResolvedRange{0, object.size_bytes};
  ResolvedRange range;
  for (uint32_t i = 0; i < number; ++i) {
    range.offset_bytes += range.length_bytes;
    range.length_bytes = i < object.segments.size() ? object.segments[i].size_bytes : 0;
  }
  return range;
}

// A digest that the client sent is also one of the object's.
void keep_transfer_checksum(StoredObject& object, TransferChecksum checksum) {
  if (checksum.name.empty()) return;
  auto octets = bytes_of_base64(checksum.value);
  if (octets && checksum.name == "sha1") object.checksums[HashKind::sha1] = text_of(*octets);
  if (octets && checksum.name == "sha256") object.checksums[HashKind::sha256] = text_of(*octets);
  object.transfer_checksum = std::move(checksum);
}

std::vector<blobs::BlobId> blobs_of(const blobs::UploadedValue& value) {
  if (auto* segment = std::get_if<blobs::Segment>(&value.content)) return {segment->id};
  return {};
}

Result<Bytes> inline_content(StoredObject& object, const ResolvedRange& range, const std::optional<SsecKey>& key) {
  Bytes plain;
  if (object.ssec_key_md5.empty() || object.content.empty()) plain = copy_bytes(object.content);
  else plain = TRY(blobs::unseal_chunk(*key, object.content_nonce, 0, true, bytes_of(object.content)));
  if (range.length_bytes == plain.size()) return plain;
  auto begin = plain.begin() + static_cast<ptrdiff_t>(range.offset_bytes);
  return Bytes(begin, begin + static_cast<ptrdiff_t>(range.length_bytes));
}

}  // namespace

Service& Service::of(worker::Shard& shard) { return ShardServices::of(shard).r2(); }

Result<std::shared_ptr<Partition>> Service::opened(const std::string& name,
                                                   Result<std::shared_ptr<ledger::Ledger>> ledger) {
  auto open = TRY(std::move(ledger));
  auto blobs = TRY(m_state.blobs("r2", name));
  auto& place = m_partitions[name];
  if (place && !place->is_broken()) return place;
  auto made = std::make_shared<Partition>(std::move(open), std::move(blobs), m_shard.clock(), m_shard.random());
  TRY(made->recover(
      [&loop = m_shard.loop()](auto task) { loop.post(std::move(task)); },
      [&loop = m_shard.loop()](auto work, auto done) { loop.run_blocking(std::move(work), std::move(done)); }));
  if (m_partitions.size() == 1) sweep_later();
  place = made;
  made->sweep();
  return made;
}

// Uploads that nobody completes end all the same.
void Service::sweep_later() {
  m_sweep_timer = m_shard.loop().after(ms_between_sweeps, [this] {
    for (auto& [name, partition] : m_partitions)
      if (!partition->is_broken()) partition->sweep();
    sweep_later();
  });
}

void Service::with_partition(const std::string& name, PartitionCallback done) {
  if (m_closed) return done(Error(ErrorKind::invalid_state, "the server is stopping"));
  if (auto found = m_partitions.find(name); found != m_partitions.end() && !found->second->is_broken())
    return done(found->second);
  auto store = m_state.store();
  if (store.is_error()) return done(std::move(store.error()));
  auto ledger = ledger::LedgerId::create("r2", name);
  if (ledger.is_error()) return done(std::move(ledger.error()).because("R2 bucket " + name));
  store.value()->open(ledger.value(),
                      [this, name, done = std::move(done)](Result<std::shared_ptr<ledger::Ledger>> open) mutable {
                        done(opened(name, std::move(open)));
                      });
}

void Service::answered(uint64_t call, void* result) {
  auto waiting = m_waiting.extract(call);
  VERIFY(!waiting.empty());
  waiting.mapped()(result);
}

template <typename T, typename Work>
void Service::ask(const std::string& name, size_t owner, Work work, Callback<T> done) {
  auto run = [work = std::move(work)](Service& service, const std::string& bucket, Callback<T> reply) mutable {
    service.with_partition(bucket, [work = std::move(work),
                                    reply = std::move(reply)](Result<std::shared_ptr<Partition>> partition) mutable {
      if (partition.is_error()) return reply(std::move(partition.error()));
      work(*partition.value(), std::move(reply));
    });
  };
  if (owner == m_shard.index()) return run(*this, name, std::move(done));
  auto call = ++m_calls;
  m_waiting.emplace(
      call, [done = std::move(done)](void* result) mutable { done(std::move(*static_cast<Result<T>*>(result))); });
  m_shard.post_to(owner, [run = std::move(run), name, home = m_shard.index(), call](worker::Shard& there) mutable {
    auto reply = [&there, home, call](Result<T> result) {
      there.post_to(home, [call, result = std::move(result)](worker::Shard& shard) mutable {
        of(shard).answered(call, &result);
      });
    };
    run(of(there), name, std::move(reply));
  });
}

void Service::close() {
  m_closed = true;
  m_sweep_timer = {};
  m_partitions.clear();
}

// ---- Bucket

class ServiceBucket final : public Bucket, public std::enable_shared_from_this<ServiceBucket> {
 public:
  ServiceBucket(Service& service, std::string name, size_t owner)
      : m_service(service), m_name(std::move(name)), m_owner(owner) {}

  const std::string& name() const override { return m_name; }

  void head(std::string key, Callback<std::optional<ObjectInfo>> done) override {
    if (auto good = check_key(key); good.is_error()) return done(std::move(good.error()));
    ask<std::optional<ObjectInfo>>(
        [key = std::move(key)](Partition& partition, auto reply) { partition.head(key, std::move(reply)); },
        std::move(done));
  }

  void get(GetRequest request, Callback<std::optional<GetResult>> done) override {
    if (auto good = check_key(request.key); good.is_error()) return done(std::move(good.error()));
    auto found = [self = shared_from_this(), conditions = request.conditions, range = request.range,
                  part = request.part_number, key = request.ssec_key,
                  done = std::move(done)](Result<std::optional<Found>> result) mutable {
      if (result.is_error()) return done(std::move(result.error()));
      if (!result.value()) return done(std::optional<GetResult>());
      done(self->result_of(std::move(*result.value()), conditions, range, part, key));
    };
    ask<std::optional<Found>>(
        [key = std::move(request.key), conditions = std::move(request.conditions)](Partition& partition, auto reply) {
          partition.get(key, conditions, std::move(reply));
        },
        std::move(found));
  }

  void put(PutRequest request, Body body, Callback<std::optional<ObjectInfo>> done) override {
    auto good = check_key(request.key);
    if (good.is_ok()) good = check_options(request.options);
    if (good.is_error()) {
      drop(body, good.error());
      return done(std::move(good.error()));
    }
    auto options = upload_options(request.expected, request.options.ssec_key);
    take_in(std::move(body), std::move(options),
            [self = shared_from_this(), request = std::move(request),
             done = std::move(done)](Result<blobs::UploadedValue> value) mutable {
              if (value.is_error()) return done(upload_error(std::move(value.error())));
              self->commit(std::move(request), std::move(value).value(), std::move(done));
            });
  }

  void remove(std::vector<std::string> keys, Callback<void> done) override {
    for (auto& key : keys)
      if (auto good = check_key(key); good.is_error()) return done(std::move(good));
    if (keys.empty()) return done({});
    ask<void>([keys = std::move(keys)](Partition& partition, auto reply) { partition.remove(keys, std::move(reply)); },
              std::move(done));
  }

  void list(ListRequest request, Callback<ListPage> done) override {
    if (request.limit < 1 || request.limit > max_list_keys) return done(failure(Code::invalid_max_keys));
    ask<ListPage>(
        [request = std::move(request)](Partition& partition, auto reply) { partition.list(request, std::move(reply)); },
        std::move(done));
  }

  void set_storage_class(std::vector<ObjectVersion> objects, StorageClass storage_class, Callback<void> done) override {
    ask<void>(
        [objects = std::move(objects), storage_class](Partition& partition, auto reply) {
          partition.set_storage_class(objects, storage_class, std::move(reply));
        },
        std::move(done));
  }

  void create_upload(std::string key, ObjectOptions options, Callback<UploadInfo> done) override {
    auto good = check_key(key);
    if (good.is_ok()) good = check_options(options);
    if (good.is_error()) return done(std::move(good.error()));
    ask<UploadInfo>(
        [key = std::move(key), options = std::move(options)](Partition& partition, auto reply) mutable {
          partition.create_upload(std::move(key), std::move(options), std::move(reply));
        },
        std::move(done));
  }

  void upload_part(std::string key, std::string upload_id, uint32_t number, Body body, std::optional<SsecKey> ssec_key,
                   ChecksumOfBody checksum, Callback<PartInfo> done) override {
    if (auto good = check_key(key); good.is_error()) {
      drop(body, good.error());
      return done(std::move(good.error()));
    }
    auto found = [self = shared_from_this(), key, upload_id, number, ssec_key, body = std::move(body),
                  checksum = std::move(checksum), done = std::move(done)](Result<StoredUpload> upload) mutable {
      auto good = upload.is_error() ? Result<void>(std::move(upload.error()))
                                    : check_ssec_key(upload.value().ssec_key_md5, ssec_key);
      if (good.is_error()) {
        drop(body, good.error());
        return done(std::move(good.error()));
      }
      if (upload.value().ssec_key_md5.empty()) ssec_key.reset();
      self->take_in_part(std::move(key), std::move(upload_id), number, std::move(body), ssec_key, std::move(checksum),
                         std::move(done));
    };
    ask<StoredUpload>(
        [key = std::move(key), upload_id = std::move(upload_id)](Partition& partition, auto reply) {
          partition.find_upload(key, upload_id, std::move(reply));
        },
        std::move(found));
  }

  void complete_upload(std::string key, std::string upload_id, Completion completion,
                       Callback<ObjectInfo> done) override {
    if (auto good = check_key(key); good.is_error()) return done(std::move(good.error()));
    ask<ObjectInfo>([key = std::move(key), upload_id = std::move(upload_id), completion = std::move(completion)](
                        Partition& partition,
                        auto reply) { partition.complete_upload(key, upload_id, completion, std::move(reply)); },
                    std::move(done));
  }

  void abort_upload(std::string key, std::string upload_id, Callback<bool> done) override {
    if (auto good = check_key(key); good.is_error()) return done(std::move(good.error()));
    ask<bool>([key = std::move(key), upload_id = std::move(upload_id)](
                  Partition& partition, auto reply) { partition.abort_upload(key, upload_id, std::move(reply)); },
              std::move(done));
  }

  void list_uploads(ListUploadsRequest request, Callback<UploadPage> done) override {
    ask<UploadPage>([request = std::move(request)](Partition& partition,
                                                   auto reply) { partition.list_uploads(request, std::move(reply)); },
                    std::move(done));
  }

  void list_parts(std::string key, std::string upload_id, uint32_t after, size_t limit,
                  Callback<PartPage> done) override {
    ask<PartPage>(
        [key = std::move(key), upload_id = std::move(upload_id), after, limit](Partition& partition, auto reply) {
          partition.list_parts(key, upload_id, after, limit, std::move(reply));
        },
        std::move(done));
  }

 private:
  template <typename T, typename Work>
  void ask(Work work, Callback<T> done) {
    m_service.ask<T>(m_name, m_owner, std::move(work), std::move(done));
  }
  net::Loop& loop() { return m_service.m_shard.loop(); }
  Result<std::shared_ptr<blobs::BlobStore>> blobs() { return m_service.m_state.blobs("r2", m_name); }
  static void drop(Body& body, const Error& error) {
    if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body)) (*source)->cancel(error);
  }

  Result<std::optional<GetResult>> result_of(Found found, const Conditions& conditions, const RangeRequest& request,
                                             std::optional<uint32_t> part, const std::optional<SsecKey>& key) {
    auto& object = *found.object;
    std::optional<GetResult> result(std::in_place);
    result->range = {0, object.size_bytes};
    if (conditions.is_empty() || conditions_hold(conditions, &object)) {
      TRY(check_ssec_key(object.ssec_key_md5, key));
      auto range = part ? range_of_part(object, *part) : resolve_range(request, object.size_bytes);
      if (!range) return failure(Code::invalid_range);
      result->range = *range;
      if (object.is_inline()) {
        result->body = std::make_shared<net::MemorySource>(TRY(inline_content(object, *range, key)));
      } else {
        auto sealing = object.ssec_key_md5.empty() ? std::nullopt : key;
        result->body = blobs::read_segments(loop(), TRY(blobs()), std::move(object.segments), std::move(found.pin),
                                            {range->offset_bytes, range->length_bytes}, sealing);
      }
    }
    result->info = std::move(static_cast<ObjectInfo&>(object));
    return result;
  }

  void take_in(Body body, blobs::UploadOptions options, Callback<blobs::UploadedValue> done) {
    auto store = blobs();
    if (store.is_error()) {
      drop(body, store.error());
      return done(std::move(store.error()));
    }
    blobs::upload(loop(), std::move(store).value(), m_service.m_shard.random(), std::move(body), std::move(options),
                  std::move(done));
  }

  // Where the blobs were written but nothing names them.
  void discard(std::vector<blobs::BlobId> ids) {
    if (auto store = blobs(); store.is_ok() && !ids.empty()) store.value()->remove(std::move(ids));
  }

  void commit(PutRequest request, blobs::UploadedValue value, Callback<std::optional<ObjectInfo>> done) {
    auto made = blobs_of(value);
    auto object = object_of(request, std::move(value));
    if (object.is_error()) {
      discard(std::move(made));
      return done(std::move(object.error()));
    }
    auto finish = [self = shared_from_this(), made = std::move(made),
                   done = std::move(done)](Result<std::optional<ObjectInfo>> put) mutable {
      // After an error the index may name them all the same: the next start knows.
      if (put.is_ok() && !put.value()) self->discard(std::move(made));
      done(std::move(put));
    };
    ask<std::optional<ObjectInfo>>(
        [object = std::move(object).value(), conditions = std::move(request.conditions)](Partition& partition,
                                                                                         auto reply) mutable {
          partition.put(std::move(object), conditions, std::move(reply));
        },
        std::move(finish));
  }

  static Result<StoredObject> object_of(PutRequest& request, blobs::UploadedValue value) {
    StoredObject object;
    object.checksums = TRY(checked(request.expected, value.digests));
    object.key = std::move(request.key);
    object.etag = hex_of(bytes_of(object.checksums[HashKind::md5]));
    object.size_bytes = value.size_bytes;
    object.http_metadata = std::move(request.options.http_metadata);
    object.custom_metadata = std::move(request.options.custom_metadata);
    object.storage_class = request.options.storage_class;
    object.ssec_key_md5 = TRY(key_md5(request.options.ssec_key));
    if (request.transfer_checksum) keep_transfer_checksum(object, request.transfer_checksum());
    if (auto* segment = std::get_if<blobs::Segment>(&value.content)) object.segments.push_back(*segment);
    else object.content = std::move(std::get<std::string>(value.content));
    object.content_nonce = value.nonce;
    return object;
  }

  void take_in_part(std::string key, std::string upload_id, uint32_t number, Body body,
                    const std::optional<SsecKey>& ssec_key, ChecksumOfBody checksum, Callback<PartInfo> done) {
    auto options = upload_options({}, ssec_key);
    options.small_bytes = 0;
    take_in(
        std::move(body), std::move(options),
        [self = shared_from_this(), key = std::move(key), upload_id = std::move(upload_id), number,
         checksum = std::move(checksum), done = std::move(done)](Result<blobs::UploadedValue> value) mutable {
          if (value.is_error()) return done(upload_error(std::move(value.error())));
          StoredPart part{{number, hex_of(value.value().digests[0]), value.value().size_bytes, 0, {}}, std::nullopt};
          if (checksum) part.info.checksum = checksum();
          if (auto* segment = std::get_if<blobs::Segment>(&value.value().content)) part.segment = *segment;
          auto finish = [self, made = blobs_of(value.value()), done = std::move(done)](Result<PartInfo> put) mutable {
            if (put.is_error() && code_of(put.error()) == Code::no_such_upload) self->discard(std::move(made));
            done(std::move(put));
          };
          self->ask<PartInfo>(
              [key = std::move(key), upload_id = std::move(upload_id), part = std::move(part)](Partition& partition,
                                                                                               auto reply) mutable {
                partition.put_part(key, upload_id, std::move(part), std::move(reply));
              },
              std::move(finish));
        });
  }

  Service& m_service;
  std::string m_name;
  size_t m_owner;
};

std::shared_ptr<Bucket> Service::open(std::string name) {
  auto owner = hash_of(name) % m_shard.group().shard_count();
  return std::make_shared<ServiceBucket>(*this, std::move(name), owner);
}

}  // namespace adit::bindings::r2
