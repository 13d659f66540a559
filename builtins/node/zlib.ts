// node:zlib (Node.js docs, Zlib): deflate's family, brotli and zstd as functions, synchronous functions and Transform streams, over the libraries of these names.

import { native, type NativeHandle } from "adit:internal";
import { Transform } from "./stream";
import { Buffer } from "./buffer";
import { codes, constants } from "./internal/zlib_constants";
import { invalidArgType, nodeError, outOfRange } from "./internal/errors";
import { validateFunction, validateUint32 } from "./internal/validators";

type Any = any;
type Handle = NativeHandle<"ZlibCodec">;
const B = Buffer as Any;
const queueMicrotask = (globalThis as Any).queueMicrotask as (task: () => void) => void;

const ops = native<{
  node_zlib_create(
    mode: number,
    level: number,
    windowBits: number,
    memLevel: number,
    strategy: number,
    dictionary?: Uint8Array,
  ): Handle;
  node_zstd_create(encodes: boolean, parameters: number[], sourceSize: number): Handle;
  node_brotli_create(encodes: boolean, parameters: number[]): Handle;
  node_zlib_write(codec: Handle, input: Uint8Array, flush: number, limit: number): Uint8Array<ArrayBuffer>;
  node_zlib_consumed(codec: Handle): number;
  node_zlib_ended(codec: Handle): boolean;
  node_zlib_reset(codec: Handle): void;
  node_zlib_params(codec: Handle, level: number, strategy: number): void;
  node_crc32(data: Uint8Array, value: number): number;
}>();

const noLimit = 9007199254740991;

/** An op's failure, "CODE errno message", as Node's error. */
function zlibError(error: unknown): Error {
  const match = /^(\w+) (-?\d+) (.*)$/s.exec((error as Error).message);
  if (match === null) return error as Error;
  const [, code, errno, message] = match;
  if (code === "ERR_BUFFER_TOO_LARGE")
    return nodeError(RangeError, code, `Cannot create a Buffer larger than ${limitText} bytes`);
  return Object.assign(nodeError(Error, code!, message!), { errno: Number(errno) });
}
let limitText = "";

function run(handle: Handle, input: Uint8Array, flush: number, limit: number): Any {
  try {
    const bytes = ops.node_zlib_write(handle, input, flush, limit);
    return B.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    limitText = String(limit);
    throw zlibError(error);
  }
}

function bytesOf(value: Any): Uint8Array {
  if (typeof value === "string") return B.from(value);
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  throw invalidArgType("buffer", ["string", "Buffer", "TypedArray", "DataView", "ArrayBuffer"], value);
}

function integer(options: Any, name: string, min: number, max: number, otherwise: number): number {
  const value = options?.[name];
  if (value === undefined || value === null || Number.isNaN(value)) return otherwise;
  if (typeof value !== "number") throw invalidArgType(`options.${name}`, "number", value);
  if (!Number.isFinite(value) || value < min || value > max)
    throw outOfRange(`options.${name}`, `>= ${min} and <= ${max}`, value);
  return value;
}

const modes = { Deflate: 1, Inflate: 2, Gzip: 3, Gunzip: 4, DeflateRaw: 5, InflateRaw: 6, Unzip: 7 } as const;
type Kind = keyof typeof modes | "BrotliCompress" | "BrotliDecompress" | "ZstdCompress" | "ZstdDecompress";
const isBrotli = (kind: Kind): boolean => kind.startsWith("Brotli");
const isZstd = (kind: Kind): boolean => kind.startsWith("Zstd");
/** Not of zlib: brotli's and zstd's flush operations have the same numbers. */
const isNew = (kind: Kind): boolean => isBrotli(kind) || isZstd(kind);

function open(kind: Kind, options: Any): Handle {
  try {
    if (isZstd(kind)) {
      const parameters = Object.entries((options?.params ?? {}) as Record<string, number>).flatMap(([key, value]) => {
        if (!Number.isInteger(Number(key)))
          throw nodeError(RangeError, "ERR_ZSTD_INVALID_PARAM", `${key} is not a valid zstd parameter`);
        if (typeof value !== "number" && typeof value !== "boolean")
          throw invalidArgType("options.params[key]", "number", value);
        return [Number(key), Number(value)];
      });
      return ops.node_zstd_create(kind === "ZstdCompress", parameters, options?.pledgedSrcSize ?? -1);
    }
    if (isBrotli(kind)) {
      const parameters = Object.entries((options?.params ?? {}) as Record<string, number>).flatMap(([key, value]) => {
        const number = Number(key);
        if (!Number.isInteger(number) || number < 0 || number > 9)
          throw nodeError(RangeError, "ERR_BROTLI_INVALID_PARAM", `${key} is not a valid Brotli parameter`);
        if (typeof value !== "number" && typeof value !== "boolean")
          throw invalidArgType("options.params[key]", "number", value);
        return [number, Number(value)];
      });
      return ops.node_brotli_create(kind === "BrotliCompress", parameters);
    }
    const decodes = kind === "Inflate" || kind === "Gunzip" || kind === "InflateRaw" || kind === "Unzip";
    // 0 lets the decoder take what the header says.
    let windowBits =
      options?.windowBits === 0 && decodes
        ? 0
        : integer(options, "windowBits", kind === "DeflateRaw" || kind === "Deflate" ? 8 : 8, 15, 15);
    if (windowBits === 8 && (kind === "Gzip" || kind === "DeflateRaw" || kind === "Deflate")) windowBits = 9;
    const level = integer(options, "level", -1, 9, -1);
    const memLevel = integer(options, "memLevel", 1, 9, 8);
    const strategy = integer(options, "strategy", 0, 4, 0);
    const dictionary = options?.dictionary === undefined ? undefined : dictionaryOf(options.dictionary);
    return ops.node_zlib_create(modes[kind as keyof typeof modes], level, windowBits, memLevel, strategy, dictionary);
  } catch (error) {
    throw zlibError(error);
  }
}
function dictionaryOf(value: Any): Uint8Array {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytesOf(value);
  throw invalidArgType("options.dictionary", ["Buffer", "TypedArray", "DataView", "ArrayBuffer"], value);
}

