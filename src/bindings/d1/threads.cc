#include "bindings/d1/threads.h"

#include <signal.h>

#include <future>
#include <thread>

#include "bindings/d1/database.h"
#include "bindings/loop_executor.h"
#include "bindings/state.h"
#include "ledger/ledger_store.h"
#include "net/loop.h"

namespace adit::bindings::d1 {
namespace {

// The logs of these threads lie beside the shards', whose numbers are small.
constexpr size_t first_log = 1000;

ledger::StoreOptions store_options(ProcessState& state) {
  auto options = state.store_options();
  options.ledger.page_size_bytes = 4096;
  options.ledger.cache_bytes = 2 << 20;
  options.max_open_ledgers = 256;
  options.history_spaces = {"d1"};
  return options;
}

}  // namespace

class Thread {
 public:
  static Result<std::unique_ptr<Thread>> start(ProcessState& state, size_t number, const Logger& logger,
                                               const Clock& clock, const std::atomic<bool>& interrupt) {
    auto& directory = *TRY(state.directory());
    std::unique_ptr<Thread> self(new Thread(clock, interrupt));
    self->m_loop = TRY(net::Loop::create());
    self->m_executor = std::make_unique<LoopExecutor>(*self->m_loop);
    self->m_store = TRY(ledger::LedgerStore::create(directory, first_log + number, *self->m_executor, logger, clock,
                                                    store_options(state)));
    self->m_thread = std::thread([&thread = *self] {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      thread.m_loop->run();
    });
    return self;
  }

  // All that was given has run and is durable afterwards.
  Result<void> close() {
    std::promise<Result<void>> closed;
    m_loop->post([this, &closed] {
      m_databases.clear();
      m_store->close([this, &closed](Result<void> result) {
        closed.set_value(std::move(result));
        m_loop->stop();
      });
    });
    auto result = closed.get_future().get();
    m_thread.join();
    m_store.reset();
    return result;
  }

  void run(std::string database, std::vector<Query> batch, ledger::Callback<BatchResult> done) {
    m_loop->post([this, id = std::move(database), batch = std::move(batch), done = std::move(done)]() mutable {
      with_database(id, [batch = std::move(batch), done = std::move(done)](Result<Database*> database) mutable {
        if (database.is_error()) return done(std::move(database.error()));
        database.value()->run(batch, std::move(done));
      });
    });
  }

  void visit(ledger::LedgerId id, Threads::Visit visit) {
    m_loop->post([this, id = std::move(id), visit = std::move(visit)]() mutable { visit(*m_store, id); });
  }

 private:
  Thread(const Clock& clock, const std::atomic<bool>& interrupt) : m_clock(clock), m_interrupt(interrupt) {}

  void with_database(const std::string& id, Function<void(Result<Database*>)> use) {
    if (auto found = m_databases.find(id); found != m_databases.end()) {
      if (!found->second->is_broken()) return use(found->second.get());
      m_databases.erase(found);
    }
    auto ledger = ledger::LedgerId::create("d1", id);
    if (ledger.is_error()) return use(std::move(ledger.error()).because("D1 database " + id));
    m_store->open(ledger.value(),
                  [this, id, use = std::move(use)](Result<std::shared_ptr<ledger::Ledger>> open) mutable {
                    if (open.is_error()) return use(std::move(open.error()));
                    auto& place = m_databases[id];
                    // Several may have waited for the ledger. One session per connection: a second one's end would take the first one's
                    // rules off it.
                    if (place && place->ledger() == open.value()) return use(place.get());
                    auto made = Database::create(std::move(open).value(), m_clock, m_interrupt);
                    if (made.is_error()) {
                      m_databases.erase(id);
                      return use(std::move(made.error()));
                    }
                    place = std::move(made).value();
                    use(place.get());
                  });
  }

  const Clock& m_clock;
  const std::atomic<bool>& m_interrupt;
  std::unique_ptr<net::Loop> m_loop;
  std::unique_ptr<LoopExecutor> m_executor;
  std::unique_ptr<ledger::LedgerStore> m_store;
  std::unordered_map<std::string, std::unique_ptr<Database>> m_databases;
  std::thread m_thread;
};

Threads::Threads(ProcessState& state, const Logger& logger, const Clock& clock)
    : m_state(state), m_logger(logger), m_clock(clock) {}

Threads::~Threads() { close(); }

Result<Thread*> Threads::thread_of(const std::string& database) {
  std::lock_guard lock(m_mutex);
  if (m_is_closed) return Error(ErrorKind::invalid_state, "the server is stopping");
  if (auto found = m_places.find(database); found != m_places.end()) return found->second;
  Thread* place = nullptr;
  if (m_threads.size() < max_threads) {
    m_threads.push_back(TRY(Thread::start(m_state, m_threads.size(), m_logger, m_clock, m_is_stopping)));
    place = m_threads.back().get();
  } else {
    place = m_threads[m_places.size() % max_threads].get();
  }
  m_places.emplace(database, place);
  return place;
}

void Threads::run(const std::string& database, std::vector<Query> batch, ledger::Callback<BatchResult> done) {
  auto thread = thread_of(database);
  if (thread.is_error()) return done(std::move(thread.error()));
  thread.value()->run(database, std::move(batch), std::move(done));
}

Result<void> Threads::visit(const std::string& database, Visit visit) {
  auto id = TRY(ledger::LedgerId::create("d1", database));
  auto* thread = TRY(thread_of(database));
  thread->visit(std::move(id), std::move(visit));
  return {};
}

void Threads::close() {
  m_is_stopping = true;
  std::lock_guard lock(m_mutex);
  if (std::exchange(m_is_closed, true)) return;
  for (auto& thread : m_threads)
    if (auto closed = thread->close(); closed.is_error())
      m_logger.error("Closing a D1 database: {}", closed.error().full_message());
}

}  // namespace adit::bindings::d1
