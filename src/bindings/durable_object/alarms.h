// The alarms of one shard's objects: what is due begins, what failed is tried again.
//
// The alarm itself is in the object's ledger, where its transactions and its output gate are; the index (alarm_index.h), one ledger per
// shard, has a row for each object with an alarm. Two ledgers are never written at once, so the index leads: a row is in the log before
// the object may tell of its alarm, it is removed or made later only when the object's log says that the alarm is gone, and what a row
// says is checked in the object's ledger before anything begins. So a crash leaves a row too many at worst. What the log had of an object
// when the process died is looked through at the next start, in case the row had not got there.
//
// Owner: the object host. Lifecycle: idle until a worker runs; close() before the shard's stores. Invariant: an alarm begins at least once after
// its time, one at a time per object, and is dropped when it has failed max_alarm_retries times more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/function.h"
#include "bindings/durable_object/alarm_index.h"
#include "bindings/durable_object/storage.h"
#include "ledger/ledger_store.h"

namespace adit::bindings::durable_object {

// As documented: six retries, the first after two seconds, each later one after twice the time.
constexpr int64_t max_alarm_retries = 6;
constexpr int64_t first_alarm_retry_ms = 2000;

// The space of the indexes, one for each number of shards and shard.
constexpr std::string_view alarm_index_space = "object-alarms";
std::string alarm_index_name(size_t shards, size_t shard);

// What the alarms need of their shard: the object host, or a simulation (alarms_simulation_test.cc).
class AlarmShard {
 public:
  // Its destruction stops it.
  class Timer {
   public:
    virtual ~Timer() = default;
  };

  virtual size_t shard_number() const = 0;
  virtual size_t shard_count() const = 0;
  virtual int64_t unix_ms() const = 0;
  virtual int64_t first_alarm_retry_ms() const = 0;
  virtual void defer(Function<void()> task) = 0;
  virtual std::unique_ptr<Timer> after(uint64_t delay_ms, Function<void()> task) = 0;
  // False before anything was stored.
  virtual bool has_state() const = 0;
  virtual Result<ledger::LedgerStore*> store() = 0;
  // What the log had when the last process ended, and the ones before it as long as nobody said that this was noted.
  virtual Result<std::vector<ledger::LedgerId>> interrupted_ledgers() = 0;
  // The index durably has the alarms of all that are this shard's.
  virtual void interrupted_noted() = 0;
  virtual Result<std::shared_ptr<ledger::Ledger>> open_ledger(const std::string& space, const ObjectId& id) = 0;
  // A worker runs that has the class.
  virtual bool has_class(const std::string& space) = 0;
  // Calls alarm() of the object, which looks once more whether it is time; done in a later turn, when all that depends on it is durable.
  virtual void begin_alarm(const AlarmRow& row, Function<void(Result<void>)> done) = 0;
  // Alarms::adopt() there, then Alarms::given(adoption) here; nothing when it fails.
  virtual void give_rows(size_t shard, size_t adoption, std::vector<AlarmRow> rows) = 0;
  virtual void log_error(const std::string& text) = 0;
  // What a worker's author should know.
  virtual void tell_author(const std::string& text) = 0;

 protected:
  ~AlarmShard() = default;
};

class Alarms {
 public:
  explicit Alarms(AlarmShard& shard);
  ~Alarms();

  // The object is about to write this alarm: the index gets it first. What waits for the alarm waits for position() too.
  Result<void> note(const std::string& space, const ObjectId& id, std::optional<std::string> name, int64_t time_ms);
  // Of the index, with all that was noted.
  ledger::Position position() const;
  bool is_durable(ledger::Position position) const;
  void when_durable(ledger::Position position, Function<void(Result<void>)> callback);

  // A worker runs, whose objects can have alarms.
  void activated();
  // Its code is being replaced: alarms that this interrupts begin again, and have not failed.
  void pause() { m_is_active = false; }
  void close();
  Result<void> remove_space(const std::string& space);
  // Rows of a shard that an earlier process had (alarms_start.cc); done once they are durable.
  void adopt(const std::vector<AlarmRow>& rows, Function<void(Result<void>)> done);
  // Another shard has its rows of an old index.
  void given(size_t adoption);

 private:
  struct Firing {
    AlarmRow row;
    int64_t generation = 0;   // of the alarm that began
    bool is_touched = false;  // set meanwhile
    std::unique_ptr<AlarmShard::Timer> again;
  };
  struct Adoption;
  Result<AlarmIndex*> index();
  Result<std::shared_ptr<ledger::Ledger>> open_ledger(const AlarmRow& row);
  Result<void> note_row(AlarmRow row);
  Result<void> put(const AlarmRow& row);
  void start();
  Result<void> find_interrupted();
  Result<void> find_others();
  void give_away(size_t adoption);
  void run_soon();
  void run();
  void arm();
  void run_after(uint64_t delay_ms);
  void begin(AlarmRow row);
  void finished(const ObjectId& id, Result<void> outcome);
  Result<void> failed(Firing& firing, const Error& error);
  void settle(const ObjectId& id);
  Result<void> settle_now(const ObjectId& id, const std::optional<AlarmRecord>& record);
  void postpone(const ObjectId& id, const Error& error);

  AlarmShard& m_shard;
  std::unique_ptr<AlarmIndex> m_index;
  AlarmCursor m_cursor;   // every due row up to here is firing, or of a class that the worker has not
  int64_t m_next_ms = 0;  // when the timer fires
  std::unique_ptr<AlarmShard::Timer> m_timer;
  std::unique_ptr<AlarmShard::Timer> m_again;  // after a failure of the disk: everything is looked at anew
  std::unordered_map<ObjectId, Firing> m_firing;
  std::vector<Adoption> m_adoptions;
  bool m_has_started = false;
  bool m_is_active = false;
  bool m_is_closed = false;
  bool m_runs_soon = false;
};

}  // namespace adit::bindings::durable_object
