// node:perf_hooks: the platform's performance object with marks, measures and observers. A worker has no event loop of its own to measure, and no
// start-up of a process.

import { addTimeline, Performance, performance as platform, timelineClasses } from "adit:internal";
import * as hooks from "unenv/node/perf_hooks";
import { notImplemented } from "./internal/errors";
import { validateFunction } from "./internal/validators";

type Any = any;

addTimeline();
export const performance = platform as Any;
export const {
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  PerformanceObserver,
  PerformanceObserverEntryList,
} = timelineClasses;
export const { constants, PerformanceResourceTiming } = hooks as Any;

/** The function itself: no timeline entry is made of its calls, which would be of type "function". */
export function timerify(fn: Any): Any {
  validateFunction(fn, "fn");
  return function (this: unknown, ...args: unknown[]): unknown {
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
  };
}
export const eventLoopUtilization = (): object => ({ idle: 0, active: 0, utilization: 0 });
export const createHistogram = (): never => {
  throw notImplemented("perf_hooks.createHistogram");
};
export const monitorEventLoopDelay = (): never => {
  throw notImplemented("perf_hooks.monitorEventLoopDelay");
};
const nodeTiming = {
  name: "node",
  entryType: "node",
  startTime: 0,
  get duration(): number {
    return performance.now() as number;
  },
  nodeStart: 0,
  v8Start: 0,
  bootstrapComplete: 0,
  environment: 0,
  loopStart: -1,
  loopExit: -1,
  idleTime: 0,
};
for (const [name, value] of Object.entries({ eventLoopUtilization, nodeTiming, timerify }))
  Object.defineProperty(Performance.prototype, name, { value, writable: true, enumerable: true, configurable: true });
export { Performance };

export default {
  Performance,
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  PerformanceObserver,
  PerformanceObserverEntryList,
  PerformanceResourceTiming,
  constants,
  createHistogram,
  eventLoopUtilization,
  monitorEventLoopDelay,
  performance,
  timerify,
};
