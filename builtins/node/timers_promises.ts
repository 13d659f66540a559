// node:timers/promises.

import {
  type AbortSignal,
  clearInterval as stopInterval,
  clearTimeout,
  setInterval as startInterval,
  setTimeout as startTimeout,
} from "adit:internal";
import { AbortError } from "./internal/errors";
import { validateAbortSignal, validateBoolean, validateNumber, validateObject } from "./internal/validators";

interface Options {
  signal?: AbortSignal;
  ref?: boolean;
}

function checked(options: Options): AbortSignal | undefined {
  validateObject(options, "options");
  validateAbortSignal(options.signal, "options.signal");
  if (options.ref !== undefined) validateBoolean(options.ref, "options.ref");
  return options.signal;
}
const abortError = (signal: AbortSignal): AbortError => new AbortError(undefined, { cause: signal.reason });

async function wait<T>(delay_ms: number, value: T, options: Options): Promise<T> {
  const signal = checked(options);
  if (signal?.aborted) throw abortError(signal);
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(id);
      reject(abortError(signal!));
    };
    const id = startTimeout(() => {
      signal?.removeEventListener("abort", abort as never);
      resolve(value);
    }, delay_ms);
    signal?.addEventListener("abort", abort as never, { once: true });
  });
}

export async function setTimeout<T>(delay_ms?: number, value?: T, options: Options = {}): Promise<T | undefined> {
  if (delay_ms !== undefined) validateNumber(delay_ms, "delay");
  return await wait(delay_ms ?? 1, value, options);
}
export async function setImmediate<T>(value?: T, options: Options = {}): Promise<T | undefined> {
  return await wait(0, value, options);
}

export async function* setInterval<T>(
  delay_ms?: number,
  value?: T,
  options: Options = {},
): AsyncGenerator<T | undefined> {
  const signal = checked(options);
  if (delay_ms !== undefined) validateNumber(delay_ms, "delay");
  if (signal?.aborted) throw abortError(signal);
  let due = 0;
  let wake: (() => void) | undefined;
  const id = startInterval(() => {
    due++;
    wake?.();
  }, delay_ms ?? 1);
  const abort = (): void => wake?.();
  signal?.addEventListener("abort", abort as never, { once: true });
  try {
    for (;;) {
      if (signal?.aborted) throw abortError(signal);
      if (due === 0) await new Promise<void>((resolve) => (wake = resolve));
      if (signal?.aborted) throw abortError(signal);
      for (; due > 0; due--) yield value;
    }
  } finally {
    stopInterval(id);
    signal?.removeEventListener("abort", abort as never);
  }
}

export const scheduler = {
  wait: (delay_ms: number, options: Options = {}): Promise<unknown> => setTimeout(delay_ms, undefined, options),
  yield: (): Promise<unknown> => setImmediate(),
};
export default { scheduler, setImmediate, setInterval, setTimeout };
