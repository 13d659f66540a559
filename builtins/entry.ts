// What C++ calls (src/worker/worker_isolate.cc): set up the environment, register the worker's handlers, dispatch events to them.
// The hot path is dispatchFetch: it allocates a Request, a context and what the handler itself makes, nothing else.

import { ExecutionContext } from "./context";
import {
  compatibilityDate,
  compatibilityFlags,
  enabledFlags,
  env,
  originServer,
  requiredExports,
  setEnvironment,
  type EnvironmentDescription,
} from "./env";
import { cfObject } from "./cf";
import { applyCompatibility } from "./compatibility";
import { builtinModule } from "./modules";
import { installNodeGlobals } from "./node_compat";
import { native, type NativeHandle } from "./native";
import { prepareStackTrace } from "./stack_trace";
import { clonePlatformObject } from "./web/clone_platform";
import { makeDOMException } from "./web/dom_exception";
import { dispatch as dispatchEvent, hasListeners, PromiseRejectionEvent } from "./web/events";
import { fetch } from "./web/fetch";
import { requestFromNative, setClientSignal, type Request } from "./web/request";
import { clientGone, clientSignal } from "./client_signal";
import {
  isResponse,
  responseBody,
  responseEncodesManually,
  responseHeaderLines,
  responseStatus,
  responseStatusText,
  responseWebSocket,
  type Response,
} from "./web/response";
import { URL } from "./web/url";
import { setSubrequestCounter } from "./web/subrequests";
import { configureWebSockets, websocketLink, type WebSocket } from "./web/websocket";
import { fetchEventResult, makeFetchEvent, makeScheduledEvent } from "./worker_events";

type Source = NativeHandle<"byte_source">;

const ops = native<{
  invocation_respond(
    id: number,
    status: number,
    statusText: string | undefined,
    headerLines: string,
    body: null | string | Uint8Array | Source,
    websocket: NativeHandle<"websocket"> | undefined,
    isEncodedByHand?: boolean,
  ): void;
  invocation_fail(id: number, error: unknown): void;
  invocation_passes_through(id: number): boolean;
  invocation_log_uncaught(error: unknown, prefix: string): void;
  invocation_subrequest(): void;
}>();

setSubrequestCounter(() => ops.invocation_subrequest());

type Handler = (this: unknown, event: unknown, env: object, ctx: ExecutionContext) => unknown;
type Handlers = Record<string, Handler | undefined>;

/** The class of an entrypoint or Durable Object: what cloudflare:workers exports are for. */
export type EntrypointClass = new (ctx: unknown, env: object) => Record<string, unknown>;

let handlers: Handlers | undefined;
let handlersThis: object | undefined;
let entrypoint: EntrypointClass | undefined;
let fetchHandler: Handler | undefined;
/** The main module's namespace: its exports are the Durable Object classes and named entrypoints. */
export let workerExports: Record<string, unknown> = {};

const then = Promise.prototype.then;

/** Answers an invocation with what a handler returned. */
export function respond(id: number, response: unknown): void {
  if (!isResponse(response)) {
    ops.invocation_fail(id, new TypeError("Incorrect type for Promise: the Promise did not resolve to 'Response'."));
    return;
  }
  try {
    const socket = responseWebSocket(response);
    const link = socket === null ? undefined : websocketLink(socket as WebSocket);
    ops.invocation_respond(
      id,
      responseStatus(response),
      responseStatusText(response),
      responseHeaderLines(response),
      link === undefined ? responseBody(response) : null,
      link,
      responseEncodesManually(response),
    );
  } catch (error) {
    ops.invocation_fail(id, error);
  }
}

/** A handler failed. When it said passThroughOnException(), its request goes to the origin server, if there is one. */
function fail(id: number, error: unknown, request: Request | undefined): void {
  if (request === undefined || originServer === "" || !ops.invocation_passes_through(id)) {
    ops.invocation_fail(id, error);
    return;
  }
  ops.invocation_log_uncaught(error, "Uncaught ");
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  // What the handler has read of the body cannot be sent again.
  const body = request.bodyUsed ? null : request.body;
  fetch(originServer + pathname + search, { method, headers, body, redirect: "manual" }).then(
    (response) => respond(id, response),
    (failure) => ops.invocation_fail(id, failure),
  );
}

/** Answers an invocation when the handler's result settles. */
export function settle(id: number, result: unknown, request?: Request): void {
  if (result instanceof Promise) {
    then.call(
      result,
      (response) => respond(id, response),
      (error) => fail(id, error, request),
    );
  } else if (isResponse(result)) {
    respond(id, result);
  } else {
    settle(id, Promise.resolve(result), request);
  }
}

