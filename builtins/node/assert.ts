// node:assert (Node.js docs, Assert). Messages say the values as util.inspect shows them; there is no line-by-line difference.

import { isDeepEqual, isDeepStrictEqual } from "./internal/deep_equal";
import { invalidArgType, invalidArgValue, nodeError } from "./internal/errors";
import { inspect } from "./internal/inspect";
import { isPromise, isRegExp } from "./util_types";

type Fn = (...args: any[]) => any;
type Message = string | Error | undefined;

interface AssertionOptions {
  message?: unknown;
  actual?: unknown;
  expected?: unknown;
  operator?: string;
  stackStartFn?: Fn;
}

const phrases: Record<string, string> = {
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  strictEqual: "Expected values to be strictly equal:",
  deepEqual: "Expected values to be loosely deep-equal:",
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  partialDeepStrictEqual: "Expected values to be partially and strictly deep-equal:",
};

const show = (value: unknown): string =>
  inspect(value, {
    compact: false,
    customInspect: false,
    depth: 1000,
    maxArrayLength: Infinity,
    showHidden: false,
    showProxy: false,
    sorted: true,
    getters: true,
  });

function describe(operator: string, actual: unknown, expected: unknown): string {
  const phrase = phrases[operator];
  if (phrase === undefined) return `${inspect(actual)} ${operator} ${inspect(expected)}`;
  if (operator.startsWith("not"))
    return `${phrase.replace(/:$/, "")}: ${show(expected)}`.replace(/: (?=[[{])/, ":\n\n");
  const simple = (value: unknown): boolean => typeof value !== "object" || value === null;
  if (operator === "strictEqual" && simple(actual) && simple(expected))
    return `${phrase}\n\n${show(actual)} !== ${show(expected)}\n`;
  if (operator === "deepEqual") return `${phrase}\n\n${show(actual)}\n\nshould loosely deep-equal\n\n${show(expected)}`;
  const lines = (value: unknown, sign: string): string =>
    show(value)
      .split("\n")
      .map((line) => `${sign} ${line}`)
      .join("\n");
  return `${phrase}\n+ actual - expected\n\n${lines(actual, "+")}\n${lines(expected, "-")}\n`;
}

export class AssertionError extends Error {
  actual: unknown;
  expected: unknown;
  operator: string | undefined;
  generatedMessage: boolean;
  code = "ERR_ASSERTION";

  constructor(options: AssertionOptions) {
    if (typeof options !== "object" || options === null) throw invalidArgType("options", "Object", options);
    const { message, actual, expected, operator, stackStartFn } = options;
    super(message == null ? describe(operator ?? "undefined", actual, expected) : String(message));
    Object.defineProperty(this, "name", { value: "AssertionError", writable: true, configurable: true });
    this.generatedMessage = message == null;
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
    const { captureStackTrace } = Error as unknown as { captureStackTrace?: (target: object, below?: Fn) => void };
    captureStackTrace?.(this, stackStartFn);
    if (typeof this.stack === "string")
      Object.defineProperty(this, "stack", {
        value: this.stack.replace(/^\w*Error/, "AssertionError [ERR_ASSERTION]"),
        writable: true,
        configurable: true,
      });
  }
  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

function raise(options: AssertionOptions): never {
  if (options.message instanceof Error) throw options.message;
  throw new AssertionError(options);
}

function need(count: number, args: IArguments): void {
  if (args.length < count)
    throw nodeError(TypeError, "ERR_MISSING_ARGS", 'The "actual" and "expected" arguments must be specified');
}

function check(args: unknown[], fn: Fn): void {
  if (args[0]) return;
  let message = args[1] as Message;
  if (args.length === 0) message = "No value argument passed to `assert.ok()`";
  else if (message == null)
    message = "The expression evaluated to a falsy value:\n\n  assert.ok(" + inspect(args[0]) + ")\n";
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message, actual: args[0], expected: true, operator: "==", stackStartFn: fn });
  error.generatedMessage = args[1] == null;
  throw error;
}

export function ok(...args: unknown[]): void {
  check(args, ok);
}
function assert(...args: unknown[]): void {
  check(args, assert);
}

export function fail(message?: Message): never {
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message: message ?? "Failed", operator: "fail", stackStartFn: fail });
  error.generatedMessage = message === undefined;
  throw error;
}

