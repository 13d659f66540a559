// node:string_decoder: text out of octets that come in pieces; what is left of a character waits for its rest.

import { Buffer } from "./buffer";
import { ops, encodingNumber, utf8, utf16le, base64, base64url } from "./internal/encodings";
import { invalidArgType, unknownEncoding } from "./internal/errors";

const names = ["utf8", "latin1", "ascii", "utf16le", "base64", "base64url", "hex"];
const decode = (bytes: Uint8Array, start: number, end: number, encoding: number): string =>
  start >= end ? "" : ops.node_decode(bytes, start, end, encoding);

/** How many octets at the end are the beginning of a UTF-8 character. */
function incompleteUtf8(bytes: Uint8Array): number {
  const length = bytes.length;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const octet = bytes[length - back]!;
    if ((octet & 0xc0) === 0x80) continue;
    const size =
      octet >= 0xf0 && octet < 0xf5 ? 4 : octet >= 0xe0 && octet < 0xf0 ? 3 : octet >= 0xc2 && octet < 0xe0 ? 2 : 1;
    if (size <= back) return 0;
    // A second octet that cannot follow the first is no beginning.
    if (back >= 2) {
      const second = bytes[length - back + 1]!;
      if (octet === 0xe0 && second < 0xa0) return 0;
      if (octet === 0xed && second > 0x9f) return 0;
      if (octet === 0xf0 && second < 0x90) return 0;
      if (octet === 0xf4 && second > 0x8f) return 0;
    }
    return back;
  }
  return 0;
}

function incomplete(bytes: Uint8Array, encoding: number): number {
  if (encoding === utf8) return incompleteUtf8(bytes);
  if (encoding === utf16le) {
    if (bytes.length % 2 === 1) return bytes.length >= 3 && (bytes[bytes.length - 2]! & 0xfc) === 0xd8 ? 3 : 1;
    return bytes.length >= 2 && (bytes[bytes.length - 1]! & 0xfc) === 0xd8 ? 2 : 0;
  }
  if (encoding === base64 || encoding === base64url) return bytes.length % 3;
  return 0;
}

export function StringDecoder(this: any, encoding?: unknown): void {
  const number =
    encoding === undefined || encoding === null || encoding === "" ? utf8 : encodingNumber(String(encoding));
  if (number === undefined) throw unknownEncoding(encoding);
  this.encoding = names[number];
  Object.defineProperty(this, "_number", { value: number });
  Object.defineProperty(this, "_rest", { value: (Buffer as any).alloc(0), writable: true });
}
const prototype = StringDecoder.prototype as any;

prototype.write = function write(chunk: unknown): string {
  if (typeof chunk === "string") return chunk;
  if (!ArrayBuffer.isView(chunk)) throw invalidArgType("buf", ["Buffer", "TypedArray", "DataView"], chunk);
  let bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (this._rest.length > 0) {
    const joined = new Uint8Array(this._rest.length + bytes.length);
    joined.set(this._rest);
    joined.set(bytes, this._rest.length);
    bytes = joined;
  }
  const kept = incomplete(bytes, this._number);
  this._rest = kept === 0 ? bytes.subarray(0, 0) : bytes.slice(bytes.length - kept);
  return decode(bytes, 0, bytes.length - kept, this._number);
};
prototype.end = function end(chunk?: unknown): string {
  let text = chunk === undefined ? "" : this.write(chunk);
  if (this._rest.length > 0) {
    text += this._number === utf8 ? "\ufffd" : decode(this._rest, 0, this._rest.length, this._number);
    this._rest = this._rest.subarray(0, 0);
  }
  return text;
};
prototype.text = function text(chunk: Uint8Array, offset: number): string {
  this._rest = new Uint8Array(0);
  return this.write(chunk.subarray(offset));
};
Object.defineProperties(prototype, {
  lastChar: {
    get() {
      return (Buffer as any).from(this._rest);
    },
    enumerable: true,
    configurable: true,
  },
  lastNeed: {
    get() {
      const rest = this._rest as Uint8Array;
      if (rest.length === 0) return 0;
      if (this._number === utf8) return (rest[0]! >= 0xf0 ? 4 : rest[0]! >= 0xe0 ? 3 : 2) - rest.length;
      if (this._number === utf16le) return rest.length % 2 === 1 ? 1 : 2;
      return 3 - rest.length;
    },
    enumerable: true,
    configurable: true,
  },
  lastTotal: {
    get() {
      return this._rest.length + this.lastNeed;
    },
    enumerable: true,
    configurable: true,
  },
});
export default { StringDecoder };
