// link_source and read_all: passing a source on while watching its end, and gathering one. Owner: one shard's thread.
// Invariants: `callback` is called exactly once; `ended` at most once: never when the link is dropped unread, because that may happen
// inside V8's garbage collection, where nothing may call into JavaScript.
#include <string>

#include "web/source_ops.h"

namespace adit::web {

namespace {

class LinkedSource final : public net::ByteSource, public std::enable_shared_from_this<LinkedSource> {
 public:
  LinkedSource(std::shared_ptr<net::ByteSource> upstream, std::optional<uint64_t> length_bytes,
               Function<void(Result<void>)> ended)
      : m_upstream(std::move(upstream)), m_remaining_bytes(length_bytes), m_ended(std::move(ended)) {}

  void read(net::ReadCallback callback) override {
    if (m_error) return callback(*m_error);
    m_upstream->read([self = shared_from_this(), callback = std::move(callback)](Result<Bytes> result) mutable {
      callback(self->check(std::move(result)));
    });
  }

  void cancel(Error reason) override {
    m_upstream->cancel(reason);
    end(reason);
  }

  std::optional<uint64_t> remaining_bytes() const override {
    return m_remaining_bytes ? m_remaining_bytes : m_upstream->remaining_bytes();
  }

 private:
  Result<Bytes> check(Result<Bytes> result) {
    if (result.is_error()) {
      end(result.error());
      return result;
    }
    const auto& chunk = result.value();
    if (m_remaining_bytes && chunk.size() > *m_remaining_bytes)
      return fail("Attempt to write too many bytes through a FixedLengthStream.");
    if (chunk.empty() && m_remaining_bytes && *m_remaining_bytes > 0)
      return fail("FixedLengthStream did not see all expected bytes before close(): " +
                  std::to_string(*m_remaining_bytes) + " are missing.");
    if (m_remaining_bytes) *m_remaining_bytes -= chunk.size();
    if (chunk.empty()) end({});
    return result;
  }

  Error fail(std::string message) {
    m_error = Error::type_error(std::move(message));
    m_upstream->cancel(*m_error);
    end(*m_error);
    return *m_error;
  }

  void end(Result<void> outcome) {
    if (auto ended = std::exchange(m_ended, nullptr)) ended(std::move(outcome));
  }

  std::shared_ptr<net::ByteSource> m_upstream;
  std::optional<uint64_t> m_remaining_bytes;
  std::optional<Error> m_error;
  Function<void(Result<void>)> m_ended;
};

// Keeps itself alive through the callback that it gives to the source. Loops while the source answers at once, so that a long run of
// ready chunks does not deepen the stack.
class Gatherer final : public std::enable_shared_from_this<Gatherer> {
 public:
  Gatherer(std::shared_ptr<net::ByteSource> source, net::ReadCallback callback, std::shared_ptr<MemoryAccount> account)
      : m_source(std::move(source)), m_callback(std::move(callback)), m_charge(std::move(account)) {}

  void run() {
    m_running = true;
    do {
      m_answered = false;
      m_source->read([self = shared_from_this()](Result<Bytes> result) { self->take(std::move(result)); });
    } while (m_answered && m_callback);
    m_running = false;
  }

 private:
  void take(Result<Bytes> result) {
    if (result.is_ok()) m_charge.add(result.value().size());
    if (result.is_ok() && !result.value().empty() && m_charge.is_over()) {
      m_source->cancel(too_much_memory());
      result = too_much_memory();
    }
    if (result.is_error() || result.value().empty()) {
      m_charge.clear();
      auto callback = std::exchange(m_callback, nullptr);
      return callback(result.is_error() ? std::move(result) : Result<Bytes>(std::move(m_gathered)));
    }
    if (m_gathered.empty()) m_gathered = std::move(result).value();
    else m_gathered.insert(m_gathered.end(), result.value().begin(), result.value().end());
    m_answered = true;
    if (!m_running) run();
  }

  std::shared_ptr<net::ByteSource> m_source;
  net::ReadCallback m_callback;
  Bytes m_gathered;
  MemoryCharge m_charge;
  bool m_running = false;
  bool m_answered = false;
};

}  // namespace

std::shared_ptr<net::ByteSource> link_source(std::shared_ptr<net::ByteSource> upstream,
                                             std::optional<uint64_t> length_bytes, Function<void(Result<void>)> ended) {
  return std::make_shared<LinkedSource>(std::move(upstream), length_bytes, std::move(ended));
}

void read_all(std::shared_ptr<net::ByteSource> source, net::ReadCallback callback,
              std::shared_ptr<MemoryAccount> account) {
  std::make_shared<Gatherer>(std::move(source), std::move(callback), std::move(account))->run();
}

Error too_much_memory() {
  return Error::failed("This body does not fit into the memory that the worker may use; read it as a stream.");
}

}  // namespace adit::web
