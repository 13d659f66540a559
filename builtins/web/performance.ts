// High Resolution Time: performance.now() and performance.timeOrigin.
// The time origin is the isolate's start. Workers on Cloudflare freeze the clock between I/O as a defence against timing attacks of
// tenants on each other; here a worker's code belongs to who runs it, so the clock runs on, in steps of 0.1 ms.

import { native } from "../native";
import { defineInterface } from "./webidl";

const ops = native<{
  /** Milliseconds since the isolate's start, in steps of 0.1 ms. */
  performance_now(): number;
  /** Unix time of the isolate's start, in milliseconds. */
  performance_time_origin(): number;
}>();

const internal = Symbol("internal");

export function now(): number {
  return ops.performance_now();
}

export class Performance {
  #brand = true;

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }
  get timeOrigin(): number {
    void this.#brand;
    return ops.performance_time_origin();
  }
  now(): number {
    void this.#brand;
    return ops.performance_now();
  }
  toJSON(): { timeOrigin: number } {
    return { timeOrigin: this.timeOrigin };
  }
}
defineInterface(Performance, "Performance");

export const performance = new Performance(internal);
