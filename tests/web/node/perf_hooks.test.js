// node:perf_hooks. workerd has the module behind a flag of its own.
import { assert, assertEquals, test } from "../harness.js";

const options = { workerd: "a flag of its own, enable_nodejs_perf_hooks_module" };

test(
  "marks and measures of perf_hooks",
  async () => {
    const { performance: timed, PerformanceMark } = await import("node:perf_hooks");
    assert(timed === performance);
    const mark = timed.mark("start", { detail: { a: 1 } });
    assert(mark instanceof PerformanceMark);
    assertEquals([mark.name, mark.entryType, mark.detail], ["start", "mark", { a: 1 }]);
    timed.mark("end");
    const measure = timed.measure("work", "start", "end");
    assert(measure.duration >= 0);
    assertEquals(timed.getEntriesByName("work").length, 1);
    timed.clearMarks();
    timed.clearMeasures();
    assertEquals(timed.getEntries(), []);
  },
  options,
);

test(
  "an observer of perf_hooks",
  async () => {
    const { performance: timed, PerformanceObserver } = await import("node:perf_hooks");
    const names = await new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => {
        observer.disconnect();
        resolve(list.getEntries().map((entry) => entry.name));
      });
      observer.observe({ entryTypes: ["mark"] });
      timed.mark("one");
      timed.mark("two");
    });
    assertEquals(names, ["one", "two"]);
    timed.clearMarks();
  },
  options,
);

test(
  "timerify and the event loop's utilization",
  async () => {
    const hooks = await import("node:perf_hooks");
    const add = hooks.performance.timerify((a, b) => a + b);
    assertEquals(add(1, 2), 3);
    assertEquals(hooks.performance.eventLoopUtilization(), { idle: 0, active: 0, utilization: 0 });
    assert(hooks.performance.nodeTiming.duration >= 0);
  },
  options,
);
