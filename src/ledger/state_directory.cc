#include "ledger/state_directory.h"

#include <fmt/format.h>

#include <charconv>

#include "ledger/recovery.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger {
namespace {

constexpr std::string_view format_prefix = "adit state ";
constexpr uint32_t format_version = 2;

}  // namespace

Result<std::unique_ptr<StateDirectory>> StateDirectory::open(Disk& disk, std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::unique_ptr<StateDirectory> state(new StateDirectory(disk, path));
  if (auto made = disk.make_directories(path + "/log"); made.is_error())
    return std::move(made.error()).because("state directory " + path + " cannot be made");
  auto lock = disk.lock(path + "/lock");
  if (lock.is_error() && lock.error().kind() == ErrorKind::conflict)
    return Error(ErrorKind::conflict, "state directory " + path + " is in use by another adit");
  if (lock.is_error()) return std::move(lock.error()).because("state directory " + path + " is not writable");
  state->m_lock = std::move(lock).value();
  TRY(state->check_format());
  if (auto recovered = state->recover(); recovered.is_error())
    return std::move(recovered.error()).because("state directory " + path + " cannot be recovered");
  return state;
}

Result<void> StateDirectory::check_format() {
  auto path = m_path + "/format";
  auto opened = m_disk.open(path, OpenMode::create);
  if (opened.is_error()) return std::move(opened.error()).because("state directory " + m_path + " is not writable");
  auto file = std::move(opened).value();
  uint8_t buffer[64];
  auto text = text_of({buffer, TRY(file->read(0, buffer))});
  if (text.empty()) {
    // New, or a crash came before its first commit; an empty file means this format for ever.
    TRY(file->write(0, bytes_of(fmt::format("{}{}\n", format_prefix, format_version))));
    TRY(file->sync());
    return m_disk.sync_directory(m_path);
  }
  uint32_t version = 0;
  if (!text.starts_with(format_prefix) ||
      std::from_chars(text.data() + format_prefix.size(), text.data() + text.size(), version).ec != std::errc())
    return Error::io(m_path + " is not an adit state directory: its file 'format' says something else");
  if (version > format_version)
    return Error(ErrorKind::not_supported,
                 fmt::format("state directory {} has format {}, written by a newer adit; this one knows {}", m_path,
                             version, format_version));
  if (version == format_version) return {};
  // An older one is read as it is and written in this one's way from now on, which older programs must not open.
  TRY(file->write(0, bytes_of(fmt::format("{}{}\n", format_prefix, format_version))));
  return file->sync();
}

Result<void> StateDirectory::recover() {
  for (auto& shard : TRY(m_disk.list(m_path + "/log"))) TRY(recover_log(*this, m_path + "/log/" + shard, m_recovery));
  m_recovery.ledger_ids = TRY(recovered_ledgers(*this));
  return {};
}

std::string StateDirectory::space_path(std::string_view space) const {
  return fmt::format("{}/ledgers/{}", m_path, space);
}

std::string StateDirectory::database_path(const LedgerId& id) const {
  auto name = id.name();
  return fmt::format("{}/{:02x}/{}.sqlite", space_path(id.space()), XXH3_64bits(name.data(), name.size()) & 0xff,
                     encode_file_name(name));
}

std::string StateDirectory::log_path(size_t shard) const { return fmt::format("{}/log/{}", m_path, shard); }

}  // namespace adit::ledger
