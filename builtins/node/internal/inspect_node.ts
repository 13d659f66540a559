// util.inspect and util.format: Node's own, as node-inspect-extracted carries them, over V8's knowledge (inspect_hooks.ts).

import extracted from "node-inspect-extracted";

type Inspect = ((value: unknown, ...options: any[]) => string) & Record<string, any>;
export const inspect = extracted.inspect as Inspect;
export const format = extracted.format as (...args: unknown[]) => string;
export const formatWithOptions = extracted.formatWithOptions as (options: object, ...args: unknown[]) => string;
