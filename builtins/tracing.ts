// `tracing` of cloudflare:workers and ctx.tracing (Workers docs, Observability, Traces): spans of the worker's own. Nothing records them here, which
// a span says: isTraced is false, as on Workers when a request is not sampled.

import { defineInterface, missingArgument, toDOMString } from "./web/webidl";

const internal = Symbol("internal");

class Span {
  readonly #brand = true;
  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }
  get isTraced(): boolean {
    return !this.#brand;
  }
  setAttribute(name: unknown = undefined): void {
    void this.#brand;
    if (name === undefined) missingArgument("setAttribute", "Span", 1, "string");
    toDOMString(name);
  }
}
defineInterface(Span, "Span");

class Tracing {
  readonly #brand = true;
  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }
  /** Calls the function with a span, then with what follows it, and gives what it gives. */
  enterSpan(name: unknown = undefined, run: unknown = undefined, ...args: unknown[]): unknown {
    void this.#brand;
    if (name === undefined) missingArgument("enterSpan", "Tracing", 1, "string");
    toDOMString(name);
    if (typeof run !== "function") missingArgument("enterSpan", "Tracing", 2, "function");
    return (run as (...given: unknown[]) => unknown)(new Span(internal), ...args);
  }
}
defineInterface(Tracing, "Tracing");
Object.defineProperty(Tracing.prototype, "Span", { value: Span, writable: true, configurable: true });

export const tracing = new Tracing(internal);
