// node:perf_hooks: the platform's performance object; observers, marks and histograms as unenv has them.

import { performance as platformPerformance } from "adit:internal";
import { notImplemented } from "./internal/errors";
import * as hooks from "unenv/node/perf_hooks";

export * from "unenv/node/perf_hooks";
export const performance = platformPerformance;
const refuse = (name: string) => (): never => {
  throw notImplemented(`perf_hooks.${name}`);
};
export const eventLoopUtilization = refuse("eventLoopUtilization");
export const timerify = refuse("timerify");
export default { ...(hooks as unknown as { default: object }).default, eventLoopUtilization, performance, timerify };
