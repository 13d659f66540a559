// DOM § 3: AbortController and AbortSignal.
// A signal's own algorithms (fetch, streams, listeners) are kept apart from its event listeners: onAbort() is the door for the platform,
// costs one array slot, and runs before the "abort" event as the standard says. A dependent signal (AbortSignal.any) is held by its
// sources only weakly until somebody observes it (§ 3.2.1), so that a long-lived source does not collect short-lived dependants.

import { DOMException } from "./dom_exception";
import { defineEventHandler, dispatch, Event, EventTarget, hasListeners, setAbortHooks } from "./events";
import { sleep } from "./timers";
import { defineInterface, missingArgument } from "./webidl";

const internal = Symbol("internal");

type Algorithm = (reason: unknown) => void;

let signalAbort: (signal: AbortSignal, reason?: unknown) => void;
let isAborted: (signal: AbortSignal) => boolean;
let isAbortSignal: (value: unknown) => value is AbortSignal;
let abortReason: (signal: AbortSignal) => unknown;
let onAbort: (signal: AbortSignal, algorithm: Algorithm) => () => void;
let createDependent: (sources: AbortSignal[]) => AbortSignal;

const nothing = () => {};

/** The signals made from a source by AbortSignal.any(). */
class Dependents {
  readonly #observed = new Set<AbortSignal>();
  #all: WeakRef<AbortSignal>[] = [];
  #pruneAt = 16;

  add(signal: AbortSignal): void {
    if (this.#all.length >= this.#pruneAt) {
      this.#all = this.#all.filter((reference) => reference.deref() !== undefined);
      this.#pruneAt = Math.max(16, this.#all.length * 2);
    }
    this.#all.push(new WeakRef(signal));
  }
  observe(signal: AbortSignal): void {
    this.#observed.add(signal);
  }
  forget(signal: AbortSignal): void {
    this.#observed.delete(signal);
  }
  *[Symbol.iterator](): Generator<AbortSignal> {
    for (const reference of this.#all) {
      const signal = reference.deref();
      if (signal !== undefined) yield signal;
    }
  }
}

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  #algorithms: Algorithm[] | undefined = undefined;
  #sources: AbortSignal[] | undefined = undefined;
  #dependents: Dependents | undefined = undefined;

  static {
    isAborted = (signal) => signal.#aborted;
    isAbortSignal = (value): value is AbortSignal => typeof value === "object" && value !== null && #aborted in value;
    abortReason = (signal) => signal.#reason;
    // "Add an algorithm to a signal"; the function that is returned is "remove an algorithm".
    onAbort = (signal, algorithm) => {
      if (signal.#aborted) return nothing;
      (signal.#algorithms ??= []).push(algorithm);
      signal.#observed();
      return () => {
        const algorithms = signal.#algorithms;
        const index = algorithms === undefined ? -1 : algorithms.indexOf(algorithm);
        if (index >= 0) algorithms!.splice(index, 1);
      };
    };
    // "Signal abort": mark this and its dependants first, then run the abort steps of each.
    signalAbort = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? new DOMException("The operation was aborted", "AbortError") : reason;
      const toAbort: AbortSignal[] = [];
      for (const dependent of signal.#dependents ?? []) {
        if (dependent.#aborted) continue;
        dependent.#aborted = true;
        dependent.#reason = signal.#reason;
        toAbort.push(dependent);
      }
      signal.#dependents = undefined;
      signal.#runAbortSteps();
      for (const dependent of toAbort) dependent.#runAbortSteps();
    };
    // "Create a dependent abort signal". Sources of a dependent signal are taken in its place, so that there are only two levels.
    createDependent = (sources) => {
      const signal = new AbortSignal(internal);
      for (const source of sources) {
        if (source.#aborted) {
          signal.#aborted = true;
          signal.#reason = source.#reason;
          return signal;
        }
      }
      const roots = new Set<AbortSignal>();
      for (const source of sources) for (const root of source.#sources ?? [source]) roots.add(root);
      signal.#sources = [...roots];
      for (const root of roots) (root.#dependents ??= new Dependents()).add(signal);
      return signal;
    };
    setAbortHooks({
      isAbortSignal,
      isAborted: (signal) => isAborted(signal as AbortSignal),
      onAbort: (signal, algorithm) => void onAbort(signal as AbortSignal, algorithm),
      observed: (signal) => (signal as AbortSignal).#observed(),
    });
  }

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    super();
  }

  #observed(): void {
    if (this.#sources !== undefined) for (const source of this.#sources) source.#dependents?.observe(this);
  }

  #runAbortSteps(): void {
    const algorithms = this.#algorithms;
    this.#algorithms = undefined;
    if (this.#sources !== undefined) for (const source of this.#sources) source.#dependents?.forget(this);
    this.#sources = undefined;
    if (algorithms !== undefined) for (const algorithm of algorithms) algorithm(this.#reason);
    if (hasListeners(this, "abort")) dispatch(this, new Event("abort"));
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(internal);
    signal.#aborted = true;
    signal.#reason = reason === undefined ? new DOMException("The operation was aborted", "AbortError") : reason;
    return signal;
  }

  static timeout(delay_ms: number): AbortSignal;
  static timeout(...args: unknown[]): AbortSignal {
    if (args.length === 0) missingArgument("timeout", "AbortSignal", 1, "number");
    const signal = new AbortSignal(internal);
    sleep(Number(args[0]), () => {
      signalAbort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    });
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal;
  static any(...args: unknown[]): AbortSignal {
    const signals = args[0] as Iterable<AbortSignal> | null | undefined;
    if (typeof signals !== "object" || signals === null || typeof signals[Symbol.iterator] !== "function")
      missingArgument("any", "AbortSignal", 1, "Array");
    const sources = [...signals];
    sources.forEach((source, index) => {
      if (!isAbortSignal(source))
        throw new TypeError(
          `Incorrect type for array element ${index}: the provided value is not of type 'AbortSignal'.`,
        );
    });
    return createDependent(sources);
  }

  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
}
defineInterface(AbortSignal, "AbortSignal");
defineEventHandler(AbortSignal, "abort");
Object.defineProperty(AbortSignal, "length", { value: 0, configurable: true });
for (const name of ["timeout", "any"] as const)
  Object.defineProperty(AbortSignal[name], "length", { value: 1, configurable: true });
Object.defineProperty(AbortSignal.abort, "length", { value: 0, configurable: true });

export class AbortController {
  readonly #signal = createAbortSignal();

  get signal(): AbortSignal {
    return this.#signal;
  }
  abort(reason?: unknown): void {
    signalAbort(this.#signal, reason);
  }
}
defineInterface(AbortController, "AbortController");
Object.defineProperty(AbortController.prototype.abort, "length", { value: 0, configurable: true });

/** A signal that the platform aborts with signalAbort(): a request's, a stream's. */
export function createAbortSignal(): AbortSignal {
  return new AbortSignal(internal);
}

export { abortReason, createDependent, isAborted, isAbortSignal, onAbort, signalAbort };
