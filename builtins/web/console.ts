// The Console standard: formats in JavaScript (inspect.ts) and hands finished text to the isolate's host.
// Labels, counters, timers and the group's indentation belong to the isolate, as its global scope does.

import { native } from "../native";
import { formatArguments } from "./console_format";
import { inspect } from "./inspect";
import { now } from "./performance";

const ops = native<{
  /** False once the invocation has logged as much as it may; the text was then left out. */
  console_write(level: number, text: string): boolean;
  console_is_open(): boolean;
}>();

const enum Level {
  debug,
  log,
  info,
  warn,
  error,
}

let indentation = "";
const counts = new Map<string, number>();
const timers = new Map<string, number>();

/** Some invocation has logged more than it may: from then on each is asked before anything is formatted. */
let asksFirst = false;

const isFull = (): boolean => asksFirst && !ops.console_is_open();

function write(level: Level, text: string): void {
  const indented = indentation === "" ? text : indentation + text.replaceAll("\n", `\n${indentation}`);
  if (!ops.console_write(level, indented)) asksFirst = true;
}

function print(level: Level, args: readonly unknown[]): void {
  if (isFull()) return;
  write(level, formatArguments(args));
}

const labelOf = (label: unknown) => (label === undefined ? "default" : `${label as string}`);

function elapsed(label: string, args: readonly unknown[], ends: boolean): void {
  const start = timers.get(label);
  if (start === undefined) return write(Level.warn, `Timer '${label}' does not exist`);
  if (ends) timers.delete(label);
  const rest = args.length > 0 ? ` ${formatArguments(["", ...args]).slice(1)}` : "";
  write(Level.log, `${label}: ${(now() - start).toFixed(1)} ms${rest}`);
}

function table(data: unknown, columns: unknown): void {
  if (isFull()) return;
  if (typeof data !== "object" || data === null) return print(Level.log, [data]);
  const rows: [string, unknown][] =
    data instanceof Map
      ? [...data.values()].map((value, index) => [String(index), value])
      : data instanceof Set
        ? [...data].map((value, index) => [String(index), value])
        : Object.entries(data);
  const chosen = Array.isArray(columns) ? columns.map(String) : undefined;
  const names = new Set<string>(chosen);
  let hasValues = false;
  for (const [, value] of rows) {
    if (typeof value !== "object" || value === null) hasValues = true;
    else if (chosen === undefined) for (const key of Object.keys(value)) names.add(key);
  }
  const header = ["(index)", ...names, ...(hasValues ? ["Values"] : [])];
  const cell = (value: unknown) => inspect(value, { depth: 0 });
  const lines = rows.map(([index, value]) => {
    const isObject = typeof value === "object" && value !== null;
    const cells = [...names].map((name) =>
      isObject && Object.hasOwn(value, name) ? cell((value as Record<string, unknown>)[name]) : "",
    );
    return [index, ...cells, ...(hasValues ? [isObject ? "" : cell(value)] : [])];
  });
  write(Level.log, drawTable(header, lines));
}

function drawTable(header: string[], lines: string[][]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...lines.map((line) => line[column]!.length)) + 2);
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const row = (cells: string[]) => `│${cells.map((text, column) => ` ${text}`.padEnd(widths[column]!)).join("│")}│`;
  return [rule("┌", "┬", "┐"), row(header), rule("├", "┼", "┤"), ...lines.map(row), rule("└", "┴", "┘")].join("\n");
}

const methods = {
  debug: (...args: unknown[]) => print(Level.debug, args),
  error: (...args: unknown[]) => print(Level.error, args),
  info: (...args: unknown[]) => print(Level.info, args),
  log: (...args: unknown[]) => print(Level.log, args),
  warn: (...args: unknown[]) => print(Level.warn, args),
  dir(value: unknown, options?: { depth?: number | null } | null) {
    if (isFull()) return;
    const depth = options?.depth === null ? Infinity : options?.depth;
    write(Level.log, inspect(value, depth === undefined ? undefined : { depth }));
  },
  dirxml: (...args: unknown[]) => print(Level.log, args),
  table,
  trace(...args: unknown[]) {
    if (isFull()) return;
    const holder: { stack?: string } = {};
    (Error as unknown as { captureStackTrace(target: object, above: Function): void }).captureStackTrace(
      holder,
      methods.trace,
    );
    const message = formatArguments(args);
    const frames = (holder.stack ?? "").split("\n").slice(1).join("\n");
    write(Level.log, `Trace${message === "" ? "" : `: ${message}`}${frames === "" ? "" : `\n${frames}`}`);
  },
  group(...args: unknown[]) {
    if (args.length > 0) print(Level.log, args);
    indentation += "  ";
  },
  groupCollapsed(...args: unknown[]) {
    methods.group(...args);
  },
  groupEnd() {
    indentation = indentation.slice(2);
  },
  clear() {
    indentation = "";
  },
  count(label?: unknown) {
    const name = labelOf(label);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    write(Level.info, `${name}: ${count}`);
  },
  countReset(label?: unknown) {
    const name = labelOf(label);
    if (!counts.delete(name)) write(Level.warn, `Count for '${name}' does not exist`);
  },
  assert(condition?: unknown, ...args: unknown[]) {
    if (condition) return;
    if (typeof args[0] === "string") print(Level.error, [`Assertion failed: ${args[0]}`, ...args.slice(1)]);
    else print(Level.error, ["Assertion failed", ...args]);
  },
  profile() {},
  profileEnd() {},
  time(label?: unknown) {
    const name = labelOf(label);
    if (timers.has(name)) write(Level.warn, `Timer '${name}' already exists`);
    else timers.set(name, now());
  },
  timeLog(label?: unknown, ...args: unknown[]) {
    elapsed(labelOf(label), args, false);
  },
  timeEnd(label?: unknown) {
    elapsed(labelOf(label), [], true);
  },
  timeStamp() {},
  /** A console whose messages are told apart by name: V8's inspector shows the name, a log does not. */
  context(name?: unknown): object {
    void name;
    return Object.assign({}, methods);
  },
};

// Web IDL § 3.14: a namespace object; its operations are enumerable, its prototype is an empty object.
export const console: typeof methods = Object.assign(Object.create({}) as typeof methods, methods);
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
