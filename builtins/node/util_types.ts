// node:util/types: what kind of object a value is, as V8 knows it (src/web/node_util.cc gives one bit per question).

import { native } from "adit:internal";

const { node_value_kind } = native<{ node_value_kind(value: unknown): number }>();

const bit = (index: number) => (value: unknown) =>
  value !== null &&
  (typeof value === "object" || typeof value === "function") &&
  (node_value_kind(value) & (1 << index)) !== 0;

export const isArgumentsObject = bit(0);
export const isAsyncFunction = bit(1);
export const isGeneratorFunction = bit(2);
export const isGeneratorObject = bit(3);
export const isPromise = bit(4);
export const isMap = bit(5);
export const isSet = bit(6);
export const isMapIterator = bit(7);
export const isSetIterator = bit(8);
export const isWeakMap = bit(9);
export const isWeakSet = bit(10);
export const isDate = bit(11);
export const isRegExp = bit(12);
export const isNativeError = bit(13);
export const isProxy = bit(14);
export const isModuleNamespaceObject = bit(15);
export const isExternal = bit(16);
export const isArrayBuffer = bit(17);
export const isSharedArrayBuffer = bit(18);
export const isNumberObject = bit(19);
export const isStringObject = bit(20);
export const isBooleanObject = bit(21);
export const isBigIntObject = bit(22);
export const isSymbolObject = bit(23);
export const isAnyArrayBuffer = (value: unknown): boolean => isArrayBuffer(value) || isSharedArrayBuffer(value);
export const isBoxedPrimitive = (value: unknown): boolean =>
  isNumberObject(value) ||
  isStringObject(value) ||
  isBooleanObject(value) ||
  isBigIntObject(value) ||
  isSymbolObject(value);

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)!.get! as (this: unknown) => string | undefined;
const typed = (name: string) => (value: unknown) => tagOf.call(value) === name;
export const isArrayBufferView = (value: unknown): boolean => ArrayBuffer.isView(value);
export const isTypedArray = (value: unknown): boolean => tagOf.call(value) !== undefined;
export const isDataView = (value: unknown): boolean => ArrayBuffer.isView(value) && tagOf.call(value) === undefined;
export const isUint8Array = typed("Uint8Array");
export const isUint8ClampedArray = typed("Uint8ClampedArray");
export const isUint16Array = typed("Uint16Array");
export const isUint32Array = typed("Uint32Array");
export const isInt8Array = typed("Int8Array");
export const isInt16Array = typed("Int16Array");
export const isInt32Array = typed("Int32Array");
export const isFloat16Array = typed("Float16Array");
export const isFloat32Array = typed("Float32Array");
export const isFloat64Array = typed("Float64Array");
export const isBigInt64Array = typed("BigInt64Array");
export const isBigUint64Array = typed("BigUint64Array");

export const isCryptoKey = (value: unknown): boolean => value instanceof (globalThis as any).CryptoKey;
/** A KeyObject of node:crypto, known by its brand: that module need not be loaded to ask. */
export const isKeyObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Symbol.for("adit.KeyObject") in value;

const types = {
  isAnyArrayBuffer,
  isArgumentsObject,
  isArrayBuffer,
  isArrayBufferView,
  isAsyncFunction,
  isBigInt64Array,
  isBigIntObject,
  isBigUint64Array,
  isBooleanObject,
  isBoxedPrimitive,
  isCryptoKey,
  isDataView,
  isDate,
  isExternal,
  isFloat16Array,
  isFloat32Array,
  isFloat64Array,
  isGeneratorFunction,
  isGeneratorObject,
  isInt16Array,
  isInt32Array,
  isInt8Array,
  isKeyObject,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isNumberObject,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isUint16Array,
  isUint32Array,
  isUint8Array,
  isUint8ClampedArray,
  isWeakMap,
  isWeakSet,
};
export default types;
