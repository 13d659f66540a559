// node:console: the platform's console, and a Console class over streams.

import { console as platform } from "adit:internal";
import { format } from "./internal/inspect";
import { nodeError } from "./internal/errors";

const console = platform as any;

/** Writes each line to a stream, as Node's does. */
class StreamConsole {
  #out: any;
  #err: any;
  #indent = "";
  #counts = new Map<string, number>();
  #timers = new Map<string, number>();

  constructor(stdoutOrOptions: any, stderr?: any) {
    const out = typeof stdoutOrOptions?.write === "function" ? stdoutOrOptions : stdoutOrOptions?.stdout;
    if (typeof out?.write !== "function")
      throw nodeError(
        TypeError,
        "ERR_CONSOLE_WRITABLE_STREAM",
        "Console expects a writable stream instance for stdout",
      );
    this.#out = out;
    this.#err = stderr ?? stdoutOrOptions.stderr ?? out;
    // Methods work without their receiver.
    for (const name of Object.getOwnPropertyNames(StreamConsole.prototype))
      if (name !== "constructor") (this as any)[name] = (this as any)[name].bind(this);
  }
  #write(stream: any, args: unknown[]): void {
    stream.write(`${format(...args).replace(/^/gm, this.#indent)}\n`);
  }
  log(...args: unknown[]): void {
    this.#write(this.#out, args);
  }
  info(...args: unknown[]): void {
    this.#write(this.#out, args);
  }
  debug(...args: unknown[]): void {
    this.#write(this.#out, args);
  }
  dir(value: unknown): void {
    this.#write(this.#out, [value]);
  }
  dirxml(...args: unknown[]): void {
    this.#write(this.#out, args);
  }
  table(value: unknown): void {
    this.#write(this.#out, [value]);
  }
  error(...args: unknown[]): void {
    this.#write(this.#err, args);
  }
  warn(...args: unknown[]): void {
    this.#write(this.#err, args);
  }
  trace(...args: unknown[]): void {
    this.#write(this.#err, [`Trace: ${format(...args)}\n${new Error().stack?.split("\n").slice(2).join("\n") ?? ""}`]);
  }
  assert(condition: unknown, ...args: unknown[]): void {
    if (!condition)
      this.#write(this.#err, args.length > 0 ? [`Assertion failed: ${format(...args)}`] : ["Assertion failed"]);
  }
  group(...args: unknown[]): void {
    if (args.length > 0) this.log(...args);
    this.#indent += "  ";
  }
  groupCollapsed(...args: unknown[]): void {
    this.group(...args);
  }
  groupEnd(): void {
    this.#indent = this.#indent.slice(2);
  }
  count(label = "default"): void {
    const count = (this.#counts.get(label) ?? 0) + 1;
    this.#counts.set(label, count);
    this.log(`${label}: ${count}`);
  }
  countReset(label = "default"): void {
    this.#counts.delete(label);
  }
  time(label = "default"): void {
    this.#timers.set(label, Date.now());
  }
  timeLog(label = "default", ...args: unknown[]): void {
    this.log(`${label}: ${Date.now() - (this.#timers.get(label) ?? Date.now())}ms`, ...args);
  }
  timeEnd(label = "default"): void {
    this.timeLog(label);
    this.#timers.delete(label);
  }
  clear(): void {}
}

export const Console: any = function Console(stdout: unknown, stderr?: unknown) {
  return new StreamConsole(stdout, stderr);
};
export const context = (): never => {
  throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "The console.context method is not implemented");
};
export const createTask = context;
const nothing = (): void => {};
export const profile: () => void = console.profile ?? nothing;
export const profileEnd: () => void = console.profileEnd ?? nothing;
export const timeStamp: () => void = console.timeStamp ?? nothing;
export const {
  assert,
  clear,
  count,
  countReset,
  debug,
  dir,
  dirxml,
  error,
  group,
  groupCollapsed,
  groupEnd,
  info,
  log,
  table,
  time,
  timeEnd,
  timeLog,
  trace,
  warn,
} = console;
console.Console ??= Console;
console.createTask ??= createTask;
export default console;
