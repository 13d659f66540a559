#include "ledger/restore_request.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger {
namespace {

std::string text_of_request(const RestoreRequest& request) {
  auto text = fmt::format("adit restore 1 {:016x} {:016x} ", request.target, request.applied_at);
  return text + fmt::format("{:016x}\n", XXH3_64bits(text.data(), text.size()));
}

}  // namespace

std::string restore_request_path(const std::string& database_path) {
  return database_path.substr(0, database_path.rfind('.')) + ".restore";
}

Result<std::optional<RestoreRequest>> read_restore_request(Disk& disk, const std::string& path) {
  auto opened = disk.open(path, OpenMode::read);
  if (opened.is_error() && opened.error().kind() == ErrorKind::not_found) return std::optional<RestoreRequest>();
  auto file = TRY(std::move(opened));
  std::array<uint8_t, 128> buffer{};
  auto text = text_of({buffer.data(), TRY(file->read(0, buffer))});
  RestoreRequest request;
  constexpr size_t numbers_at = 15;
  auto read = [&](size_t at, Position& value) {
    if (text.size() < at + 16) return false;
    return std::from_chars(text.data() + at, text.data() + at + 16, value, 16).ec == std::errc();
  };
  if (!read(numbers_at, request.target) || !read(numbers_at + 17, request.applied_at) ||
      text != text_of_request(request))
    return std::optional<RestoreRequest>();
  return std::optional(request);
}

Result<void> write_restore_request(Disk& disk, const std::string& path, const RestoreRequest& request) {
  auto folder = path.substr(0, path.rfind('/'));
  TRY(disk.make_directories(folder));
  auto file = TRY(disk.open(path, OpenMode::create));
  TRY(file->write(0, bytes_of(text_of_request(request))));
  TRY(file->sync());
  return disk.sync_directory(folder);
}

Result<void> remove_restore_request(Disk& disk, const std::string& path) {
  TRY(disk.remove(path));
  return disk.sync_directory(path.substr(0, path.rfind('/')));
}

}  // namespace adit::ledger
