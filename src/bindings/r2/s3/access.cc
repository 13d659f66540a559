#include "bindings/r2/s3/access.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bindings/r2/index.h"

namespace adit::bindings::r2::s3 {
namespace {

using Json = nlohmann::json;

Result<AccessKey> read_key(const Json& entry) {
  auto text = [&](const char* name) {
    auto found = entry.find(name);
    return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  AccessKey key{text("accessKeyId"), text("secretAccessKey"), false, std::nullopt};
  if (key.id.empty() || key.secret.empty())
    return Error::failed("an S3 access key needs accessKeyId and secretAccessKey");
  auto permission = text("permission");
  if (permission != "read" && permission != "read-write")
    return Error::failed("the permission of S3 access key " + key.id + " is neither \"read\" nor \"read-write\"");
  key.may_write = permission == "read-write";
  auto buckets = entry.find("buckets");
  if (buckets == entry.end()) return key;
  if (!buckets->is_array()) return Error::failed("the buckets of S3 access key " + key.id + " are no list");
  key.buckets.emplace();
  for (const auto& bucket : *buckets) {
    if (!bucket.is_string()) return Error::failed("the buckets of S3 access key " + key.id + " are no list of names");
    key.buckets->push_back(bucket.get<std::string>());
  }
  return key;
}

std::string random_hex(Random& random, size_t octets) {
  Bytes bytes(octets);
  random.fill(bytes);
  return hex_of(bytes);
}

Result<void> write_private_file(const std::filesystem::path& file, const std::string& text) {
  std::error_code code;
  std::filesystem::create_directories(file.parent_path(), code);
  int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error::from_errno(file.string(), errno);
  auto written = ::write(descriptor, text.data(), text.size());
  auto failed = written == static_cast<ssize_t>(text.size()) ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) return Error::from_errno(file.string(), failed);
  return {};
}

}  // namespace

bool AccessKey::sees(std::string_view bucket) const {
  return !buckets || std::find(buckets->begin(), buckets->end(), bucket) != buckets->end();
}

Result<AccessKeys> AccessKeys::parse(std::string_view json) {
  auto document = Json::parse(json, nullptr, false);
  if (!document.is_array()) return Error::failed("S3 access keys are a JSON list of objects");
  AccessKeys keys;
  for (const auto& entry : document) {
    auto key = TRY(read_key(entry));
    if (keys.find(key.id)) return Error::failed("there are two S3 access keys " + key.id);
    keys.m_keys.push_back(std::move(key));
  }
  return keys;
}

Result<AccessKeys> AccessKeys::load(const std::filesystem::path& file, Random& random) {
  std::error_code code;
  if (!std::filesystem::exists(file, code)) {
    Json entry{{"accessKeyId", random_hex(random, 16)},
               {"secretAccessKey", random_hex(random, 32)},
               {"permission", "read-write"}};
    TRY(write_private_file(file, Json::array({entry}).dump(2) + "\n"));
  }
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) return Error::io("cannot read " + file.string());
  auto keys = parse(text.str());
  if (keys.is_error()) return std::move(keys.error()).because(file.string());
  return keys;
}

const AccessKey* AccessKeys::find(std::string_view id) const {
  for (const auto& key : m_keys)
    if (key.id == id) return &key;
  return nullptr;
}

}  // namespace adit::bindings::r2::s3
