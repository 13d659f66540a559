// node:buffer (Node.js docs, Buffer). A Buffer is a Uint8Array with this prototype; text conversion, search and comparison are ops over simdutf.
// No pool: every Buffer has an ArrayBuffer of its own, as on Workers.

import { Blob, File } from "adit:internal";
import { numberMethods } from "./internal/buffer_numbers";
import { encodingNumber, ops, utf8, utf16le, latin1, hex, base64, base64url, ascii } from "./internal/encodings";
import {
  bufferOutOfBounds,
  invalidArgType,
  invalidArgValue,
  nodeError,
  outOfRange,
  unknownEncoding,
} from "./internal/errors";
import { validateInteger, validateNumber, validateString } from "./internal/validators";

const kMaxLength = 9007199254740991;
const kStringMaxLength = 536870888;
const constants = Object.freeze({ MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength });
let INSPECT_MAX_BYTES = 50;
const customInspect = Symbol.for("nodejs.util.inspect.custom");

class FastBuffer extends (Uint8Array as unknown as new (...args: any[]) => Uint8Array<ArrayBuffer>) {}
type Bytes = FastBuffer & Record<string, any>;

function isInstance(value: unknown, Class: any): boolean {
  return (
    value instanceof Class ||
    (typeof value === "object" && value !== null && (value as any).constructor?.name === Class.name)
  );
}

function toNumber(encoding: unknown): number {
  if (encoding === undefined || encoding === null || encoding === "") return utf8;
  const number = typeof encoding === "string" ? encodingNumber(encoding) : undefined;
  if (number === undefined) throw unknownEncoding(encoding);
  return number;
}

function wrap(bytes: Uint8Array<ArrayBuffer>): Bytes {
  return new FastBuffer(bytes.buffer, bytes.byteOffset, bytes.byteLength) as Bytes;
}

/** `Buffer(...)` and `new Buffer(...)` are deprecated and still there. */
export function Buffer(this: unknown, value: unknown, encodingOrOffset?: unknown, length?: unknown): Bytes {
  if (typeof value === "number") {
    if (typeof encodingOrOffset === "string") throw invalidArgType("string", "string", value);
    return allocUnsafe(value);
  }
  return from(value, encodingOrOffset, length);
}

function checkedSize(size: unknown): number {
  validateNumber(size, "size", 0, kMaxLength);
  return size;
}

function alloc(size: number, fill?: unknown, encoding?: unknown): Bytes {
  checkedSize(size);
  const buffer = new FastBuffer(size) as Bytes;
  if (fill !== undefined && fill !== 0 && size > 0) {
    if (encoding !== undefined && typeof encoding !== "string") throw invalidArgType("encoding", "string", encoding);
    fillWith(buffer, fill, 0, buffer.length, encoding as string);
  }
  return buffer;
}

function allocUnsafe(size: number): Bytes {
  return new FastBuffer(checkedSize(size)) as Bytes;
}

function fromArrayLike(list: ArrayLike<number>): Bytes {
  const length = list.length;
  if (!(length > 0)) return new FastBuffer(0) as Bytes;
  const buffer = new FastBuffer(length) as Bytes;
  buffer.set(list as number[], 0);
  return buffer;
}

const wanted = ["string", "Buffer", "ArrayBuffer", "Array", "Array-like Object"];
function badSource(value: unknown): TypeError {
  const error = invalidArgType("first argument", "string", value);
  error.message = error.message.replace(
    "of type string",
    `of type string or an instance of ${wanted.slice(1, 3).join(", ")}, or Array or an Array-like Object`,
  );
  return error;
}