function listenerHandler(id: number, request: Request): unknown {
  const event = makeFetchEvent(id, request);
  dispatchEvent(globalThis, event, true);
  return fetchEventResult(event);
}

function register(namespace: Record<string, unknown> | undefined): void {
  if (namespace === undefined) {
    if (!hasListeners(globalThis, "fetch") && !hasListeners(globalThis, "scheduled"))
      throw new Error(
        'The script has no handlers: use "export default { fetch() {...} }" or addEventListener("fetch", ...)',
      );
    return;
  }
  workerExports = namespace;
  const missing = requiredExports.filter((name) => typeof namespace[name] !== "function");
  if (missing.length > 0)
    throw new Error(
      `The worker depends on Durable Object classes that its main module does not export: ${missing.join(", ")}`,
    );
  const main = namespace.default;
  if (typeof main === "function") {
    entrypoint = main as unknown as EntrypointClass;
    return;
  }
  if (typeof main !== "object" || main === null) {
    if (Object.values(namespace).some((value) => typeof value === "function")) return; // only Durable Objects or entrypoints
    throw new Error(
      'The main module has no default export: use "export default { async fetch(request, env, ctx) {...} }"',
    );
  }
  handlers = main as Handlers;
  handlersThis = main;
  if (typeof handlers.fetch === "function") fetchHandler = handlers.fetch;
}

function dispatchFetch(id: number, method: string, url: string, headerBlock: string, body: Source | undefined): void {
  const request = requestFromNative(method, url, headerBlock, body, cfObject);
  if (enabledFlags.enable_request_signal === true) setClientSignal(request, () => clientSignal(id));
  let result: unknown;
  try {
    if (fetchHandler !== undefined) {
      result = fetchHandler.call(handlersThis, request, env, new ExecutionContext(id));
    } else if (entrypoint !== undefined) {
      const instance = new entrypoint(new ExecutionContext(id), env);
      if (typeof instance.fetch !== "function") throw new TypeError("Handler does not export a fetch() function.");
      result = (instance.fetch as (request: Request) => unknown)(request);
    } else if (handlers === undefined && hasListeners(globalThis, "fetch")) {
      result = listenerHandler(id, request);
    } else {
      throw new TypeError("Handler does not export a fetch() function.");
    }
  } catch (error) {
    fail(id, error, request);
    return;
  }
  settle(id, result, request);
}

/** A cron trigger: answers with 200 when the handler succeeded. */
function dispatchScheduled(id: number, cron: string, scheduledTime: number): void {
  const answer = (): void => ops.invocation_respond(id, 200, undefined, "", null, undefined);
  const controller = makeScheduledEvent(id, scheduledTime, cron);
  let result: unknown;
  if (typeof handlers?.scheduled === "function") {
    result = handlers.scheduled.call(handlersThis, controller, env, new ExecutionContext(id));
  } else if (entrypoint !== undefined) {
    const instance = new entrypoint(new ExecutionContext(id), env);
    if (typeof instance.scheduled !== "function")
      throw new TypeError("Handler does not export a scheduled() function.");
    result = (instance.scheduled as (controller: unknown) => unknown)(controller);
  } else if (hasListeners(globalThis, "scheduled")) {
    dispatchEvent(globalThis, controller, true);
  } else {
    throw new TypeError("Handler does not export a scheduled() function.");
  }
  then.call(Promise.resolve(result), answer, (error) => ops.invocation_fail(id, error));
}

/** HTML § 8.1.6.3: true when a listener prevented the default, which is to log the rejection. */
function unhandledRejection(promise: Promise<unknown>, reason: unknown): boolean {
  if (!hasListeners(globalThis, "unhandledrejection")) return false;
  return !dispatchEvent(
    globalThis,
    new PromiseRejectionEvent("unhandledrejection", { cancelable: true, promise, reason }),
    true,
  );
}

function setup(description: string): void {
  setEnvironment(JSON.parse(description) as EnvironmentDescription);
  configureWebSockets(compatibilityDate, compatibilityFlags);
  applyCompatibility();
  installNodeGlobals();
}

/** Service-worker syntax has no `env`: each binding is a global variable. Before the script runs. */
function exposeBindings(): void {
  for (const [name, value] of Object.entries(env))
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The functions that C++ knows by name. Bindings add theirs (durable_object.ts: dispatchObjectFetch, ...). */
export const entry: Record<string, unknown> = {
  setup,
  exposeBindings,
  register,
  dispatchFetch,
  dispatchScheduled,
  unhandledRejection,
  makeDOMException,
  prepareStackTrace,
  builtinModule,
  clonePlatformObject,
  clientGone,
};

export type { Response };
