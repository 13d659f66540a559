// Buffer's number methods: readUInt8 ... writeDoubleBE, checked as Node checks them. Integers by arithmetic, floats through one scratch buffer.

import { bufferOutOfBounds, invalidArgType, nodeError, outOfRange } from "./errors";
import { validateInteger, validateNumber } from "./validators";

const scratch = new DataView(new ArrayBuffer(8));

function badOffset(value: unknown, length: number, size: number): Error {
  validateNumber(value, "offset");
  if (!Number.isInteger(value)) return outOfRange("offset", "an integer", value);
  if (length - size < 0) return bufferOutOfBounds();
  return outOfRange("offset", `>= 0 and <= ${length - size}`, value);
}

function checkOffset(buffer: Uint8Array, offset: number, size: number): void {
  if (!(Number.isInteger(offset) && offset >= 0 && offset + size <= buffer.length))
    throw badOffset(offset, buffer.length, size);
}

function checkSize(size: unknown): asserts size is number {
  if (size === undefined) throw invalidArgType("byteLength", "number", size);
  validateInteger(size, "byteLength", 1, 6);
}

function badValue(value: number | bigint, min: number | bigint, max: number | bigint, size: number): Error {
  const n = typeof min === "bigint" ? "n" : "";
  let range: string;
  if (size > 4) {
    const bits = size * 8;
    range =
      min == 0
        ? `>= 0${n} and < 2${n} ** ${bits}${n}`
        : `>= -(2${n} ** ${bits - 1}${n}) and < 2${n} ** ${bits - 1}${n}`;
  } else {
    range = `>= ${min}${n} and <= ${max}${n}`;
  }
  return outOfRange("value", range, value);
}

function readUnsigned(this: Uint8Array, offset: number, size: number, little: boolean): number {
  checkOffset(this, offset, size);
  let value = 0;
  if (little) for (let i = size - 1; i >= 0; i--) value = value * 256 + this[offset + i]!;
  else for (let i = 0; i < size; i++) value = value * 256 + this[offset + i]!;
  return value;
}

function readSigned(this: Uint8Array, offset: number, size: number, little: boolean): number {
  const value = readUnsigned.call(this, offset, size, little);
  const limit = 2 ** (8 * size);
  return value >= limit / 2 ? value - limit : value;
}

function store(buffer: Uint8Array, value: number, offset: number, size: number, little: boolean): number {
  let rest = value;
  for (let i = 0; i < size; i++) {
    buffer[offset + (little ? i : size - 1 - i)] = rest;
    rest = Math.floor(rest / 256);
  }
  return offset + size;
}

function writeUnsigned(this: Uint8Array, given: number, offset: number, size: number, little: boolean): number {
  const value = +given;
  const max = 2 ** (8 * size) - 1;
  if (value > max || value < 0) throw badValue(value, 0, max, size);
  checkOffset(this, offset, size);
  return store(this, Math.trunc(value), offset, size, little);
}

function writeSigned(this: Uint8Array, given: number, offset: number, size: number, little: boolean): number {
  const value = +given;
  const limit = 2 ** (8 * size - 1);
  if (value > limit - 1 || value < -limit) throw badValue(value, -limit, limit - 1, size);
  checkOffset(this, offset, size);
  const whole = Math.trunc(value);
  return store(this, whole < 0 ? whole + 2 * limit : whole, offset, size, little);
}

type Numbers = Record<string, (this: Uint8Array, ...args: any[]) => unknown>;
export const numberMethods: Numbers = {};

function define(name: string, method: (this: Uint8Array, ...args: any[]) => unknown): void {
  Object.defineProperty(method, "name", { value: name });
  numberMethods[name] = method;
  // Node has both spellings: readUInt8 and readUint8.
  if (name.includes("UInt")) numberMethods[name.replace("UInt", "Uint")] = method;
}

