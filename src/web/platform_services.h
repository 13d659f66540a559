// What the web platform's ops need from outside, per isolate: `isolate.provide(services)` before any JavaScript runs.
// Owner: the isolate's thread. Lifecycle: outlives the isolate's last entry; its timers end before the isolate.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "web/console.h"
#include "web/timers.h"

namespace adit::web {

struct PlatformServices {
  PlatformServices(net::Loop& loop, const Clock& clock, Random& random, ConsoleSink& console)
      : loop(loop),
        clock(clock),
        random(random),
        console(console),
        timers(loop),
        start_ns(clock.monotonic_ns()),
        start_unix_ms(clock.unix_ms()) {}

  net::Loop& loop;
  const Clock& clock;
  Random& random;
  ConsoleSink& console;
  Timers timers;
  // performance.timeOrigin, on both clocks.
  int64_t start_ns;
  int64_t start_unix_ms;
};

}  // namespace adit::web
