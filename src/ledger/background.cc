// The real Background: one thread and a queue. Owner: whoever made it; the destructor runs what was given and joins.
#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ledger/executor.h"

namespace adit::ledger {
namespace {

class BackgroundThread final : public Background {
 public:
  BackgroundThread(Executor& executor, const char* name)
      : m_executor(executor), m_thread([this, name] {
          pthread_setname_np(pthread_self(), name);
          loop();
        }) {}

  ~BackgroundThread() override {
    {
      std::lock_guard lock(m_mutex);
      m_stopping = true;
    }
    m_wake.notify_one();
    m_thread.join();
  }

  void run(Task work, Task done) override {
    {
      std::lock_guard lock(m_mutex);
      m_jobs.push_back({std::move(work), std::move(done)});
    }
    m_wake.notify_one();
  }

 private:
  struct Job {
    Task work;
    Task done;
  };

  void loop() {
    std::unique_lock lock(m_mutex);
    for (;;) {
      m_wake.wait(lock, [this] { return m_stopping || !m_jobs.empty(); });
      if (m_jobs.empty()) return;
      auto job = std::move(m_jobs.front());
      m_jobs.pop_front();
      lock.unlock();
      job.work();
      m_executor.post(std::move(job.done));
      lock.lock();
    }
  }

  Executor& m_executor;
  std::mutex m_mutex;  // guards m_jobs and m_stopping
  std::condition_variable m_wake;
  std::deque<Job> m_jobs;
  bool m_stopping = false;
  std::thread m_thread;  // last: it uses the rest
};

}  // namespace

Result<std::unique_ptr<Background>> start_background_thread(Executor& executor, const char* thread_name) {
  try {
    return std::unique_ptr<Background>(std::make_unique<BackgroundThread>(executor, thread_name));
  } catch (const std::system_error& error) {
    return Error::failed(std::string("start thread ") + thread_name + ": " + error.what());
  }
}

}  // namespace adit::ledger
