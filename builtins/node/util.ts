// node:util (Node.js docs, Util).

import {
  AbortController,
  type AbortSignal,
  TextDecoder,
  TextEncoder,
  console,
  native,
  queueMicrotask,
} from "adit:internal";
import { invalidArgType, invalidArgValue, nodeError, outOfRange } from "./internal/errors";
import { customPromisifyArgs } from "./internal/custom_promisify_args";
import { isDeepStrictEqual } from "./internal/deep_equal";
import { format, formatWithOptions, inspect } from "./internal/inspect";
import { MIMEParams, MIMEType } from "./internal/mime";
import { systemErrors } from "./internal/system_errors";
import { validateAbortSignal, validateFunction, validateNumber, validateString } from "./internal/validators";
import types from "./util_types";

type Fn = (...args: any[]) => any;
const ops = native<{
  node_call_sites(limit: number): [string, string, number, number][];
  module_import(specifier: string): Record<string, (config?: object) => object>;
}>();
const process = (): any => (globalThis as any).process;

const kCustomPromisify: unique symbol = Symbol.for("nodejs.util.promisify.custom") as never;

export function promisify(original: Fn): Fn {
  validateFunction(original, "original");
  const custom = (original as any)[kCustomPromisify];
  if (custom) {
    validateFunction(custom, "util.promisify.custom");
    return Object.defineProperty(custom, kCustomPromisify, { value: custom, configurable: true });
  }
  const names = (original as any)[customPromisifyArgs] as string[] | undefined;
  function promisified(this: unknown, ...args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [
        ...args,
        (error: unknown, ...values: unknown[]) => {
          if (error) return reject(error);
          if (names !== undefined && values.length > 1)
            return resolve(Object.fromEntries(names.map((name, index) => [name, values[index]])));
          resolve(values[0]);
        },
      ]);
    });
  }
  Object.setPrototypeOf(promisified, Object.getPrototypeOf(original) as object);
  Object.defineProperty(promisified, kCustomPromisify, { value: promisified, configurable: true });
  return Object.defineProperties(promisified, Object.getOwnPropertyDescriptors(original)) as Fn;
}
promisify.custom = kCustomPromisify;

export function callbackify(original: Fn): Fn {
  validateFunction(original, "original");
  function callbackified(this: unknown, ...args: any[]): void {
    const callback = args.pop();
    validateFunction(callback, "last argument");
    const done = callback.bind(this) as Fn;
    const nextTick = (fn: () => void): void => (process()?.nextTick ?? queueMicrotask)(fn);
    Reflect.apply(original, this, args).then(
      (value: unknown) => nextTick(() => done(null, value)),
      (reason: unknown) =>
        nextTick(() => {
          if (reason) return done(reason);
          done(
            Object.assign(nodeError(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value"), {
              reason,
            }),
          );
        }),
    );
  }
  const descriptors = Object.getOwnPropertyDescriptors(original) as Record<string, PropertyDescriptor>;
  if (typeof descriptors.length?.value === "number") descriptors.length.value++;
  if (typeof descriptors.name?.value === "string") descriptors.name.value += "Callbackified";
  return Object.defineProperties(callbackified, descriptors) as Fn;
}

export function deprecate(fn: Fn, message: string, code?: string): Fn {
  validateFunction(fn, "fn");
  let warned = false;
  function deprecated(this: unknown, ...args: unknown[]): unknown {
    if (!warned && process()?.noDeprecation !== true) {
      warned = true;
      process()?.emitWarning?.(message, "DeprecationWarning", code);
    }
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
  }
  Object.setPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  return deprecated;
}

