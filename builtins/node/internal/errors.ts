// Node's error codes (Node.js docs, Errors): the built-in error classes with a `code` and Node's message. One function per code that is thrown.

type ErrorClass = new (message?: string) => Error;

/** An error as Node makes it: `name` and `code` as properties, `[CODE]` in the stack. */
export function nodeError<E extends Error = Error & { code: string }>(
  Base: ErrorClass,
  code: string,
  message: string,
): E & { code: string } {
  const error = new Base(message) as E & { code: string };
  Object.defineProperty(error, "code", { value: code, writable: true, enumerable: true, configurable: true });
  // As Node shows it: "TypeError [ERR_X]: message".
  const stack = error.stack;
  if (typeof stack === "string")
    Object.defineProperty(error, "stack", {
      value: stack.replace(/^(\w+)/, `$1 [${code}]`),
      writable: true,
      enumerable: false,
      configurable: true,
    });
  return error;
}

function quoted(value: string): string {
  return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("'", "\\'")}'`;
}

/** "Received type number (5)", as Node describes a value that it refuses. */
export function describeReceived(value: unknown): string {
  if (value === null || value === undefined) return `Received ${String(value)}`;
  if (typeof value === "function") return value.name ? `Received function ${value.name}` : "Received function ";
  if (typeof value === "object") {
    const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
    if (typeof name === "string" && name !== "") return `Received an instance of ${name}`;
    return "Received [Object: null prototype] {}";
  }
  let shown = typeof value === "string" ? quoted(value) : typeof value === "bigint" ? `${value}n` : String(value);
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return `Received type ${typeof value} (${shown})`;
}

const primitives = new Set([
  "string",
  "function",
  "number",
  "object",
  "Function",
  "Object",
  "boolean",
  "bigint",
  "symbol",
]);

function joined(list: readonly string[]): string {
  if (list.length <= 2) return list.join(" or ");
  return `${list.slice(0, -1).join(", ")}, or ${list.at(-1)}`;
}

function expectation(expected: string | readonly string[]): string {
  const list = typeof expected === "string" ? [expected] : expected;
  const types = list.filter((name) => primitives.has(name)).map((name) => name.toLowerCase());
  const instances = list.filter((name) => !primitives.has(name) && /^[A-Z][a-zA-Z0-9]*$/.test(name));
  const others = list.filter((name) => !primitives.has(name) && !/^[A-Z][a-zA-Z0-9]*$/.test(name));
  const objectAt = instances.length > 0 ? types.indexOf("object") : -1;
  if (objectAt >= 0) {
    types.splice(objectAt, 1);
    instances.push("Object");
  }
  const parts: string[] = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? "one of type" : "of type"} ${joined(types)}`);
  if (instances.length > 0) parts.push(`an instance of ${joined(instances)}`);
  if (others.length > 0)
    parts.push(
      others.length > 1
        ? `one of ${joined(others)}`
        : others[0]!.toLowerCase() === others[0]
          ? others[0]!
          : `an ${others[0]}`,
    );
  return parts.join(" or ");
}

export function invalidArgType(name: string, expected: string | readonly string[], value: unknown): TypeError {
  const what = name.endsWith(" argument")
    ? `The ${name}`
    : `The "${name}" ${name.includes(".") ? "property" : "argument"}`;
  return nodeError(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `${what} must be ${expectation(expected)}. ${describeReceived(value)}`,
  );
}

export function invalidArgValue(name: string, value: unknown, reason = "is invalid"): TypeError {
  const shown =
    typeof value === "string" ? quoted(value) : typeof value === "object" ? JSON.stringify(value) : String(value);
  const kind = name.includes(".") ? "property" : "argument";
  return nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The ${kind} '${name}' ${reason}. Received ${shown}`);
}

/** 1234567 as "1_234_567". */
function grouped(value: number | bigint): string {
  const text = String(value);
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, "_");
}

export function outOfRange(name: string, range: string, value: unknown): RangeError {
  let received = typeof value === "string" ? quoted(value) : String(value);
  if (Number.isInteger(value) && Math.abs(value as number) > 2 ** 32) received = grouped(value as number);
  else if (typeof value === "bigint")
    received = (value > 2n ** 32n || value < -(2n ** 32n) ? grouped(value) : String(value)) + "n";
  return nodeError(
    RangeError,
    "ERR_OUT_OF_RANGE",
    `The value of "${name}" is out of range. It must be ${range}. Received ${received}`,
  );
}

export function missingArgs(...names: string[]): TypeError {
  const list = names.map((name) => `"${name}"`);
  const noun = names.length > 1 ? "arguments" : "argument";
  const text = list.length > 2 ? `${list.slice(0, -1).join(", ")}, and ${list.at(-1)}` : list.join(" and ");
  return nodeError(TypeError, "ERR_MISSING_ARGS", `The ${text} ${noun} must be specified`);
}

export function bufferOutOfBounds(name?: string): RangeError {
  return nodeError(
    RangeError,
    "ERR_BUFFER_OUT_OF_BOUNDS",
    name ? `"${name}" is outside of buffer bounds` : "Attempt to access memory outside buffer bounds",
  );
}

export function unknownEncoding(encoding: unknown): TypeError {
  return nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${String(encoding)}`);
}

/** What this platform does not have; says so by name. */
export function notImplemented(what: string): Error {
  return nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The ${what} method is not implemented`);
}

/** DOMException AbortError, as Node's AbortError looks. */
export class AbortError extends Error {
  code = "ABORT_ERR";
  constructor(message = "The operation was aborted", options?: ErrorOptions) {
    super(message, options);
    this.name = "AbortError";
  }
}
