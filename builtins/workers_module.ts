// cloudflare:workers (Workers docs, Runtime APIs, RPC): the base classes of entrypoints and Durable Objects, and waitUntil for the current
// invocation. JavaScript RPC is not built yet: calling a method of a stub says so.

import { waitFor } from "./context";
import { native } from "./native";

const ops = native<{ context_get(): unknown }>();

/** The invocation that is running, or -1 outside of one (the top level of a module). */
export function currentInvocation(): number {
  const context = ops.context_get();
  if (typeof context === "number") return context;
  return Array.isArray(context) ? (context[0] as number) : -1;
}

export class RpcTarget {}

export class DurableObject {
  protected ctx: unknown;
  protected env: unknown;
  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class WorkerEntrypoint {
  protected ctx: unknown;
  protected env: unknown;
  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class WorkflowEntrypoint {
  constructor() {
    throw new Error("Workflows are not supported by Adit yet (see docs/compatibility.md)");
  }
}

export class RpcStub {
  constructor() {
    throw new Error("JavaScript RPC is not supported by Adit yet (see docs/compatibility.md)");
  }
}

/** Extends the current invocation, wherever it is called from. */
export function waitUntil(promise: unknown): void {
  const id = currentInvocation();
  if (id < 0) throw new Error("waitUntil() can only be called while a request or event is being handled");
  waitFor(id, promise);
}
