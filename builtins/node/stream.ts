// node:stream: Node's own streams, as readable-stream carries them, with the conversions to and from web streams that it leaves out.

import { webStreams } from "adit:internal";
import streams from "readable-stream/lib/ours/browser.js";
import { readableFromWeb, readableToWeb, writableFromWeb, writableToWeb } from "./internal/web_adapters";
import { validateObject } from "./internal/validators";

type Any = any;
const { ReadableStream } = webStreams;
export const {
  Readable,
  Writable,
  Duplex,
  Transform,
  PassThrough,
  pipeline,
  finished,
  addAbortSignal,
  compose,
  destroy,
} = streams as Record<string, Any>;

Readable.toWeb = (stream: Any, options?: Any) => readableToWeb(stream, options);
Readable.fromWeb = (stream: Any, options?: Any) => readableFromWeb(Readable, stream, options);
Writable.toWeb = (stream: Any) => writableToWeb(stream);
Writable.fromWeb = (stream: Any, options?: Any) => writableFromWeb(Writable, stream, options);
Duplex.toWeb = (stream: Any) => ({ readable: readableToWeb(stream), writable: writableToWeb(stream) });
Duplex.fromWeb = (pair: Any, options: Any = {}) => {
  validateObject(pair, "pair");
  const source = readableFromWeb(Readable, (pair as Any).readable, {
    ...options,
    objectMode: options.readableObjectMode ?? options.objectMode,
  });
  const sink = writableFromWeb(Writable, (pair as Any).writable, {
    ...options,
    objectMode: options.writableObjectMode ?? options.objectMode,
  });
  return Duplex.from({ readable: source, writable: sink });
};

let defaultHighWaterMark = 65536;
let defaultObjectHighWaterMark = 16;
export function getDefaultHighWaterMark(objectMode?: boolean): number {
  return objectMode ? defaultObjectHighWaterMark : defaultHighWaterMark;
}
export function setDefaultHighWaterMark(objectMode: boolean, value: number): void {
  if (objectMode) defaultObjectHighWaterMark = value;
  else defaultHighWaterMark = value;
}

const stateOf = (stream: Any): Any => stream?._readableState ?? stream?._writableState;
export const isReadable = (stream: Any): boolean | null => {
  if (stream instanceof ReadableStream) return (stream as Any)._state === undefined ? true : null;
  if (typeof stream?.readable !== "boolean") return null;
  return stream.destroyed !== true && stream.readable === true && stream.readableEnded !== true;
};
export const isWritable = (stream: Any): boolean | null => {
  if (typeof stream?.writable !== "boolean") return null;
  return stream.destroyed !== true && stream.writable === true && stream.writableEnded !== true;
};
export const isDisturbed = (stream: Any): boolean =>
  Boolean(stream && (stream.readableDidRead || stream.readableAborted));
export const isErrored = (stream: Any): boolean => Boolean(stream && (stream.errored ?? stateOf(stream)?.errored));
export const isDestroyed = (stream: Any): boolean | null => {
  if (stateOf(stream) === undefined) return null;
  return Boolean(stream.destroyed);
};

/** Two duplexes, each of which reads what the other is given. */
export function duplexPair(options?: Any): [Any, Any] {
  const pendings = new Map<Any, (() => void) | undefined>();
  const make = (other: () => Any): Any =>
    new Duplex({
      ...options,
      read() {
        const pending = pendings.get(this);
        pendings.delete(this);
        pending?.();
      },
      write(chunk: Any, _encoding: string, done: () => void) {
        if (chunk.length === 0) return (globalThis as Any).process.nextTick(done);
        other().push(chunk);
        pendings.set(other(), done);
      },
      final(done: () => void) {
        other().push(null);
        done();
      },
    });
  const a: Any = make(() => b);
  const b: Any = make(() => a);
  return [a, b];
}

export const _isUint8Array = (value: unknown): boolean => value instanceof Uint8Array;
export const _isArrayBufferView = (value: unknown): boolean => ArrayBuffer.isView(value);
export const _uint8ArrayToBuffer = (chunk: Uint8Array): Any =>
  (globalThis as Any).Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

export const promises = { pipeline: (streams as Any).promises.pipeline, finished: (streams as Any).promises.finished };
export const Stream: Any = (streams as Any).Stream ?? streams;
Object.assign(Stream, {
  Readable,
  Writable,
  Duplex,
  Transform,
  PassThrough,
  Stream,
  pipeline,
  finished,
  addAbortSignal,
  compose,
  destroy,
  duplexPair,
  getDefaultHighWaterMark,
  setDefaultHighWaterMark,
  isDestroyed,
  isDisturbed,
  isErrored,
  isReadable,
  isWritable,
  _isUint8Array,
  _isArrayBufferView,
  _uint8ArrayToBuffer,
});
Object.defineProperty(Stream, "promises", { value: promises, enumerable: true, configurable: true, writable: true });
export default Stream;
