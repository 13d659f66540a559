// The modules that a worker can import without bundling them. C++ asks here by specifier (src/js/modules.cc, load_builtin): the answer is an
// object whose properties are the module's exports, or the name of a module of the library beside the snapshot (builtins/node).

import { ownExports } from "./bindings/exports";
import { Fetcher } from "./bindings/service";
import { nodeInternals, nodeModule } from "./node_compat";
import { RpcPromise, RpcProperty, RpcStub } from "./rpc/stub";
import { RpcTarget } from "./rpc/target";
import { tracing } from "./tracing";
import { connect } from "./web/socket";
import * as workers from "./workers_module";

const modules = new Map<string, () => Record<string, unknown>>([
  [
    "cloudflare:workers",
    () => ({
      DurableObject: workers.DurableObject,
      RpcPromise,
      RpcProperty,
      RpcStub,
      RpcTarget,
      ServiceStub: Fetcher,
      WorkerEntrypoint: workers.WorkerEntrypoint,
      WorkflowEntrypoint: workers.WorkflowEntrypoint,
      env: workers.env,
      exports: workers.makeExportsView(ownExports),
      tracing,
      waitUntil: workers.waitUntil,
      withEnv: workers.withEnv,
      withEnvAndExports: workers.withEnvAndExports,
      withExports: workers.withExports,
    }),
  ],
  ["cloudflare:sockets", () => ({ connect })],
  ["cloudflare:email", () => ({ EmailMessage })],
  ["cloudflare:workflows", () => ({ NonRetryableError })],
  // For the library's own modules only: src/js/modules.cc refuses it to a worker's.
  ["adit:internal", nodeInternals],
]);

/** cloudflare:email (Workers docs, Email Workers). */
class EmailMessage {
  constructor() {
    throw new Error("Sending email is not supported by Adit yet (see docs/compatibility.md)");
  }
}

/** cloudflare:workflows (Workers docs, Workflows): what ends a workflow's step for good. Code that is shared with workflows imports it. */
class NonRetryableError extends Error {
  constructor(message: string, name = "NonRetryableError") {
    super(message);
    this.name = name;
  }
}

export function builtinModule(specifier: string): Record<string, unknown> | string {
  const make = modules.get(specifier);
  if (make !== undefined) return make();
  const node = nodeModule(specifier);
  if (node !== undefined) return node;
  throw new Error(`No such module "${specifier}".`);
}
