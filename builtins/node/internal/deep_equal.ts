// Deep equality as node:assert and util.isDeepStrictEqual have it (Node.js docs, Assert, Comparison details), strict and loose.

import * as types from "../util_types";
import { ops } from "./encodings";

type Seen = Map<object, object>;
const hasOwn = Object.hasOwn;

function enumerableSymbols(value: object): symbol[] {
  return Object.getOwnPropertySymbols(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

function sameBoxed(a: any, b: any): boolean {
  if (types.isNumberObject(a))
    return types.isNumberObject(b) && Object.is(Number.prototype.valueOf.call(a), Number.prototype.valueOf.call(b));
  if (types.isStringObject(a))
    return types.isStringObject(b) && String.prototype.valueOf.call(a) === String.prototype.valueOf.call(b);
  if (types.isBooleanObject(a))
    return types.isBooleanObject(b) && Boolean.prototype.valueOf.call(a) === Boolean.prototype.valueOf.call(b);
  if (types.isBigIntObject(a))
    return types.isBigIntObject(b) && BigInt.prototype.valueOf.call(a) === BigInt.prototype.valueOf.call(b);
  return types.isSymbolObject(b) && Symbol.prototype.valueOf.call(a) === Symbol.prototype.valueOf.call(b);
}

function bytesOf(value: any): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value as ArrayBuffer);
}

function sameSets(a: Set<unknown>, b: Set<unknown>, strict: boolean, seen: Seen): boolean {
  const rest: unknown[] = [];
  for (const item of a) {
    if (b.has(item)) continue;
    if (strict && (typeof item !== "object" || item === null)) return false;
    rest.push(item);
  }
  if (rest.length === 0) return true;
  const others = [...b].filter((item) => !a.has(item));
  for (const item of rest) {
    const at = others.findIndex((other) => equal(item, other, strict, seen));
    if (at < 0) return false;
    others.splice(at, 1);
  }
  return true;
}

function sameMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, strict: boolean, seen: Seen): boolean {
  const rest: [unknown, unknown][] = [];
  for (const [key, value] of a) {
    if (b.has(key) && (strict || typeof key !== "object")) {
      if (!equal(value, b.get(key), strict, seen)) return false;
    } else if (strict && (typeof key !== "object" || key === null)) {
      return false;
    } else {
      rest.push([key, value]);
    }
  }
  if (rest.length === 0) return true;
  const others = [...b].filter(([key]) => !a.has(key) || !strict);
  for (const [key, value] of rest) {
    const at = others.findIndex(([k, v]) => equal(key, k, strict, seen) && equal(value, v, strict, seen));
    if (at < 0) return false;
    others.splice(at, 1);
  }
  return true;
}

function sameProperties(a: any, b: any, strict: boolean, seen: Seen, skipIndexes: boolean): boolean {
  const keysOf = (value: object): string[] =>
    skipIndexes ? Object.keys(value).filter((key) => !/^(0|[1-9]\d*)$/.test(key)) : Object.keys(value);
  const keys = keysOf(a);
  if (keys.length !== keysOf(b).length) return false;
  for (const key of keys) if (!hasOwn(b, key) || !Object.prototype.propertyIsEnumerable.call(b, key)) return false;
  const symbols = strict ? enumerableSymbols(a) : [];
  if (strict) {
    if (symbols.length !== enumerableSymbols(b).length) return false;
    for (const key of symbols) if (!hasOwn(b, key)) return false;
  }
  for (const key of keys) if (!equal(a[key], b[key], strict, seen)) return false;
  for (const key of symbols) if (!equal(a[key], b[key], strict, seen)) return false;
  return true;
}

/** Whatever the objects are beside their properties; undefined when that says nothing and the properties decide. */
function sameKind(a: any, b: any, strict: boolean, seen: Seen): boolean {
  if (types.isDate(a))
    return types.isDate(b) && Object.is(Date.prototype.getTime.call(a), Date.prototype.getTime.call(b));
  if (types.isRegExp(a))
    return types.isRegExp(b) && a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex;
  if (types.isNativeError(a) || a instanceof Error) {
    if (!(types.isNativeError(b) || b instanceof Error) || a.message !== b.message || a.name !== b.name) return false;
    if (hasOwn(a, "cause") !== hasOwn(b, "cause") || !equal(a.cause, b.cause, strict, seen)) return false;
    return !hasOwn(a, "errors") || equal(a.errors, b.errors, strict, seen);
  }
  if (types.isAnyArrayBuffer(a)) return types.isAnyArrayBuffer(b) && ops.node_compare(bytesOf(a), bytesOf(b)) === 0;
  if (types.isSet(a)) return types.isSet(b) && a.size === b.size && sameSets(a, b, strict, seen);
  if (types.isMap(a)) return types.isMap(b) && a.size === b.size && sameMaps(a, b, strict, seen);
  if (types.isBoxedPrimitive(a)) return types.isBoxedPrimitive(b) && sameBoxed(a, b);
  if (types.isWeakMap(a) || types.isWeakSet(a) || types.isPromise(a)) return false; // equal only by identity
  return !(
    types.isDate(b) ||
    types.isRegExp(b) ||
    types.isNativeError(b) ||
    types.isAnyArrayBuffer(b) ||
    types.isSet(b) ||
    types.isMap(b) ||
    types.isBoxedPrimitive(b)
  );
}

function sameViews(a: any, b: any, strict: boolean): boolean {
  if (!ArrayBuffer.isView(b)) return false;
  if (types.isDataView(a) !== types.isDataView(b)) return false;
  if (a.byteLength !== b.byteLength) return false;
  // Loosely, 0 and -0 are the same float, and so is any NaN.
  if (!strict && (types.isFloat32Array(a) || types.isFloat64Array(a))) {
    for (let i = 0; i < a.length; i++) if (a[i] !== (b as any)[i]) return false;
    return true;
  }
  return ops.node_compare(bytesOf(a), bytesOf(b)) === 0;
}

function equal(a: any, b: any, strict: boolean, seen: Seen): boolean {
  if (a === b) return a !== 0 || !strict || Object.is(a, b);
  if (strict) {
    if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  } else {
    if (a === null || typeof a !== "object") {
      if (b === null || typeof b !== "object") return a == b || (Number.isNaN(a) && Number.isNaN(b));
      return false;
    }
    if (b === null || typeof b !== "object") return false;
  }
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  const result = Array.isArray(a)
    ? a.length === b.length && sameProperties(a, b, strict, seen, false)
    : ArrayBuffer.isView(a)
      ? sameViews(a, b, strict) && sameProperties(a, b, strict, seen, true)
      : !ArrayBuffer.isView(b) && sameKind(a, b, strict, seen) && sameProperties(a, b, strict, seen, false);
  seen.delete(a);
  return result;
}

export function isDeepStrictEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, true, new Map());
}
export function isDeepEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, false, new Map());
}
