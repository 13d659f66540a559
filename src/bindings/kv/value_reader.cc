#include "bindings/kv/value_reader.h"

#include "bindings/kv/store.h"

namespace adit::bindings::kv {
namespace {

class ValueReader final : public std::enable_shared_from_this<ValueReader> {
 public:
  ValueReader(std::shared_ptr<net::ByteSource> source, Function<void(Result<std::string>)> done)
      : m_source(std::move(source)), m_done(std::move(done)) {}

  // A source may answer inside read(): the loop then goes on here, not deeper on the stack.
  void run() {
    if (m_is_running) return;
    m_is_running = true;
    while (!m_is_waiting && m_done) {
      m_is_waiting = true;
      m_source->read([self = shared_from_this()](Result<Bytes> chunk) {
        self->m_is_waiting = false;
        self->take(std::move(chunk));
        self->run();
      });
    }
    m_is_running = false;
  }
  void refuse(uint64_t length_bytes) {
    m_source->cancel(Error(ErrorKind::aborted, "the value is too long"));
    end(value_too_long(length_bytes));
  }

 private:
  void take(Result<Bytes> chunk) {
    if (!m_done) return;
    if (chunk.is_error()) return end(std::move(chunk.error()));
    if (chunk.value().empty()) return end(std::move(m_value));
    m_value.append(text_of(chunk.value()));
    if (m_value.size() > max_value_bytes) refuse(m_value.size() + m_source->remaining_bytes().value_or(0));
  }
  void end(Result<std::string> result) { std::exchange(m_done, nullptr)(std::move(result)); }

  std::shared_ptr<net::ByteSource> m_source;
  Function<void(Result<std::string>)> m_done;
  std::string m_value;
  bool m_is_running = false;
  bool m_is_waiting = false;
};

}  // namespace

Error value_too_long(uint64_t length_bytes) {
  return Error::failed("KV PUT failed: 413 Value length of " + std::to_string(length_bytes) + " exceeds limit of " +
                       std::to_string(max_value_bytes) + ".");
}

void read_value(std::shared_ptr<net::ByteSource> source, Function<void(Result<std::string>)> done) {
  auto length = source->remaining_bytes();
  auto reader = std::make_shared<ValueReader>(std::move(source), std::move(done));
  if (length && *length > max_value_bytes) return reader->refuse(*length);
  reader->run();
}

}  // namespace adit::bindings::kv
