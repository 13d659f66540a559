// HTML § 8.7 timers, queueMicrotask and the platform's own sleep().
// A timer is a native promise (src/web/timers.cc) with the callback as its reaction, so the async context and the invocation travel
// with it as with any promise, it counts as pending work of its invocation, and a timer that is dropped natively (its invocation
// ended) leaves nothing behind in JavaScript. Ids are small integers, as Workers give them.

import { native } from "../native";
import { reportException } from "./report_error";
import { missingArgument } from "./webidl";

const ops = native<{
  timer_start(id: number, delay_ms: number, repeats: boolean): Promise<void>;
  /** Arms an interval again; undefined when it was cleared meanwhile. */
  timer_again(id: number, delay_ms: number): Promise<void> | undefined;
  timer_stop(id: number): void;
}>();

let lastId = 0;
const maximum_ms = 0x7fffffff;

type Callback = (...args: unknown[]) => unknown;

// Workers wait for a delay beyond 31 bits rather than firing at once, as HTML's conversion to long would have it.
function toDelay(value: unknown): number {
  const delay = typeof value === "number" ? value : Number(value);
  return delay > 0 ? Math.min(Math.trunc(delay), maximum_ms) : 0; // NaN is 0
}

function call(callback: Callback, args: unknown[]): void {
  try {
    Reflect.apply(callback, globalThis, args);
  } catch (error) {
    reportException(error);
  }
}

async function runTimeout(fired: Promise<void>, callback: Callback, args: unknown[]): Promise<void> {
  await fired;
  call(callback, args);
}

async function runInterval(id: number, delay_ms: number, callback: Callback, args: unknown[]): Promise<void> {
  let fired: Promise<void> | undefined = ops.timer_start(id, delay_ms, true);
  while (fired !== undefined) {
    await fired;
    call(callback, args);
    fired = ops.timer_again(id, delay_ms);
  }
}

export function setTimeout(callback: Callback, delay_ms?: unknown, ...args: unknown[]): number {
  if (typeof callback !== "function") missingArgument("setTimeout", "ServiceWorkerGlobalScope", 1, "function");
  const delay = toDelay(delay_ms);
  const id = ++lastId;
  void runTimeout(ops.timer_start(id, delay, false), callback, args);
  return id;
}

export function setInterval(callback: Callback, delay_ms?: unknown, ...args: unknown[]): number {
  if (typeof callback !== "function") missingArgument("setInterval", "ServiceWorkerGlobalScope", 1, "function");
  const delay = toDelay(delay_ms);
  const id = ++lastId;
  void runInterval(id, delay, callback, args);
  return id;
}

function clear(id: unknown): void {
  const number = typeof id === "number" ? id : Number(id as number);
  if (number >= 1 && number <= lastId) ops.timer_stop(Math.trunc(number));
}

export function clearTimeout(id?: unknown): void {
  clear(id);
}
export function clearInterval(id?: unknown): void {
  clear(id);
}

for (const [fn, length] of [
  [setTimeout, 1],
  [setInterval, 1],
  [clearTimeout, 0],
  [clearInterval, 0],
] as const)
  Object.defineProperty(fn, "length", { value: length, configurable: true });

/** For the platform: runs `then` after the delay; the function that is returned cancels it. */
export function sleep(delay_ms: number, then: () => void): () => void {
  const id = ++lastId;
  void runTimeout(ops.timer_start(id, toDelay(delay_ms), false), then, []);
  return () => ops.timer_stop(id);
}

async function runMicrotask(callback: () => unknown): Promise<void> {
  await undefined; // exactly one turn of the microtask queue
  try {
    Reflect.apply(callback, undefined, []);
  } catch (error) {
    reportException(error);
  }
}

// HTML § 8.8.
export function queueMicrotask(callback: () => unknown): void {
  if (typeof callback !== "function") missingArgument("queueMicrotask", "ServiceWorkerGlobalScope", 1, "function");
  void runMicrotask(callback);
}