function limitOf(options: Any): number {
  return integer(options, "maxOutputLength", 1, noLimit, noLimit);
}
function finishFlush(kind: Kind, options: Any): number {
  return integer(options, "finishFlush", 0, 6, isNew(kind) ? constants.BROTLI_OPERATION_FINISH : constants.Z_FINISH);
}

function all(kind: Kind, input: Any, options: Any): Any {
  const bytes = bytesOf(input);
  const handle = open(kind, options);
  const output = run(handle, bytes, finishFlush(kind, options), limitOf(options));
  return options?.info ? { buffer: output, engine: new classes[kind](options) } : output;
}

/** A Transform over a codec. */
function streamClass(kind: Kind): Any {
  const Class: Any = function (this: Any, options?: Any): Any {
    if (!(this instanceof Class)) return new Class(options);
    this._handle = open(kind, options);
    this._flushFlag = integer(
      options,
      "flush",
      0,
      6,
      isNew(kind) ? constants.BROTLI_OPERATION_PROCESS : constants.Z_NO_FLUSH,
    );
    this._finishFlushFlag = finishFlush(kind, options);
    this._limit = limitOf(options);
    if (options?.chunkSize !== undefined && !(options.chunkSize >= 64))
      throw outOfRange("options.chunkSize", ">= 64", options.chunkSize);
    this._chunkSize = options?.chunkSize ?? 16384;
    this.bytesWritten = 0;
    Transform.call(this, { autoDestroy: true, ...options });
    return undefined;
  };
  Object.defineProperty(Class, "name", { value: kind });
  Object.setPrototypeOf(Class.prototype, Transform.prototype);
  Object.setPrototypeOf(Class, Transform);
  Object.assign(Class.prototype, streamMethods);
  Object.defineProperties(Class.prototype, {
    _closed: { get: (): boolean => false, configurable: true },
    bytesRead: {
      get(this: Any) {
        return this.bytesWritten;
      },
      configurable: true,
    },
  });
  return Class;
}

const streamMethods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  _transform(chunk: Any, _encoding: string, done: (error?: unknown) => void) {
    try {
      if (chunk[flushMark] !== undefined)
        this._emitOutput(run(this._handle, new Uint8Array(0), chunk[flushMark], this._limit));
      else {
        this.bytesWritten += chunk.length;
        this._emitOutput(run(this._handle, bytesOf(chunk), this._flushFlag, this._limit));
        // What follows the end of compressed data is not read.
        if (ops.node_zlib_ended(this._handle)) this._sawEnd = true;
      }
      done();
    } catch (error) {
      done(error);
    }
  },
  _flush(done: (error?: unknown) => void) {
    try {
      if (!this._sawEnd) this._emitOutput(run(this._handle, new Uint8Array(0), this._finishFlushFlag, this._limit));
      done();
    } catch (error) {
      done(error);
    }
  },
  _emitOutput(output: Any) {
    for (let at = 0; at < output.length; at += this._chunkSize) this.push(output.subarray(at, at + this._chunkSize));
  },
  flush(kind: Any, callback?: Any) {
    if (typeof kind === "function" || (kind === undefined && callback === undefined))
      [callback, kind] = [kind, this._fullFlush];
    if (this.writableFinished) {
      if (callback) queueMicrotask(callback);
    } else if (this.writableEnded) {
      if (callback) this.once("end", callback);
    } else {
      const mark = B.alloc(0);
      mark[flushMark] = kind ?? constants.Z_FULL_FLUSH;
      this.write(mark, "", callback);
    }
  },
  params(level: number, strategy: number, callback: Any) {
    if (level < -1 || level > 9) throw outOfRange("level", ">= -1 and <= 9", level);
    if (strategy < 0 || strategy > 4) throw outOfRange("strategy", ">= 0 and <= 4", strategy);
    this.flush(constants.Z_SYNC_FLUSH, () => {
      try {
        ops.node_zlib_params(this._handle, level, strategy);
        callback?.();
      } catch (error) {
        callback?.(zlibError(error));
      }
    });
  },
  reset() {
    ops.node_zlib_reset(this._handle);
    this._sawEnd = false;
  },
  close(callback?: Any) {
    if (callback) this.once("close", callback);
    this.destroy();
  },
};
const flushMark = Symbol("flush");