function from(value: unknown, encodingOrOffset?: unknown, length?: unknown): Bytes {
  if (typeof value === "string") {
    const number =
      encodingOrOffset === undefined || typeof encodingOrOffset !== "string" || encodingOrOffset === ""
        ? utf8
        : toNumber(encodingOrOffset);
    return wrap(ops.node_encode(value, number));
  }
  if (typeof value === "object" && value !== null) {
    if (isInstance(value, ArrayBuffer) || isInstance(value, SharedArrayBuffer))
      return fromArrayBuffer(value as ArrayBuffer, encodingOrOffset, length);
    const primitive = (value as object).valueOf?.();
    if (primitive != null && primitive !== value && (typeof primitive === "string" || typeof primitive === "object"))
      return from(primitive, encodingOrOffset, length);
    const made = fromObject(value as Record<string, any>);
    if (made !== undefined) return made;
    const toPrimitive = (value as any)[Symbol.toPrimitive];
    if (typeof toPrimitive === "function") {
      const text = toPrimitive.call(value, "string");
      if (typeof text === "string") return from(text, encodingOrOffset);
    }
  }
  throw badSource(value);
}

function fromArrayBuffer(buffer: ArrayBuffer, byteOffset: unknown, length: unknown): Bytes {
  let offset = 0;
  if (byteOffset !== undefined) {
    offset = +(byteOffset as number);
    if (Number.isNaN(offset)) offset = 0;
  }
  const rest = buffer.byteLength - offset;
  if (rest < 0) throw bufferOutOfBounds("offset");
  let size = rest;
  if (length !== undefined) {
    size = +(length as number);
    if (size > 0) {
      if (size > rest) throw bufferOutOfBounds("length");
    } else {
      size = 0;
    }
  }
  return new FastBuffer(buffer, offset, size) as Bytes;
}

function fromObject(value: Record<string, any>): Bytes | undefined {
  if (value.length !== undefined || isInstance(value.buffer, ArrayBuffer)) {
    if (typeof value.length !== "number") return new FastBuffer(0) as Bytes;
    return fromArrayLike(value as ArrayLike<number>);
  }
  if (value.type === "Buffer" && Array.isArray(value.data)) return fromArrayLike(value.data);
  return undefined;
}

function concat(list: readonly Uint8Array[], length?: number): Bytes {
  if (!Array.isArray(list)) throw invalidArgType("list", "Array", list);
  if (list.length === 0) return new FastBuffer(0) as Bytes;
  let total = length;
  if (total === undefined) {
    total = 0;
    for (const item of list) if (item?.length) total += item.length;
  } else {
    validateInteger(total, "length", 0);
  }
  const out = new FastBuffer(total) as Bytes;
  let at = 0;
  for (let i = 0; i < list.length; i++) {
    const item = list[i] as Uint8Array;
    if (!(item instanceof Uint8Array)) throw invalidArgType(`list[${i}]`, ["Buffer", "Uint8Array"], item);
    if (at + item.length > total) {
      out.set(item.subarray(0, total - at), at);
      at = total;
      break;
    }
    out.set(item, at);
    at += item.length;
  }
  return out;
}

