// node:perf_hooks: the platform's performance object; observers, marks and histograms as unenv has them.

import { performance as platformPerformance } from "adit:internal";
import * as hooks from "unenv/node/perf_hooks";

export * from "unenv/node/perf_hooks";
export const performance = platformPerformance;
export default { ...(hooks as unknown as { default: object }).default, performance };
