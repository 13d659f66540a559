// The other end of a service binding: what C++ calls (src/bindings/service) to give a request or a call to an entrypoint: the main module's
// default export, or a named one; a class whose instance serves this one call, or an object with handlers.

import { ExecutionContext } from "../context";
import { cfObject } from "../cf";
import { entry, type EntrypointClass, settle, workerExports } from "../entry";
import { env } from "../env";
import type { Callee } from "../rpc/members";
import { type Invoke, serveCall } from "../rpc/serve";
import { type Attachment, unpackData } from "../rpc/values";
import { requestFromNative } from "../web/request";
import type { Source } from "../web/streams";
import { WorkerEntrypoint } from "../workers_module";

function exportOf(name: string | undefined): unknown {
  const value = workerExports[name ?? "default"];
  if ((typeof value === "object" && value !== null) || typeof value === "function") return value;
  throw new Error(
    name === undefined
      ? "The worker of the service binding has no default export."
      : `The worker of the service binding has no entrypoint named "${name}".`,
  );
}

function dispatchEntrypointFetch(
  id: number,
  name: string | undefined,
  props: Uint8Array,
  method: string,
  url: string,
  headerBlock: string,
  body: Source | undefined,
): void {
  const request = requestFromNative(method, url, headerBlock, body, cfObject);
  const context = new ExecutionContext(id, unpackData(props));
  const main = exportOf(name);
  const owner = typeof main === "function" ? new (main as EntrypointClass)(context, env) : main;
  const handler = (owner as Record<string, unknown>).fetch;
  if (typeof handler !== "function") throw new TypeError("Handler does not export a fetch() function.");
  const args = typeof main === "function" ? [request] : [request, env, context];
  settle(id, Reflect.apply(handler, owner, args));
}

/** Handlers of an object get one argument, and then what all handlers get. */
function invokeHandler(context: ExecutionContext): Invoke {
  return (callee: Callee, owner, name, args) => {
    if (args.length !== 1)
      throw new TypeError(
        `Attempted to call RPC function "${name}" with the wrong number of arguments. When calling a top-level handler function that is not declared as part of a class, you must always send exactly one argument. In order to support variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.`,
      );
    return Reflect.apply(callee, owner, [args[0], env, context]);
  };
}

function dispatchEntrypointCall(
  id: number,
  name: string | undefined,
  props: Uint8Array,
  octets: Uint8Array,
  attachments: Attachment[],
): void {
  const context = new ExecutionContext(id, unpackData(props));
  const makeRoot = (): unknown => {
    const main = exportOf(name);
    if (typeof main !== "function") return main;
    const instance = new (main as EntrypointClass)(context, env);
    if (instance instanceof WorkerEntrypoint) return instance;
    throw new TypeError(
      'The receiving entrypoint does not support RPC, because its class was not declared with `extends WorkerEntrypoint`. In order to enable RPC, make sure your class extends the special class `WorkerEntrypoint`, which can be imported from the module "cloudflare:workers".',
    );
  };
  const isClass = typeof workerExports[name ?? "default"] === "function";
  serveCall(id, makeRoot, octets, attachments, isClass ? undefined : invokeHandler(context));
}

Object.assign(entry, { dispatchEntrypointFetch, dispatchEntrypointCall });