function byteLength(value: unknown, encoding?: unknown): number {
  if (typeof value !== "string") {
    if (ArrayBuffer.isView(value) || isInstance(value, ArrayBuffer) || isInstance(value, SharedArrayBuffer))
      return (value as ArrayBufferView).byteLength;
    throw invalidArgType("string", ["string", "Buffer", "ArrayBuffer"], value);
  }
  const length = value.length;
  switch (typeof encoding === "string" ? encodingNumber(encoding) : utf8) {
    case latin1:
    case ascii:
      return length;
    case utf16le:
      return length * 2;
    case hex:
      return length >>> 1;
    case base64:
    case base64url: {
      let end = length;
      if (end > 1 && value[end - 1] === "=") end--;
      if (end > 1 && value[end - 1] === "=") end--;
      return (end * 3) >>> 2;
    }
    default:
      return ops.node_utf8_length(value);
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  if (!(a instanceof Uint8Array)) throw invalidArgType("buf1", ["Buffer", "Uint8Array"], a);
  if (!(b instanceof Uint8Array)) throw invalidArgType("buf2", ["Buffer", "Uint8Array"], b);
  return a === b ? 0 : ops.node_compare(a, b);
}

function copyBytesFrom(view: any, offset?: number, length?: number): Bytes {
  if (!ArrayBuffer.isView(view) || view instanceof DataView) throw invalidArgType("view", "TypedArray", view);
  const typed = view as Uint8Array;
  if (typed.length === 0) return new FastBuffer(0) as Bytes;
  const start = offset ?? 0;
  validateInteger(start, "offset", 0);
  if (start >= typed.length) return new FastBuffer(0) as Bytes;
  if (length !== undefined) validateInteger(length, "length", 0);
  const part = typed.slice(start, length === undefined ? typed.length : start + length);
  return from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
}

const statics = {
  alloc,
  allocUnsafe,
  allocUnsafeSlow: allocUnsafe,
  byteLength,
  compare,
  concat,
  copyBytesFrom,
  from,
  isBuffer: (value: unknown): boolean => value instanceof FastBuffer,
  isEncoding: (name: unknown): boolean =>
    typeof name === "string" && name.length > 0 && encodingNumber(name) !== undefined,
  of: (...items: number[]): Bytes => fromArrayLike(items),
  poolSize: 8192,
};
for (const [name, value] of Object.entries(statics))
  Object.defineProperty(Buffer, name, { value, writable: true, enumerable: true, configurable: true });
Object.defineProperty(Buffer, Symbol.species, { get: () => FastBuffer, configurable: true });
Object.setPrototypeOf(Buffer, Uint8Array);

const prototype = FastBuffer.prototype as Bytes;
(Buffer as any).prototype = prototype;
Object.defineProperty(prototype, "constructor", { value: Buffer, writable: true, configurable: true });

/** An index as slice() takes it: NaN is 0, negative ones count from the end. */
function clampIndex(value: unknown, length: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  let index = Math.trunc(+(value as number)) || 0;
  if (index < 0) index += length;
  return index < 0 ? 0 : index > length ? length : index;
}

function fillWith(buffer: Bytes, value: unknown, start: number, end: number, encoding?: string): Bytes {
  if (typeof value === "string") {
    const number = toNumber(encoding);
    if (value.length === 0) return (Uint8Array.prototype.fill.call(buffer, 0, start, end), buffer);
    if (value.length === 1 && (number === utf8 || number === latin1)) {
      const code = value.charCodeAt(0);
      if (code < 128 || number === latin1) return (Uint8Array.prototype.fill.call(buffer, code, start, end), buffer);
    }
    value = ops.node_encode(value, number);
    if ((value as Uint8Array).length === 0) throw invalidArgValue("value", arguments[1]);
  }
  if (typeof value === "boolean") value = +value;
  if (value instanceof Uint8Array || ArrayBuffer.isView(value)) {
    const pattern =
      value instanceof Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (pattern.length === 0) throw invalidArgValue("value", value);
    for (let at = start; at < end; at += pattern.length)
      buffer.set(at + pattern.length <= end ? pattern : pattern.subarray(0, end - at), at);
    return buffer;
  }
  Uint8Array.prototype.fill.call(buffer, (value as number) & 255, start, end);
  return buffer;
}

function search(buffer: Uint8Array, value: unknown, byteOffset: unknown, encoding: unknown, forward: boolean): number {
  if (typeof byteOffset === "string") {
    encoding = byteOffset;
    byteOffset = undefined;
  }
  let offset = +(byteOffset as number);
  if (Number.isNaN(offset)) offset = forward ? 0 : buffer.length;
  offset = Math.trunc(Math.max(-0x80000000, Math.min(0x7fffffff, offset)));
  if (typeof value === "number") {
    const octet = value & 255;
    if (forward) return Uint8Array.prototype.indexOf.call(buffer, octet, offset);
    return Uint8Array.prototype.lastIndexOf.call(buffer, octet, offset);
  }
  let step = 1;
  let needle: Uint8Array;
  if (typeof value === "string") {
    const number = toNumber(encoding);
    if (number === utf16le) step = 2;
    needle = ops.node_encode(value, number);
  } else if (value instanceof Uint8Array) {
    needle = value;
    if (typeof encoding === "string" && encodingNumber(encoding) === utf16le) step = 2;
  } else {
    throw invalidArgType("value", ["number", "string", "Buffer", "Uint8Array"], value);
  }
  return ops.node_index_of(buffer, needle, offset, forward, step);
}

function slicer(encoding: number) {
  return function (this: Uint8Array, start = 0, end: number = this.length): string {
    if (start < 0 || start > this.length) throw outOfRange("start", `>= 0 && <= ${this.length}`, start);
    return ops.node_decode(this, start, Math.min(end, this.length), encoding);
  };
}
function writer(encoding: number) {
  return function (this: Uint8Array, text: string, offset = 0, length: number = this.length - offset): number {
    validateString(text, "argument");
    if (offset < 0 || offset > this.length) throw bufferOutOfBounds("offset");
    if (length < 0 || length > this.length - offset) throw bufferOutOfBounds("length");
    return ops.node_write(this, text, offset, length, encoding);
  };
}

const methods: Record<string, (this: any, ...args: any[]) => any> = {
  toString(this: Bytes, encoding?: unknown, start?: unknown, end?: unknown): string {
    if (arguments.length === 0) return ops.node_decode(this, 0, this.length, utf8);
    const length = this.length;
    let from = 0;
    if (start !== undefined) {
      from = Math.trunc(+(start as number)) || 0;
      if (from < 0) from = 0;
      if (from >= length) return "";
    }
    let to = length;
    if (end !== undefined) {
      to = Math.trunc(+(end as number)) || 0;
      if (to > length) to = length;
    }
    const number = encoding === undefined ? utf8 : encodingNumber(String(encoding));
    if (number === undefined) throw unknownEncoding(encoding);
    return to <= from ? "" : ops.node_decode(this, from, to, number);
  },
  toLocaleString(...args: unknown[]) {
    return (methods.toString as any).apply(this, args);
  },
  toJSON() {
    return { type: "Buffer", data: Array.from(this) };
  },
  equals(other: Uint8Array) {
    if (!(other instanceof Uint8Array)) throw invalidArgType("otherBuffer", ["Buffer", "Uint8Array"], other);
    return this === other || (this.length === other.length && ops.node_compare(this, other) === 0);
  },
  compare(
    this: Bytes,
    target: Uint8Array,
    targetStart = 0,
    targetEnd = target?.length,
    sourceStart = 0,
    sourceEnd: number = this.length,
  ) {
    if (!(target instanceof Uint8Array)) throw invalidArgType("target", ["Buffer", "Uint8Array"], target);
    if (arguments.length === 1) return ops.node_compare(this, target);
    validateInteger(targetStart, "targetStart", 0);
    validateInteger(targetEnd, "targetEnd", 0, target.length);
    validateInteger(sourceStart, "sourceStart", 0);
    validateInteger(sourceEnd, "sourceEnd", 0, this.length);
    if (sourceStart >= sourceEnd) return targetStart >= targetEnd ? 0 : -1;
    if (targetStart >= targetEnd) return 1;
    return ops.node_compare(this.subarray(sourceStart, sourceEnd), target.subarray(targetStart, targetEnd));
  },
  copy(this: Bytes, target: Uint8Array, targetStart = 0, sourceStart = 0, sourceEnd: number = this.length) {
    if (!(target instanceof Uint8Array)) throw invalidArgType("target", ["Buffer", "Uint8Array"], target);
    const integer = (value: unknown, name: string): number => {
      const number = Math.trunc(+(value as number)) || 0;
      if (number < 0) throw outOfRange(name, ">= 0", number);
      return number;
    };
    const to = integer(targetStart, "targetStart");
    const start = integer(sourceStart, "sourceStart");
    if (start > this.length) throw outOfRange("sourceStart", `>= 0 && <= ${this.length}`, start);
    const end = Math.min(integer(sourceEnd, "sourceEnd"), this.length);
    if (to >= target.length || start >= end) return 0;
    const count = Math.min(end - start, target.length - to);
    target.set(this.subarray(start, start + count), to);
    return count;
  },
  write(this: Bytes, text: unknown, offset?: any, length?: any, encoding?: any) {
    validateString(text, "argument");
    if (offset === undefined) return ops.node_write(this, text, 0, this.length, utf8);
    if (length === undefined && typeof offset === "string") {
      encoding = offset;
      offset = 0;
      length = this.length;
    } else {
      validateInteger(offset, "offset", 0, this.length);
      const remaining = this.length - offset;
      if (length === undefined) length = remaining;
      else if (typeof length === "string") {
        encoding = length;
        length = remaining;
      } else {
        validateInteger(length, "length", 0, this.length);
        if (length > remaining) length = remaining;
      }
    }
    return ops.node_write(this, text, offset, length, toNumber(encoding));
  },
  fill(this: Bytes, value: unknown, offset?: any, end?: any, encoding?: any) {
    if (typeof value === "string") {
      if (typeof offset === "string") {
        encoding = offset;
        offset = undefined;
      } else if (typeof end === "string") {
        encoding = end;
        end = undefined;
      }
      if (encoding !== undefined && typeof encoding !== "string") throw invalidArgType("encoding", "string", encoding);
    }
    if (offset !== undefined) validateNumber(offset, "offset", 0, this.length);
    if (end !== undefined) validateNumber(end, "end", 0, this.length);
    const start = offset ?? 0;
    const stop = end ?? this.length;
    return start >= stop ? this : fillWith(this, value, start, stop, encoding);
  },
  indexOf(value: unknown, byteOffset?: unknown, encoding?: unknown) {
    return search(this, value, byteOffset, encoding, true);
  },
  lastIndexOf(value: unknown, byteOffset?: unknown, encoding?: unknown) {
    return search(this, value, byteOffset, encoding, false);
  },
  includes(value: unknown, byteOffset?: unknown, encoding?: unknown) {
    return search(this, value, byteOffset, encoding, true) !== -1;
  },
  subarray(start?: unknown, end?: unknown) {
    const length = this.length;
    const from = clampIndex(start, length, 0);
    const to = clampIndex(end, length, length);
    return new FastBuffer(this.buffer, this.byteOffset + from, to > from ? to - from : 0);
  },
  asciiSlice: slicer(ascii),
  base64Slice: slicer(base64),
  base64urlSlice: slicer(base64url),
  hexSlice: slicer(hex),
  latin1Slice: slicer(latin1),
  ucs2Slice: slicer(utf16le),
  utf8Slice: slicer(utf8),
  asciiWrite: writer(ascii),
  base64Write: writer(base64),
  base64urlWrite: writer(base64url),
  hexWrite: writer(hex),
  latin1Write: writer(latin1),
  ucs2Write: writer(utf16le),
  utf8Write: writer(utf8),
  ...numberMethods,
};
methods.slice = function slice(this: Bytes, start?: unknown, end?: unknown) {
  return methods.subarray!.call(this, start, end);
};
methods.inspect = function inspect(
  this: Bytes,
  _depth?: unknown,
  context?: { inspect?: (value: unknown, options: unknown) => string },
) {
  const shown = Math.min(INSPECT_MAX_BYTES, this.length);
  let text = (ops.node_decode(this, 0, shown, hex).match(/../g) ?? []).join(" ");
  const more = this.length - shown;
  if (more > 0) text += ` ... ${more} more byte${more > 1 ? "s" : ""}`;
  const extra = Object.keys(this).filter((key) => !/^\d+$/.test(key));
  if (context?.inspect && extra.length > 0)
    text += (text ? ", " : "") + extra.map((key) => `${key}: ${context.inspect!(this[key], context)}`).join(", ");
  const name = this.constructor?.name ?? "Buffer";
  return `<${name === "FastBuffer" ? "Buffer" : name}${text ? ` ${text}` : ""}>`;
};
methods[customInspect as never] = methods.inspect as never;
for (const key of Reflect.ownKeys(methods))
  Object.defineProperty(prototype, key, {
    value: methods[key as string],
    writable: true,
    enumerable: true,
    configurable: true,
  });
for (const key of ["parent", "offset"] as const)
  Object.defineProperty(prototype, key, {
    get(this: Bytes) {
      if (!(this instanceof FastBuffer)) return undefined;
      return key === "parent" ? this.buffer : this.byteOffset;
    },
    enumerable: true,
    configurable: true,
  });

export function SlowBuffer(length: number): Bytes {
  return allocUnsafe(length);
}
Object.setPrototypeOf(SlowBuffer.prototype, Uint8Array.prototype);

function viewOf(value: unknown, name = "source"): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw invalidArgType(name, ["Buffer", "Uint8Array"], value);
}

