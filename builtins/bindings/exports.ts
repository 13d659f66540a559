// ctx.exports and `exports` of cloudflare:workers (Workers docs, Runtime APIs, Context): the worker's own entrypoints and Durable Object classes
// as bindings, without configuration. Made at first use.

import { setContextExports } from "../context";
import { workerExports } from "../entry";
import { compatibilityDate, compatibilityFlags, workerName } from "../env";
import { makeNamespace } from "./durable_object";
import { WorkerEntrypoint } from "../workers_module";
import { makeLoopback } from "./service";

let made: Record<string, unknown> | undefined;

function isHandlers(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && Object.values(value).some((member) => typeof member === "function")
  );
}

export function ownExports(): Record<string, unknown> {
  if (made !== undefined) return made;
  made = {};
  for (const [name, value] of Object.entries(workerExports)) {
    const namespace = typeof value === "function" ? makeNamespace(name) : undefined;
    if (namespace !== undefined) made[name] = namespace;
    else if (
      (typeof value === "function" && value.prototype instanceof WorkerEntrypoint) ||
      name === "default" ||
      isHandlers(value)
    )
      made[name] = makeLoopback(workerName, name === "default" ? undefined : name);
  }
  return made;
}

/** Compatibility flag enable_ctx_exports. */
function isEnabled(): boolean {
  return (
    compatibilityFlags.enable_ctx_exports === true ||
    (compatibilityDate >= "2025-11-17" && compatibilityFlags.disable_ctx_exports !== true)
  );
}

setContextExports(() => (isEnabled() ? ownExports() : undefined));
