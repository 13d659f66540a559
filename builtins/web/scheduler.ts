// Workers' `scheduler`: scheduler.wait(ms, { signal }), a setTimeout that is a promise.

import { abortReason, isAborted, isAbortSignal, onAbort } from "./abort";
import { sleep } from "./timers";
import { defineInterface, missingArgument } from "./webidl";

const internal = Symbol("internal");

export class Scheduler {
  #brand = true;

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }

  wait(delay_ms: number, options?: { signal?: unknown } | null): Promise<void>;
  async wait(...args: unknown[]): Promise<void> {
    void this.#brand;
    if (args.length === 0) missingArgument("wait", "Scheduler", 1, "number");
    const delay_ms = Number(args[0]);
    const signal = (args[1] as { signal?: unknown } | null | undefined)?.signal;
    if (signal === undefined || signal === null) return await new Promise((resolve) => void sleep(delay_ms, resolve));
    if (!isAbortSignal(signal))
      throw new TypeError(
        "Incorrect type for the 'signal' field on 'WaitOptions': the provided value is not of type 'AbortSignal'.",
      );
    if (isAborted(signal)) throw abortReason(signal);
    await new Promise<void>((resolve, reject) => {
      const cancel = sleep(delay_ms, () => {
        forget();
        resolve();
      });
      const forget = onAbort(signal, (reason) => {
        cancel();
        reject(reason);
      });
    });
  }
}
defineInterface(Scheduler, "Scheduler");
Object.defineProperty(Scheduler.prototype.wait, "length", { value: 1, configurable: true });

export const scheduler = new Scheduler(internal);
