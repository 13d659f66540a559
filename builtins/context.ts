// The execution context that a handler gets: waitUntil and passThroughOnException (Workers docs, Runtime APIs, Context). Its private id names
// the invocation to C++ (src/worker/invocation.h).

import { tracing } from "./tracing";
import { native } from "./native";

const ops = native<{
  invocation_wait(id: number, delta: number): void;
  invocation_pass_through(id: number): void;
  invocation_log_uncaught(exception: unknown, prefix: string): void;
}>();

const then = Promise.prototype.then;

/** Keeps the invocation alive until the promise settles; a rejection is logged, as Workers do. */
export function waitFor(id: number, promise: unknown): void {
  ops.invocation_wait(id, 1);
  then.call(
    Promise.resolve(promise),
    () => ops.invocation_wait(id, -1),
    (error: unknown) => {
      ops.invocation_log_uncaught(error, "Uncaught (in waitUntil) ");
      ops.invocation_wait(id, -1);
    },
  );
}

let makeExports: () => object | undefined = () => undefined;

/** Who knows the worker's exports says here how to show them (bindings/exports.ts). */
export function setContextExports(make: () => object | undefined): void {
  makeExports = make;
}

/** ctx.exports: the worker's own entrypoints and classes, as bindings. */
export function contextExports(): object | undefined {
  return makeExports();
}

export class ExecutionContext {
  #id: number;
  props: unknown;

  constructor(id: number, props: unknown = {}) {
    this.#id = id;
    this.props = props;
  }

  get exports(): object | undefined {
    void this.#id;
    return makeExports();
  }

  get tracing(): typeof tracing {
    void this.#id;
    return tracing;
  }

  /** Extends the invocation beyond its response, by at most 30 seconds. */
  waitUntil(promise: unknown): void {
    waitFor(this.#id, promise);
  }

  /** If the handler throws, the request goes to the origin instead of failing. */
  passThroughOnException(): void {
    ops.invocation_pass_through(this.#id);
  }

  abort(reason?: unknown): never {
    throw reason ?? new Error("The execution context was aborted");
  }

  get [Symbol.toStringTag](): string {
    return "ExecutionContext";
  }
}