for (const [suffix, little] of [
  ["LE", true],
  ["BE", false],
] as const) {
  for (const bits of [16, 32]) {
    const size = bits / 8;
    define(`readUInt${bits}${suffix}`, function (offset = 0) {
      return readUnsigned.call(this, offset, size, little);
    });
    define(`readInt${bits}${suffix}`, function (offset = 0) {
      return readSigned.call(this, offset, size, little);
    });
    define(`writeUInt${bits}${suffix}`, function (value, offset = 0) {
      return writeUnsigned.call(this, value, offset, size, little);
    });
    define(`writeInt${bits}${suffix}`, function (value, offset = 0) {
      return writeSigned.call(this, value, offset, size, little);
    });
  }
  define(`readUInt${suffix}`, function (offset, size) {
    if (offset === undefined) throw invalidArgType("offset", "number", offset);
    checkSize(size);
    return readUnsigned.call(this, offset, size, little);
  });
  define(`readInt${suffix}`, function (offset, size) {
    if (offset === undefined) throw invalidArgType("offset", "number", offset);
    checkSize(size);
    return readSigned.call(this, offset, size, little);
  });
  define(`writeUInt${suffix}`, function (value, offset, size) {
    checkSize(size);
    return writeUnsigned.call(this, value, offset, size, little);
  });
  define(`writeInt${suffix}`, function (value, offset, size) {
    checkSize(size);
    return writeSigned.call(this, value, offset, size, little);
  });

  for (const [kind, min, max] of [
    ["BigUInt64", 0n, 2n ** 64n - 1n],
    ["BigInt64", -(2n ** 63n), 2n ** 63n - 1n],
  ] as const) {
    const isSigned = kind === "BigInt64";
    define(`read${kind}${suffix}`, function (offset = 0) {
      checkOffset(this, offset, 8);
      for (let i = 0; i < 8; i++) scratch.setUint8(i, this[offset + i]!);
      return isSigned ? scratch.getBigInt64(0, little) : scratch.getBigUint64(0, little);
    });
    define(`write${kind}${suffix}`, function (value: bigint, offset = 0) {
      if (typeof value !== "bigint") throw invalidArgType("value", "bigint", value);
      if (value > max || value < min) throw badValue(value, min, max, 8);
      checkOffset(this, offset, 8);
      scratch.setBigUint64(0, BigInt.asUintN(64, value), little);
      for (let i = 0; i < 8; i++) this[offset + i] = scratch.getUint8(i);
      return offset + 8;
    });
  }

  for (const [kind, size] of [
    ["Float", 4],
    ["Double", 8],
  ] as const) {
    define(`read${kind}${suffix}`, function (offset = 0) {
      checkOffset(this, offset, size);
      for (let i = 0; i < size; i++) scratch.setUint8(i, this[offset + i]!);
      return size === 4 ? scratch.getFloat32(0, little) : scratch.getFloat64(0, little);
    });
    define(`write${kind}${suffix}`, function (value, offset = 0) {
      checkOffset(this, offset, size);
      if (size === 4) scratch.setFloat32(0, +value, little);
      else scratch.setFloat64(0, +value, little);
      for (let i = 0; i < size; i++) this[offset + i] = scratch.getUint8(i);
      return offset + size;
    });
  }
}

define("readUInt8", function (offset = 0) {
  checkOffset(this, offset, 1);
  return this[offset];
});
define("readInt8", function (offset = 0) {
  checkOffset(this, offset, 1);
  return (this[offset]! << 24) >> 24;
});
define("writeUInt8", function (value, offset = 0) {
  return writeUnsigned.call(this, value, offset, 1, true);
});
define("writeInt8", function (value, offset = 0) {
  return writeSigned.call(this, value, offset, 1, true);
});

for (const bits of [16, 32, 64]) {
  const size = bits / 8;
  define(`swap${bits}`, function () {
    if (this.length % size !== 0)
      throw nodeError(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${bits}-bits`);
    for (let i = 0; i < this.length; i += size) this.subarray(i, i + size).reverse();
    return this;
  });
}