/** Octets from one encoding to another. */
export function transcode(source: Uint8Array, fromEncoding: string, toEncoding: string): Bytes {
  const bytes = viewOf(source);
  const from = encodingNumber(fromEncoding);
  const to = encodingNumber(toEncoding);
  if (from === undefined || to === undefined || from > utf16le || to > utf16le)
    throw Object.assign(
      nodeError(Error, "U_ILLEGAL_ARGUMENT_ERROR", "Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]"),
      { errno: 1 },
    );
  const text = ops.node_decode(bytes, 0, bytes.length, from);
  if (to === latin1 || to === ascii) {
    const limit = to === ascii ? 127 : 255;
    const replaced = Array.from(text, (char) => (char.codePointAt(0)! > limit ? "?" : char)).join("");
    return wrap(ops.node_encode(replaced, latin1));
  }
  return wrap(ops.node_encode(text, to));
}

function anyBytes(value: unknown): ArrayBufferView | ArrayBufferLike {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    if ((value as ArrayBuffer).detached === true)
      throw nodeError(Error, "ERR_INVALID_STATE", "Invalid state: Cannot validate on a detached buffer");
    return value as ArrayBufferView;
  }
  throw invalidArgType("input", ["ArrayBuffer", "Buffer", "TypedArray"], value);
}
export function isAscii(input: unknown): boolean {
  return ops.node_is_ascii(anyBytes(input));
}
export function isUtf8(input: unknown): boolean {
  return ops.node_is_utf8(anyBytes(input));
}
export function resolveObjectURL(_id: string): Blob | undefined {
  return undefined; // Workers have no URL.createObjectURL
}

const atob = (globalThis as any).atob as (text: string) => string;
const btoa = (globalThis as any).btoa as (text: string) => string;
export { atob, Blob, btoa, constants, File, INSPECT_MAX_BYTES, kMaxLength, kStringMaxLength };

const moduleExports = {
  Blob,
  Buffer,
  File,
  SlowBuffer,
  atob,
  btoa,
  constants,
  isAscii,
  isUtf8,
  kMaxLength,
  kStringMaxLength,
  resolveObjectURL,
  transcode,
};
Object.defineProperty(moduleExports, "INSPECT_MAX_BYTES", {
  get: () => INSPECT_MAX_BYTES,
  set(value: number) {
    validateNumber(value, "INSPECT_MAX_BYTES", 0);
    INSPECT_MAX_BYTES = value;
  },
  enumerable: true,
});
export default moduleExports as typeof moduleExports & { INSPECT_MAX_BYTES: number };
