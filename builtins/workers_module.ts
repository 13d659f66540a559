// cloudflare:workers (Workers docs, Runtime APIs, RPC): the base classes of entrypoints and Durable Objects, and waitUntil for the current
// invocation, `env` wherever it is imported and what withEnv() lays over it. JavaScript RPC itself is builtins/rpc.

import { waitFor } from "./context";
import { env as workerEnv } from "./env";
import { native } from "./native";
import { callableClasses } from "./rpc/members";

const ops = native<{ context_get(): unknown; context_set(context: unknown): void }>();

/** The invocation that is running, or -1 outside of one (the top level of a module). */
export function currentInvocation(): number {
  const context = ops.context_get();
  if (typeof context === "number") return context;
  return Array.isArray(context) ? (context[0] as number) : -1;
}

/** Entrypoints and objects get their context and environment from the platform, not from a script. */
function requireContext(name: string, ctx: unknown): void {
  if (typeof ctx !== "object" || ctx === null)
    throw new TypeError(`Failed to construct '${name}': constructor parameter 1 is not of type 'JsObject'.`);
}

export class DurableObject {
  protected ctx: unknown;
  protected env: unknown;
  constructor(ctx: unknown, env: unknown) {
    requireContext("DurableObject", ctx);
    this.ctx = ctx;
    this.env = env;
  }
}

export class WorkerEntrypoint {
  protected ctx: unknown;
  protected env: unknown;
  constructor(ctx: unknown, env: unknown) {
    requireContext("WorkerEntrypoint", ctx);
    this.ctx = ctx;
    this.env = env;
  }
}

callableClasses.push((value) => value instanceof WorkerEntrypoint || value instanceof DurableObject);

export class WorkflowEntrypoint {
  constructor() {
    throw new Error("Workflows are not supported by Adit yet (see docs/compatibility.md)");
  }
}

/** Extends the current invocation, wherever it is called from. */
export function waitUntil(promise: unknown): void {
  const id = currentInvocation();
  if (id < 0) throw new Error("waitUntil() can only be called while a request or event is being handled");
  waitFor(id, promise);
}

/** A key of the async context, whose frames are [invocation, key, value, key, value, ...]. */
const environmentKey = {};
const exportsKey = {};

function frameValue(key: object): unknown {
  const frame = ops.context_get();
  if (!Array.isArray(frame)) return undefined;
  for (let i = 1; i < frame.length; i += 2) if (frame[i] === key) return frame[i + 1] as unknown;
  return undefined;
}

/** Runs with a value in the context, also of what the callback starts. */
function withFrameValue<T>(key: object, value: unknown, callback: () => T): T {
  const previous = ops.context_get();
  const frame: unknown[] = Array.isArray(previous) ? previous.slice() : [typeof previous === "number" ? previous : -1];
  const at = frame.indexOf(key, 1);
  if (at < 0) frame.push(key, value);
  else frame[at + 1] = value;
  ops.context_set(frame);
  try {
    return callback();
  } finally {
    ops.context_set(previous);
  }
}

/** An object that is another one, whichever that is now. */
function follow(current: () => object): object {
  return new Proxy(
    {},
    {
      get: (_, key) => Reflect.get(current(), key) as unknown,
      set: (_, key, value) => Reflect.set(current(), key, value),
      has: (_, key) => Reflect.has(current(), key),
      deleteProperty: (_, key) => Reflect.deleteProperty(current(), key),
      ownKeys: () => Reflect.ownKeys(current()),
      getOwnPropertyDescriptor: (_, key) => {
        const descriptor = Reflect.getOwnPropertyDescriptor(current(), key);
        return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
      },
      defineProperty: (_, key, descriptor) => Reflect.defineProperty(current(), key, descriptor),
    },
  );
}

export const env = follow(() => (frameValue(environmentKey) as object | undefined) ?? workerEnv);
export const makeExportsView = (own: () => object): object =>
  follow(() => (frameValue(exportsKey) as object | undefined) ?? own());

export function withEnv<T>(value: unknown, callback: () => T): T {
  return withFrameValue(environmentKey, value, callback);
}

export function withExports<T>(value: unknown, callback: () => T): T {
  return withFrameValue(exportsKey, value, callback);
}

export function withEnvAndExports<T>(environment: unknown, value: unknown, callback: () => T): T {
  return withEnv(environment, () => withExports(value, callback));
}