const kinds: readonly Kind[] = [
  "Deflate",
  "Inflate",
  "Gzip",
  "Gunzip",
  "DeflateRaw",
  "InflateRaw",
  "Unzip",
  "BrotliCompress",
  "BrotliDecompress",
  "ZstdCompress",
  "ZstdDecompress",
];
const classes = Object.fromEntries(kinds.map((kind) => [kind, streamClass(kind)])) as Record<Kind, Any>;
for (const kind of kinds)
  classes[kind].prototype._fullFlush = isNew(kind) ? constants.BROTLI_OPERATION_FLUSH : constants.Z_FULL_FLUSH;

const sync =
  (kind: Kind) =>
  (input: Any, options?: Any): Any =>
    all(kind, input, options);
const withCallback =
  (kind: Kind) =>
  (input: Any, options: Any, callback?: Any): void => {
    if (typeof options === "function") [callback, options] = [options, undefined];
    validateFunction(callback, "callback");
    bytesOf(input);
    const handle = open(kind, options);
    void handle;
    setTimeout(() => {
      let output: Any;
      try {
        output = all(kind, input, options);
      } catch (error) {
        return callback(error);
      }
      callback(null, output);
    }, 0);
  };
const setTimeout = (globalThis as Any).setTimeout as (task: () => void, delay_ms: number) => void;

export const { Deflate, Inflate, Gzip, Gunzip, DeflateRaw, InflateRaw, Unzip, BrotliCompress, BrotliDecompress } =
  classes;
export const createDeflate = (options?: Any): Any => new Deflate(options);
export const createInflate = (options?: Any): Any => new Inflate(options);
export const createGzip = (options?: Any): Any => new Gzip(options);
export const createGunzip = (options?: Any): Any => new Gunzip(options);
export const createDeflateRaw = (options?: Any): Any => new DeflateRaw(options);
export const createInflateRaw = (options?: Any): Any => new InflateRaw(options);
export const createUnzip = (options?: Any): Any => new Unzip(options);
export const createBrotliCompress = (options?: Any): Any => new BrotliCompress(options);
export const createBrotliDecompress = (options?: Any): Any => new BrotliDecompress(options);
export const deflate = withCallback("Deflate");
export const inflate = withCallback("Inflate");
export const gzip = withCallback("Gzip");
export const gunzip = withCallback("Gunzip");
export const deflateRaw = withCallback("DeflateRaw");
export const inflateRaw = withCallback("InflateRaw");
export const unzip = withCallback("Unzip");
export const brotliCompress = withCallback("BrotliCompress");
export const brotliDecompress = withCallback("BrotliDecompress");
export const deflateSync = sync("Deflate");
export const inflateSync = sync("Inflate");
export const gzipSync = sync("Gzip");
export const gunzipSync = sync("Gunzip");
export const deflateRawSync = sync("DeflateRaw");
export const inflateRawSync = sync("InflateRaw");
export const unzipSync = sync("Unzip");
export const brotliCompressSync = sync("BrotliCompress");
export const brotliDecompressSync = sync("BrotliDecompress");

export const { ZstdCompress, ZstdDecompress } = classes;
export const createZstdCompress = (options?: Any): Any => new ZstdCompress(options);
export const createZstdDecompress = (options?: Any): Any => new ZstdDecompress(options);
export const zstdCompress = withCallback("ZstdCompress");
export const zstdDecompress = withCallback("ZstdDecompress");
export const zstdCompressSync = sync("ZstdCompress");
export const zstdDecompressSync = sync("ZstdDecompress");

export function crc32(data: Any, value = 0): number {
  if (typeof data !== "string" && !ArrayBuffer.isView(data))
    throw invalidArgType("data", ["Buffer", "TypedArray", "DataView", "string"], data);
  validateUint32(value, "value");
  return ops.node_crc32(bytesOf(data), value);
}

export { codes, constants };
export * from "./internal/zlib_constants";
const everything = {
  BrotliCompress,
  BrotliDecompress,
  Deflate,
  DeflateRaw,
  Gunzip,
  Gzip,
  Inflate,
  InflateRaw,
  Unzip,
  ZstdCompress,
  ZstdDecompress,
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  codes,
  constants,
  crc32,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createDeflateRaw,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createUnzip,
  createZstdCompress,
  createZstdDecompress,
  deflate,
  deflateRaw,
  deflateRawSync,
  deflateSync,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  unzip,
  unzipSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
};
export default { ...constants, ...everything };
