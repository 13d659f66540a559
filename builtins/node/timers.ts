// node:timers: setTimeout and its relatives with Node's Timeout objects, over the platform's timers.

import {
  clearInterval as stopInterval,
  clearTimeout as stopTimeout,
  setInterval as startInterval,
  setTimeout as startTimeout,
} from "adit:internal";
import { AsyncResource } from "./async_hooks";
import { customPromisify } from "./internal/symbols";
import { validateFunction } from "./internal/validators";
import timersPromises from "./timers_promises";

type Callback = (...args: any[]) => unknown;

export class Timeout {
  #callback: Callback;
  #args: unknown[];
  #delay_ms: number;
  #repeats: boolean;
  #id: number;
  #isActive = true;

  constructor(callback: Callback, delay_ms: unknown, args: unknown[], repeats: boolean) {
    this.#callback = callback;
    this.#args = args;
    // Node: what is not between 1 and 2^31 - 1 is 1.
    const delay = Math.trunc(Number(delay_ms ?? 1));
    this.#delay_ms = delay >= 1 && delay <= 2147483647 ? delay : 1;
    this.#repeats = repeats;
    this.#id = this.#start();
  }
  #start(): number {
    if (this.#repeats) return startInterval(this.#callback, this.#delay_ms, ...this.#args);
    return startTimeout(
      (...args: unknown[]) => {
        this.#isActive = false;
        this.#callback(...args);
      },
      this.#delay_ms,
      ...this.#args,
    );
  }
  refresh(): this {
    if (this.#isActive) {
      this.#stop();
      this.#id = this.#start();
    }
    return this;
  }
  #stop(): void {
    if (this.#repeats) stopInterval(this.#id);
    else stopTimeout(this.#id);
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  close(): this {
    this.#isActive = false;
    this.#stop();
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.#id;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

export class Immediate {
  #id: number | undefined;
  constructor(callback: Callback, args: unknown[]) {
    const resource = AsyncResource.bind(callback);
    this.#id = startTimeout(() => resource(...args), 0);
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return this.#id !== undefined;
  }
  close(): void {
    if (this.#id !== undefined) stopTimeout(this.#id);
    this.#id = undefined;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

export function setTimeout(callback: Callback, delay_ms?: unknown, ...args: unknown[]): Timeout {
  validateFunction(callback, "callback");
  return new Timeout(callback, delay_ms, args, false);
}
export function setInterval(callback: Callback, delay_ms?: unknown, ...args: unknown[]): Timeout {
  validateFunction(callback, "callback");
  return new Timeout(callback, delay_ms, args, true);
}
export function setImmediate(callback: Callback, ...args: unknown[]): Immediate {
  validateFunction(callback, "callback");
  return new Immediate(callback, args);
}
export function clearTimeout(timer?: unknown): void {
  if (timer instanceof Timeout) timer.close();
  else if (typeof timer === "number" || typeof timer === "string") stopTimeout(timer);
}
export const clearInterval = clearTimeout;
export function clearImmediate(immediate?: unknown): void {
  if (immediate instanceof Immediate) immediate.close();
}
for (const [fn, promised] of [
  [setTimeout, timersPromises.setTimeout],
  [setImmediate, timersPromises.setImmediate],
] as const)
  Object.defineProperty(fn, customPromisify, { enumerable: true, get: () => promised });

/** Deprecated in Node for years: they do nothing a worker could see. */
export function active(): void {}
export function unenroll(): void {}
export function enroll(): void {}
export { timersPromises as promises };

export default {
  Timeout,
  active,
  clearImmediate,
  clearInterval,
  clearTimeout,
  enroll,
  promises: timersPromises,
  setImmediate,
  setInterval,
  setTimeout,
  unenroll,
};
