// The body ops (docs/architecture.md, "Bodies"). A read or write that can be answered at once is, without a promise.
// Owner: the isolate's thread. Invariant: the stream above keeps at most one read and one write outstanding per source.
#include "web/source_ops.h"

#include "js/answer.h"
#include "js/memory_limit.h"
#include "js/ops.h"
#include "web/held_output.h"

namespace adit::web {

using Source = js::Handle<net::ByteSource>;

namespace {

Result<v8::Local<v8::Value>> source_read(js::Call& call, Source source) {
  return js::answer_now_or_later<Bytes>(call, [&](auto callback) { source->read(std::move(callback)); });
}

Result<v8::Local<v8::Value>> source_read_all(js::Call& call, Source source) {
  return js::answer_now_or_later<Bytes>(
      call, [&](auto callback) { read_all(source, std::move(callback), js::native_memory(call.v8())); });
}

void source_cancel(Source source, std::string reason) { source->cancel(Error(ErrorKind::aborted, std::move(reason))); }

std::optional<double> source_length(Source source) {
  auto length = source->remaining_bytes();
  return length ? std::optional(static_cast<double>(*length)) : std::nullopt;
}

// Octets that JavaScript gave, on the isolate's account until they are read.
class HeldBytes final : public net::ByteSource {
 public:
  HeldBytes(Bytes data, MemoryCharge charge) : m_data(std::move(data)), m_charge(std::move(charge)) {}
  void read(net::ReadCallback callback) override {
    m_charge.clear();
    m_data.read(std::move(callback));
  }
  void cancel(Error reason) override {
    m_charge.clear();
    m_data.cancel(std::move(reason));
  }
  std::optional<uint64_t> remaining_bytes() const override { return m_data.remaining_bytes(); }

 private:
  net::MemorySource m_data;
  MemoryCharge m_charge;
};

Source source_from_bytes(js::Call& call, BytesView bytes) {
  return std::make_shared<HeldBytes>(copy_bytes(bytes), js::charge_native_memory(call.v8(), bytes.size()));
}

std::vector<Source> source_tee(js::Call& call, Source source) {
  auto [first, second] = tee_source(std::move(source), js::native_memory(call.v8()));
  return {first, second};
}

// [the source to read, a promise of its end]
v8::Local<v8::Value> source_link(js::Call& call, Source upstream, std::optional<uint64_t> length) {
  auto [promise, settle] = call.promise<void>();
  auto shared = std::make_shared<js::Settle<void>>(std::move(settle));
  Source linked =
      link_source(std::move(upstream), length, [shared](Result<void> outcome) { (*shared)(std::move(outcome)); });
  v8::Local<v8::Value> elements[] = {js::to_js(call.v8(), std::move(linked)), promise.local};
  return v8::Array::New(call.v8(), elements, 2);
}

Source pipe_create(std::optional<uint64_t> length) { return std::make_shared<net::Pipe>(length); }

// A pipe travels as a ByteSource, so that a reader needs to know one kind of handle only.
Result<net::Pipe*> pipe_of(const Source& source) {
  if (auto* pipe = dynamic_cast<net::Pipe*>(source.get())) return pipe;
  return Error::type_error("this native source is not a pipe");
}

// A pipe that waits for the output gate. If that never opens, its reader gets an error and not an end.
class HeldPipe {
 public:
  explicit HeldPipe(Source source) : m_source(std::move(source)) {}
  HeldPipe(HeldPipe&&) noexcept = default;
  HeldPipe& operator=(HeldPipe&&) = delete;
  ~HeldPipe() {
    if (m_source)
      static_cast<net::Pipe&>(*m_source).abort(
          Error(ErrorKind::aborted, "what was written before this part of the body could not be stored"));
  }
  net::Pipe& take() {
    m_taken = std::exchange(m_source, nullptr);
    return static_cast<net::Pipe&>(*m_taken);
  }

 private:
  Source m_source;
  Source m_taken;
};

Result<v8::Local<v8::Value>> pipe_write(js::Call& call, Source source, BytesView bytes) {
  TRY(pipe_of(source));
  return js::answer_now_or_later<void>(call, [&](auto ready) {
    begin_when_durable(call, [held = HeldPipe(source), bytes = copy_bytes(bytes), ready = std::move(ready)]() mutable {
      held.take().write(std::move(bytes), std::move(ready));
    });
  });
}

Result<void> pipe_close(js::Call& call, Source source) {
  TRY(pipe_of(source));
  begin_when_durable(call, [held = HeldPipe(source)]() mutable { held.take().close(); });
  return {};
}

Result<void> pipe_abort(Source source, std::string reason) {
  TRY(pipe_of(source))->abort(Error(ErrorKind::failed, std::move(reason)));
  return {};
}

}  // namespace

void register_source(js::OpTable& ops) {
  ops.add<source_read>("source_read");
  ops.add<source_read_all>("source_read_all");
  ops.add<source_cancel>("source_cancel");
  ops.add<source_length>("source_length");
  ops.add<source_from_bytes>("source_from_bytes");
  ops.add<source_tee>("source_tee");
  ops.add<source_link>("source_link");
  ops.add<pipe_create>("pipe_create");
  ops.add<pipe_write>("pipe_write");
  ops.add<pipe_close>("pipe_close");
  ops.add<pipe_abort>("pipe_abort");
}

}  // namespace adit::web
