// Compiled code on disk, so that a restart compiles nothing anew: files of the cache store (cache/store.h), found by the source's SHA-256 and by
// what V8 compiles for. Bounded in size, the least recently used goes first. Owner: any thread; writing happens on the given loop.
// Invariant: code is given out only whole (its SHA-256 is kept with it); a damaged file is forgotten and written again. Disk errors cost time only.
#pragma once

#include <filesystem>

#include "base/log.h"
#include "bindings/cache/store.h"
#include "js/code_cache.h"
#include "net/loop.h"

namespace adit::bindings {

class CodeStore final : public js::CodeStore {
 public:
  // The folder need not exist, and is made when there is something to keep. `version` names what the code was compiled for; `disk`, `loop` and
  // `logger` outlive the store.
  CodeStore(ledger::Disk& disk, const std::filesystem::path& folder, std::string version, net::Loop& loop,
            const Logger& logger);
  ~CodeStore() override;

  std::optional<Bytes> find(std::string_view source) override;
  void keep(std::string_view source, std::shared_ptr<const Bytes> code) override;

 private:
  Result<std::string> key_of(std::string_view source) const;
  static Result<void> write(cache::Store& store, const std::string& key, BytesView code);

  const std::shared_ptr<cache::Store> m_store;
  const std::string m_version;
  net::Loop& m_loop;
  const Logger& m_logger;
};

}  // namespace adit::bindings