/* eslint-disable eqeqeq */
export function equal(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (actual != expected && !(Number.isNaN(actual) && Number.isNaN(expected)))
    raise({ actual, expected, message, operator: "==", stackStartFn: equal });
}
export function notEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (actual == expected || (Number.isNaN(actual) && Number.isNaN(expected)))
    raise({ actual, expected, message, operator: "!=", stackStartFn: notEqual });
}
export function strictEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (!Object.is(actual, expected))
    raise({ actual, expected, message, operator: "strictEqual", stackStartFn: strictEqual });
}
export function notStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (Object.is(actual, expected))
    raise({ actual, expected, message, operator: "notStrictEqual", stackStartFn: notStrictEqual });
}
export function deepEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (!isDeepEqual(actual, expected))
    raise({ actual, expected, message, operator: "deepEqual", stackStartFn: deepEqual });
}
export function notDeepEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (isDeepEqual(actual, expected))
    raise({ actual, expected, message, operator: "notDeepEqual", stackStartFn: notDeepEqual });
}
export function deepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (!isDeepStrictEqual(actual, expected))
    raise({ actual, expected, message, operator: "deepStrictEqual", stackStartFn: deepStrictEqual });
}
export function notDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (isDeepStrictEqual(actual, expected))
    raise({ actual, expected, message, operator: "notDeepStrictEqual", stackStartFn: notDeepStrictEqual });
}

/** Whether everything that is expected is there; more may be. */
function contains(actual: any, expected: any): boolean {
  if (typeof expected !== "object" || expected === null || typeof actual !== "object" || actual === null)
    return isDeepStrictEqual(actual, expected);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return false;
    let at = 0;
    for (const item of expected) {
      while (at < actual.length && !contains(actual[at], item)) at++;
      if (at++ >= actual.length) return false;
    }
    return true;
  }
  if (expected instanceof Map)
    return (
      actual instanceof Map &&
      [...expected].every(([key, value]) => actual.has(key) && contains(actual.get(key), value))
    );
  if (expected instanceof Set)
    return actual instanceof Set && [...expected].every((item) => [...actual].some((other) => contains(other, item)));
  const prototype = Object.getPrototypeOf(expected) as object | null;
  if (prototype !== Object.prototype && prototype !== null) return isDeepStrictEqual(actual, expected);
  return Reflect.ownKeys(expected).every((key) => key in actual && contains(actual[key], expected[key]));
}
export function partialDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  need(2, arguments);
  if (!contains(actual, expected))
    raise({ actual, expected, message, operator: "partialDeepStrictEqual", stackStartFn: partialDeepStrictEqual });
}

const nothingThrown = Symbol("nothing thrown");

function thrownBy(fn: unknown): unknown {
  if (typeof fn !== "function") throw invalidArgType("fn", "function", fn);
  try {
    (fn as Fn)();
  } catch (error) {
    return error;
  }
  return nothingThrown;
}
async function rejectionOf(promiseOrFn: any): Promise<unknown> {
  let promise = promiseOrFn;
  if (typeof promiseOrFn === "function") {
    promise = promiseOrFn();
    if (typeof promise?.then !== "function")
      throw nodeError(
        TypeError,
        "ERR_INVALID_RETURN_VALUE",
        `Expected instance of Promise to be returned from the "promiseFn" function but got ${promise === undefined ? "undefined" : `type ${typeof promise}`}.`,
      );
  } else if (!isPromise(promise) && typeof promise?.then !== "function") {
    throw invalidArgType("promiseFn", ["function", "Promise"], promiseOrFn);
  }
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return nothingThrown;
}

/** Checks what was thrown against what throws() and rejects() take: class, validation function, RegExp, object. */
function validate(actual: any, expected: any, message: Message, fn: Fn): void {
  const mismatch = (text: string): never =>
    raise({ actual, expected, message: message ?? text, operator: fn.name, stackStartFn: fn });
  if (typeof expected !== "function") {
    if (isRegExp(expected)) {
      if (!expected.test(String(actual)))
        mismatch(
          `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(actual))}\n`,
        );
      return;
    }
    if (typeof actual !== "object" || actual === null)
      mismatch(`Expected an object like ${inspect(expected)}, got ${inspect(actual)}`);
    const keys = Object.keys(expected);
    if (expected instanceof Error) keys.push("name", "message");
    else if (keys.length === 0) throw invalidArgValue("error", expected, "may not be an empty object");
    for (const key of keys) {
      if (typeof actual[key] === "string" && isRegExp(expected[key]) && expected[key].test(actual[key])) continue;
      if (!(key in actual) || !isDeepStrictEqual(actual[key], expected[key]))
        raise({
          actual,
          expected,
          message: message ?? describe("deepStrictEqual", actual[key], expected[key]),
          operator: fn.name,
          stackStartFn: fn,
        });
    }
    return;
  }
  if (expected.prototype !== undefined && actual instanceof expected) return;
  if (Object.prototype.isPrototypeOf.call(Error, expected)) {
    if (message === undefined && actual instanceof Error)
      return mismatch(
        `The error is expected to be an instance of "${expected.name}". Received "${actual.constructor?.name}"\n\nError message:\n\n${actual.message}`,
      );
    return mismatch(`The error is expected to be an instance of "${expected.name}". Received ${inspect(actual)}`);
  }
  const result = Reflect.apply(expected, {}, [actual]);
  if (result !== true)
    mismatch(
      `The ${expected.name ? `"${expected.name}" ` : ""}validation function is expected to return "true". Received ${inspect(result)}\n\nCaught error:\n\n${inspect(actual)}`,
    );
}