export function inherits(constructor: any, superConstructor: any): void {
  if (constructor === undefined || constructor === null) throw invalidArgType("ctor", "Function", constructor);
  if (superConstructor === undefined || superConstructor === null)
    throw invalidArgType("superCtor", "Function", superConstructor);
  if (superConstructor.prototype === undefined)
    throw invalidArgType("superCtor.prototype", "Object", superConstructor.prototype);
  Object.defineProperty(constructor, "super_", { value: superConstructor, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, superConstructor.prototype);
}

export function _extend(target: any, source: unknown): unknown {
  if (source === null || typeof source !== "object") return target;
  return Object.assign(target, source);
}

/** NODE_DEBUG in process.env says which sections speak. */
export function debuglog(set: string, callback?: (fn: Fn) => void): Fn & { enabled: boolean } {
  let enabled: boolean | undefined;
  const isEnabled = (): boolean => {
    enabled ??= String(process()?.env?.NODE_DEBUG ?? "")
      .split(",")
      .some(
        (part) =>
          part.trim() !== "" &&
          new RegExp(
            `^${part
              .trim()
              .replace(/[|\\{}()[\]^$+?.]/g, "\\$&")
              .replaceAll("*", ".*")}$`,
            "i",
          ).test(set),
      );
    return enabled;
  };
  const log: Fn = (...args) => {
    if (isEnabled()) console.error(`${set.toUpperCase()} 0: ${format(...args)}`);
  };
  callback?.(log);
  return Object.defineProperty(log, "enabled", { get: isEnabled, enumerable: true, configurable: true }) as never;
}

export function log(...args: unknown[]): void {
  console.log("%s - %s", new Date().toLocaleTimeString(), format(...args));
}

export const stripVTControlCharacters = (text: unknown): string => {
  validateString(text, "str");
  // eslint-disable-next-line no-control-regex
  return text.replace(
    /[\u001B\u009B][[\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?(?:\u0007|\u001B\u005C|\u009C))|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]))/g,
    "",
  );
};

export function styleText(style: string | string[], text: string): string {
  validateString(text, "text");
  let left = "";
  let right = "";
  for (const name of Array.isArray(style) ? style : [style]) {
    if (name === "none") continue;
    const codes = (inspect.colors as Record<string, [number, number] | undefined>)[name];
    if (codes === undefined)
      throw invalidArgValue(
        "format",
        name,
        `must be one of: ${Object.keys(inspect.colors)
          .map((key) => `'${key}'`)
          .join(", ")}`,
      );
    left += `\u001b[${codes[0]}m`;
    right = `\u001b[${codes[1]}m${right}`;
  }
  return left + text + right;
}

export function toUSVString(text: unknown): string {
  return `${text as string}`.toWellFormed();
}

