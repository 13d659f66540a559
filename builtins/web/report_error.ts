// HTML § 8.1.4.6, reporting an exception: an "error" event at the global object and, unless a listener cancels it, the host's log.
// Used wherever the platform calls worker code whose caller is nobody: listeners, timers, microtasks, reportError().

import { native } from "../native";
import { dispatch, ErrorEvent, hasListeners } from "./events";
import { inspect } from "./inspect";
import { missingArgument } from "./webidl";

const ops = native<{
  /** [message, filename, line, column] of an exception, as V8 knows them. */
  exception_details(exception: unknown): [string, string, number, number];
  /** The host's log of what nobody caught: message and stack. */
  report_uncaught(text: string): void;
}>();

let reporting = false;

export function reportException(exception: unknown): void {
  // 3. The "in error reporting mode" flag: an error thrown by an error listener goes to the log only.
  if (!reporting && hasListeners(globalThis, "error")) {
    reporting = true;
    try {
      const [message, filename, lineno, colno] = ops.exception_details(exception);
      const event = new ErrorEvent("error", { cancelable: true, message, filename, lineno, colno, error: exception });
      if (!dispatch(globalThis, event, true)) return;
    } finally {
      reporting = false;
    }
  }
  ops.report_uncaught(inspect(exception));
}

export function reportError(error: unknown): void;
export function reportError(...args: unknown[]): void {
  if (args.length === 0) missingArgument("reportError", "ServiceWorkerGlobalScope", 1, "JsValue");
  reportException(args[0]);
}
Object.defineProperty(reportError, "length", { value: 1, configurable: true });
