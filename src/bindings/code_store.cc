#include "bindings/code_store.h"

#include <limits>

#include "web/digest.h"

namespace adit::bindings {
namespace {

constexpr cache::Limits limits{.total_bytes = 128 << 20, .entry_bytes = 32 << 20};
constexpr int64_t never_ms = std::numeric_limits<int64_t>::max();

}  // namespace

CodeStore::CodeStore(ledger::Disk& disk, const std::filesystem::path& folder, std::string version, net::Loop& loop,
                     const Logger& logger)
    : m_store(cache::Store::create(disk, folder.string(), limits)),
      m_version(std::move(version)),
      m_loop(loop),
      m_logger(logger) {}

CodeStore::~CodeStore() = default;

Result<std::string> CodeStore::key_of(std::string_view source) const {
  auto digest = TRY(web::digest("SHA-256", bytes_of(source)));
  return m_version + '\0' + std::string(text_of(digest));
}

std::optional<Bytes> CodeStore::find(std::string_view source) {
  auto key = key_of(source);
  if (key.is_error()) return std::nullopt;
  auto entry = m_store->find(key.value(), 0);
  if (entry.is_error() || !entry.value()) return std::nullopt;
  const auto& kept = *entry.value();
  Bytes code(kept.body_bytes);
  auto read = kept.file->read(kept.body_offset, code);
  auto digest = web::digest("SHA-256", code);
  if (read.is_ok() && read.value() == code.size() && digest.is_ok() && text_of(digest.value()) == kept.head)
    return code;
  m_logger.debug("The kept code of a module is damaged and is made anew");
  (void)m_store->remove(key.value(), 0);
  return std::nullopt;
}

void CodeStore::keep(std::string_view source, std::shared_ptr<const Bytes> code) {
  auto key = key_of(source);
  if (key.is_error()) return;
  m_loop.post([store = m_store, key = std::move(key).value(), code = std::move(code), &logger = m_logger] {
    // Without it the next start compiles; nothing else is lost.
    if (auto written = write(*store, key, *code); written.is_error())
      logger.debug("Compiled code is not kept: {}", written.error().full_message());
  });
}

Result<void> CodeStore::write(cache::Store& store, const std::string& key, BytesView code) {
  auto digest = TRY(web::digest("SHA-256", code));
  auto writer = TRY(store.write(key, std::string(text_of(digest)), {0, never_ms}));
  TRY(writer->append(code));
  return writer->finish();
}

}  // namespace adit::bindings