export function parseEnv(content: string): Record<string, string> {
  validateString(content, "content");
  const out: Record<string, string> = {};
  const line =
    /^\s*(?:export\s+)?([\w.-]+)\s*=[^\S\n]*(?:"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|`([^`]*)`|([^#\n]*))[^\n]*$/gm;
  for (const [, key, double, single, backtick, bare] of content.replaceAll("\r\n", "\n").matchAll(line))
    out[key!] = double !== undefined ? double.replaceAll("\\n", "\n") : (single ?? backtick ?? bare?.trim() ?? "");
  return out;
}

export function parseArgs(config?: object): object {
  return ops.module_import("node-internal:parse_args").parseArgs!(config);
}

export function getSystemErrorMap(): Map<number, [string, string]> {
  return new Map(systemErrors);
}
function systemError(number: unknown): [string, string] | undefined {
  validateNumber(number, "err");
  if (number >= 0 || !Number.isSafeInteger(number)) throw outOfRange("err", "a negative integer", number);
  return systemErrors.get(number);
}
export function getSystemErrorName(number: number): string {
  return systemError(number)?.[0] ?? `Unknown system error ${number}`;
}
export function getSystemErrorMessage(number: number): string {
  return systemError(number)?.[1] ?? `Unknown system error ${number}`;
}
export function _errnoException(number: number, syscall: string, original?: string): Error {
  const code = getSystemErrorName(number);
  return Object.assign(new Error(original ? `${syscall} ${code} ${original}` : `${syscall} ${code}`), {
    errno: number,
    code,
    syscall,
  });
}
export function _exceptionWithHostPort(
  number: number,
  syscall: string,
  address: string,
  port?: number,
  extra?: string,
): Error {
  const code = getSystemErrorName(number);
  const where = port && port > 0 ? `${address}:${port}` : address;
  return Object.assign(new Error(`${syscall} ${code} ${where}${extra ? ` - Local (${extra})` : ""}`), {
    errno: number,
    code,
    syscall,
    address,
    ...(port ? { port } : {}),
  });
}

export async function aborted(signal: AbortSignal, resource: object): Promise<void> {
  if (signal === undefined) throw invalidArgType("signal", "AbortSignal", signal);
  validateAbortSignal(signal, "signal");
  if (typeof resource !== "object" || resource === null) throw invalidArgType("resource", "Object", resource);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", (() => resolve()) as never, { once: true }));
}
export function transferableAbortController(): AbortController {
  return new AbortController();
}
export function transferableAbortSignal(signal: AbortSignal): AbortSignal {
  validateAbortSignal(signal, "signal");
  return signal;
}

export function getCallSites(frameCount: number | object = 8): object[] {
  const count = typeof frameCount === "number" ? frameCount : 8;
  validateNumber(count, "frameCount", 1, 200);
  return ops
    .node_call_sites(count + 1)
    .slice(1)
    .map(([functionName, scriptName, lineNumber, columnNumber]) => ({
      functionName,
      scriptId: "0",
      scriptName,
      lineNumber,
      columnNumber,
      column: columnNumber,
    }));
}
export const getCallSite = getCallSites;

export const isArray = (value: unknown): value is unknown[] => Array.isArray(value);
export const isBoolean = (value: unknown): boolean => typeof value === "boolean";
export const isBuffer = (value: unknown): boolean =>
  value instanceof Uint8Array && typeof (value as any).readUInt8 === "function";
export const isDate = types.isDate;
export const isError = (value: unknown): boolean => types.isNativeError(value) || value instanceof Error;
export const isFunction = (value: unknown): boolean => typeof value === "function";
export const isNull = (value: unknown): boolean => value === null;
export const isNullOrUndefined = (value: unknown): boolean => value === null || value === undefined;
export const isNumber = (value: unknown): boolean => typeof value === "number";
export const isObject = (value: unknown): boolean => value !== null && typeof value === "object";
export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== "object" && typeof value !== "function");
export const isRegExp = types.isRegExp;
export const isString = (value: unknown): boolean => typeof value === "string";
export const isSymbol = (value: unknown): boolean => typeof value === "symbol";
export const isUndefined = (value: unknown): boolean => value === undefined;

export {
  debuglog as debug,
  format,
  formatWithOptions,
  inspect,
  isDeepStrictEqual,
  MIMEParams,
  MIMEType,
  TextDecoder,
  TextEncoder,
  types,
};

export default {
  MIMEParams,
  MIMEType,
  TextDecoder,
  TextEncoder,
  _errnoException,
  _exceptionWithHostPort,
  _extend,
  aborted,
  callbackify,
  debug: debuglog,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  getCallSite,
  getCallSites,
  getSystemErrorMap,
  getSystemErrorMessage,
  getSystemErrorName,
  inherits,
  inspect,
  isArray,
  isBoolean,
  isBuffer,
  isDate,
  isDeepStrictEqual,
  isError,
  isFunction,
  isNull,
  isNullOrUndefined,
  isNumber,
  isObject,
  isPrimitive,
  isRegExp,
  isString,
  isSymbol,
  isUndefined,
  log,
  parseArgs,
  parseEnv,
  promisify,
  stripVTControlCharacters,
  styleText,
  toUSVString,
  transferableAbortController,
  transferableAbortSignal,
  types,
};
