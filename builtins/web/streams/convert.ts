// Web IDL conversions that only the streams need; the rest is in ../webidl.ts.

export const apply = Reflect.apply;

export type Callback = (...args: unknown[]) => unknown;

export function illegalInvocation(): TypeError {
  return new TypeError("Illegal invocation: function called with incorrect `this` reference.");
}

export function illegalConstructor(): TypeError {
  return new TypeError("Illegal constructor");
}

/** The first argument of internal constructor calls; a script cannot name it. */
export const INTERNAL: unique symbol = Symbol("internal");

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Web IDL dictionary: undefined and null are the empty one. */
export function toDictionary<T extends object>(value: unknown, what: string): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new TypeError(`${what} must be an object.`);
  return value as T;
}

/** Web IDL `optional object`: an argument that was given must be an object. */
export function toOptionalObject<T extends object>(value: unknown, what: string): T | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new TypeError(`${what} must be an object.`);
  return value as T;
}

/** A dictionary member of callback type, read once. */
export function callbackMember(dictionary: object, name: string): Callback | undefined {
  const value = (dictionary as Record<string, unknown>)[name];
  if (value === undefined) return undefined;
  if (typeof value !== "function") throw new TypeError(`'${name}' must be a function.`);
  return value as Callback;
}

/** Web IDL [EnforceRange] unsigned long long. */
export function toUnsignedLongLong(value: unknown, what: string): number {
  if (typeof value === "bigint") throw new TypeError(`${what} must be a number.`);
  let number = Number(value);
  if (!Number.isFinite(number))
    throw new TypeError(`${what}: the value cannot be converted because it is not an integer.`);
  number = Math.trunc(number) + 0;
  if (number < 0 || number > Number.MAX_SAFE_INTEGER)
    throw new TypeError(`${what}: the value is outside the range of an unsigned integer.`);
  return number;
}

/** %AsyncIteratorPrototype%. */
export const AsyncIteratorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf(async function* () {}).prototype,
);