function expectsError(fn: Fn, actual: unknown, expected: unknown, message: Message): void {
  if (typeof expected === "string") {
    if (message !== undefined) throw invalidArgType("error", ["Object", "Error", "function", "RegExp"], expected);
    message = expected;
    expected = undefined;
  } else if (expected != null && typeof expected !== "object" && typeof expected !== "function") {
    throw invalidArgType("error", ["Object", "Error", "function", "RegExp"], expected);
  }
  if (actual === nothingThrown) {
    const name = (expected as any)?.name ? ` (${(expected as any).name})` : "";
    const kind = fn === rejects ? "rejection" : "exception";
    raise({
      actual: undefined,
      expected,
      operator: fn.name,
      message: message instanceof Error ? message : `Missing expected ${kind}${name}${message ? `: ${message}` : "."}`,
      stackStartFn: fn,
    });
  }
  if (expected != null) validate(actual, expected, message, fn);
}

function expectsNoError(fn: Fn, actual: any, expected: unknown, message: Message): void {
  if (actual === nothingThrown) return;
  if (typeof expected === "string") {
    message = expected;
    expected = undefined;
  }
  const matches =
    expected === undefined ||
    (typeof expected === "function" && actual instanceof (expected as never)) ||
    (isRegExp(expected) && (expected as RegExp).test(String(actual)));
  if (!matches) throw actual;
  const kind = fn === doesNotReject ? "rejection" : "exception";
  raise({
    actual,
    expected,
    operator: fn.name,
    message: `Got unwanted ${kind}${message ? `: ${message}` : "."}\nActual message: "${actual?.message}"`,
    stackStartFn: fn,
  });
}

export function throws(fn: Fn, error?: unknown, message?: Message): void {
  expectsError(throws, thrownBy(fn), error, message);
}
export async function rejects(promiseOrFn: unknown, error?: unknown, message?: Message): Promise<void> {
  expectsError(rejects, await rejectionOf(promiseOrFn), error, message);
}
export function doesNotThrow(fn: Fn, error?: unknown, message?: Message): void {
  expectsNoError(doesNotThrow, thrownBy(fn), error, message);
}
export async function doesNotReject(promiseOrFn: unknown, error?: unknown, message?: Message): Promise<void> {
  expectsNoError(doesNotReject, await rejectionOf(promiseOrFn), error, message);
}

export function ifError(value: unknown): void {
  if (value === null || value === undefined) return;
  const text =
    typeof value === "object" && typeof (value as any).message === "string"
      ? (value as any).message || (value as any).constructor.name
      : inspect(value);
  const error = new AssertionError({
    actual: value,
    expected: null,
    operator: "ifError",
    message: `ifError got unwanted exception: ${text}`,
    stackStartFn: ifError,
  });
  error.generatedMessage = true;
  throw error;
}

function checkMatch(text: unknown, pattern: unknown, message: Message, fn: Fn, wanted: boolean): void {
  if (!isRegExp(pattern)) throw invalidArgType("regexp", "RegExp", pattern);
  if (typeof text === "string" && (pattern as RegExp).test(text) === wanted) return;
  const reason =
    typeof text !== "string"
      ? `The "string" argument must be of type string. Received type ${typeof text} (${inspect(text)})`
      : `The input ${wanted ? "did not match the regular expression" : "was expected to not match the regular expression"} ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`;
  if (message instanceof Error) throw message;
  const error = new AssertionError({
    actual: text,
    expected: pattern,
    message: message ?? reason,
    operator: fn.name,
    stackStartFn: fn,
  });
  error.generatedMessage = message === undefined;
  throw error;
}
export function match(text: unknown, pattern: unknown, message?: Message): void {
  checkMatch(text, pattern, message, match, true);
}
export function doesNotMatch(text: unknown, pattern: unknown, message?: Message): void {
  checkMatch(text, pattern, message, doesNotMatch, false);
}

const shared = {
  AssertionError,
  deepStrictEqual,
  doesNotMatch,
  doesNotReject,
  doesNotThrow,
  fail,
  ifError,
  match,
  notDeepStrictEqual,
  notStrictEqual,
  ok,
  partialDeepStrictEqual,
  rejects,
  strictEqual,
  throws,
};
export const strict: any = Object.assign((...args: unknown[]): void => check(args, strict as Fn), shared, {
  deepEqual: deepStrictEqual,
  equal: strictEqual,
  notDeepEqual: notDeepStrictEqual,
  notEqual: notStrictEqual,
});
strict.strict = strict;
Object.assign(assert, shared, { deepEqual, equal, notDeepEqual, notEqual, strict });
export default assert;
