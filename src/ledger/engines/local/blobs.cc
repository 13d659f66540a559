#include "ledger/engines/local/blobs.h"

#include <fmt/format.h>

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger::local {

Result<Blobs::Place> Blobs::place_of(const std::string& key) const {
  auto name = encode_file_name(key);
  if (name.empty() || name.size() > 240)
    return Error::type_error("a blob's key has 1 to 240 bytes, counting special characters thrice");
  auto folder = fmt::format("{}/{:02x}", m_folder, XXH3_64bits(key.data(), key.size()) & 0xff);
  return Place{folder, folder + "/" + name};
}

Result<void> Blobs::put(const std::string& key, BytesView data) {
  auto place = TRY(place_of(key));
  TRY(m_disk.make_directories(place.folder));
  // '%' followed by no hex digits: never a key's name, so list() can tell it.
  auto temporary = fmt::format("{}/%new-{}-{}", place.folder, m_shard, ++m_puts);
  auto write = [&]() -> Result<void> {
    auto file = TRY(m_disk.open(temporary, OpenMode::create));
    TRY(file->truncate(0));
    TRY(file->write(0, data));
    TRY(file->sync());
    TRY(m_disk.rename(temporary, place.path));
    TRY(m_disk.sync_directory(place.folder));
    return m_disk.sync_directory(m_folder);
  };
  auto written = write();
  if (written.is_error()) m_disk.remove(temporary).ignore();
  return written;
}

Result<Bytes> Blobs::get(const std::string& key, BlobRange range) const {
  auto place = TRY(place_of(key));
  auto file = TRY(m_disk.open(place.path, OpenMode::read));
  auto size = TRY(file->size());
  if (range.offset_bytes >= size) return Bytes();
  Bytes data(std::min(range.length_bytes, size - range.offset_bytes));
  data.resize(TRY(file->read(range.offset_bytes, data)));
  return data;
}

Result<void> Blobs::remove(const std::string& key) {
  auto place = TRY(place_of(key));
  TRY(m_disk.remove(place.path));
  auto synced = m_disk.sync_directory(place.folder);
  if (synced.is_error() && synced.error().kind() == ErrorKind::not_found) return {};
  return synced;
}

Result<std::vector<BlobInfo>> Blobs::list(const std::string& prefix, const std::string& after, size_t limit) const {
  std::vector<std::pair<std::string, std::string>> found;  // key, path
  for (auto& folder : TRY(m_disk.list(m_folder))) {
    for (auto& name : TRY(m_disk.list(m_folder + "/" + folder))) {
      auto key = decode_file_name(name);
      if (key.is_ok() && key.value().starts_with(prefix) && key.value() > after)
        found.emplace_back(std::move(key).value(), m_folder + "/" + folder + "/" + name);
    }
  }
  auto kept = std::min(limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(kept), found.end());
  std::vector<BlobInfo> blobs;
  for (size_t i = 0; i < kept; ++i) {
    auto file = TRY(m_disk.open(found[i].second, OpenMode::read));
    blobs.push_back({std::move(found[i].first), TRY(file->size())});
  }
  return blobs;
}

}  // namespace adit::ledger::local
