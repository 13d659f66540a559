// node:fs/promises.

import * as promises from "./internal/fs_promises";

export * from "./internal/fs_promises";
export default { ...promises };
