// Bucket: an R2 bucket as code on any shard uses it (the binding's ops, the S3 API). Every call answers later, or at once where it can, on
// the caller's shard and exactly once. Errors say R2's message and code (code_of()).
// Owner: the caller's shard; made by Service::open(). Invariant: an object is seen whole or not at all, old or new; what is acknowledged is
// durable; a body that was begun to be read can be read to its end, whatever happens to the object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/blobs/sealing.h"
#include "bindings/blobs/upload.h"
#include "bindings/r2/object.h"
#include "net/byte_source.h"

namespace adit::bindings::r2 {

template <typename T>
using Callback = Function<void(Result<T>)>;

using SsecKey = blobs::SealingKey;
// A source must know its length (remaining_bytes), as R2 wants it; what it delivers must be that long.
using Body = blobs::UploadBody;

struct GetRequest {
  std::string key;
  Conditions conditions;
  RangeRequest range;
  std::optional<SsecKey> ssec_key;
  std::optional<uint32_t>
      part_number;  // instead of a range: this part, from 1 on; an object that was put at once has one
};

struct GetResult {
  ObjectInfo info;
  ResolvedRange range;
  std::shared_ptr<net::ByteSource> body;  // null: the conditions do not hold
};

struct ObjectOptions {
  std::string http_metadata;    // JSON, as ObjectInfo's
  std::string custom_metadata;  // JSON
  StorageClass storage_class = StorageClass::standard;
  std::optional<SsecKey> ssec_key;
  std::string checksum_name;  // of an upload: the TransferChecksum that its parts have
};

// What the client said of a body, once the body was read to its end.
using ChecksumOfBody = Function<TransferChecksum()>;

struct PutRequest {
  std::string key;
  ObjectOptions options;
  Conditions conditions;
  Checksums expected;  // those that are given are computed, checked and kept; MD5 always is computed and kept
  ChecksumOfBody transfer_checksum;  // null: none
};

struct ObjectVersion {
  std::string key;
  std::string version;
};

struct ListRequest {
  std::string prefix;
  std::string delimiter;
  std::string start_after;
  std::string cursor;  // what ListPage::cursor of the page before said; wins over start_after
  size_t limit = max_list_keys;
  bool with_http_metadata = false;
  bool with_custom_metadata = false;
};

struct ListPage {
  std::vector<ObjectInfo> objects;
  std::vector<std::string> prefixes;  // ends with the delimiter
  std::string cursor;  // empty: this was the last page. Octets, not text: the last key or prefix of the page
  bool is_truncated() const { return !cursor.empty(); }
};

struct UploadInfo {
  std::string key;
  std::string upload_id;
  int64_t created_ms = 0;
  StorageClass storage_class = StorageClass::standard;
  std::string checksum_name;  // of the parts' TransferChecksum; empty: none was agreed on
};

struct PartInfo {
  uint32_t number = 0;
  std::string etag;  // hex MD5
  uint64_t size_bytes = 0;
  int64_t uploaded_ms = 0;
  TransferChecksum checksum;
};

struct PartName {
  uint32_t number = 0;
  std::string etag;
  TransferChecksum checksum;  // when given, the part must have it
};

struct Completion {
  std::vector<PartName> parts;  // in the object's order; none may be named twice
  // What the object must turn out to have, when given.
  std::optional<uint64_t> size_bytes;
  TransferChecksum checksum;
};

struct ListUploadsRequest {
  std::string prefix;
  std::string delimiter;
  std::string after_key;        // after all uploads of this key (or common prefix)...
  std::string after_upload_id;  // ...or, when given, after this one of it
  size_t limit = 1000;
};

struct UploadPage {
  std::vector<UploadInfo> uploads;
  std::vector<std::string> prefixes;  // ends with the delimiter
  bool is_truncated = false;
  // Of the last upload or prefix here, for the next page.
  std::string last_key;
  std::string last_upload_id;
};

struct PartPage {
  UploadInfo upload;
  std::vector<PartInfo> parts;
  bool is_truncated = false;
};

class Bucket {
 public:
  virtual ~Bucket() = default;
  virtual const std::string& name() const = 0;

  virtual void head(std::string key, Callback<std::optional<ObjectInfo>> done) = 0;
  // Nullopt: no such object.
  virtual void get(GetRequest request, Callback<std::optional<GetResult>> done) = 0;
  // Nullopt: the conditions do not hold, and nothing changed.
  virtual void put(PutRequest request, Body body, Callback<std::optional<ObjectInfo>> done) = 0;
  // At most max_delete_keys. Those that do not exist count as deleted.
  virtual void remove(std::vector<std::string> keys, Callback<void> done) = 0;
  virtual void list(ListRequest request, Callback<ListPage> done) = 0;
  // Of those that still have these versions.
  virtual void set_storage_class(std::vector<ObjectVersion> objects, StorageClass storage_class,
                                 Callback<void> done) = 0;

  virtual void create_upload(std::string key, ObjectOptions options, Callback<UploadInfo> done) = 0;
  virtual void upload_part(std::string key, std::string upload_id, uint32_t number, Body body,
                           std::optional<SsecKey> ssec_key, ChecksumOfBody checksum, Callback<PartInfo> done) = 0;
  virtual void complete_upload(std::string key, std::string upload_id, Completion completion,
                               Callback<ObjectInfo> done) = 0;
  // False: there is no such upload (any more).
  virtual void abort_upload(std::string key, std::string upload_id, Callback<bool> done) = 0;
  // In order of key and upload id.
  virtual void list_uploads(ListUploadsRequest request, Callback<UploadPage> done) = 0;
  virtual void list_parts(std::string key, std::string upload_id, uint32_t after, size_t limit,
                          Callback<PartPage> done) = 0;
};

}  // namespace adit::bindings::r2
