// The modules that a worker can import without bundling them. C++ asks here by specifier (src/js/modules.cc, load_builtin): the answer is an
// object whose properties are the module's exports, or the name of a module of the library beside the snapshot (builtins/node).

import { env } from "./env";
import { nodeInternals, nodeModule } from "./node_compat";
import { DurableObject, RpcStub, RpcTarget, waitUntil, WorkerEntrypoint, WorkflowEntrypoint } from "./workers_module";

const modules = new Map<string, () => Record<string, unknown>>([
  [
    "cloudflare:workers",
    () => ({ DurableObject, WorkerEntrypoint, WorkflowEntrypoint, RpcTarget, RpcStub, env, waitUntil }),
  ],
  // For the library's own modules only: src/js/modules.cc refuses it to a worker's.
  ["adit:internal", nodeInternals],
]);

export function builtinModule(specifier: string): Record<string, unknown> | string {
  const make = modules.get(specifier);
  if (make !== undefined) return make();
  const node = nodeModule(specifier);
  if (node !== undefined) return node;
  throw new Error(`No such module "${specifier}".`);
}
