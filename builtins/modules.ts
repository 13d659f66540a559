// The modules that a worker can import without bundling them: cloudflare:workers and, later, others. C++ asks here by specifier
// (src/js/modules.cc, load_builtin); the exports of the answer are the module's exports.

import { env } from "./env";
import { DurableObject, RpcStub, RpcTarget, waitUntil, WorkerEntrypoint, WorkflowEntrypoint } from "./workers_module";

const modules = new Map<string, () => Record<string, unknown>>([
  [
    "cloudflare:workers",
    () => ({ DurableObject, WorkerEntrypoint, WorkflowEntrypoint, RpcTarget, RpcStub, env, waitUntil }),
  ],
]);

export function builtinModule(specifier: string): Record<string, unknown> {
  const make = modules.get(specifier);
  if (make !== undefined) return make();
  if (specifier.startsWith("node:"))
    throw new Error(
      `No such module "${specifier}". The nodejs_compat modules are not supported by Adit yet (see docs/compatibility.md).`,
    );
  throw new Error(`No such module "${specifier}". It is not supported by Adit yet (see docs/compatibility.md).`);
}
