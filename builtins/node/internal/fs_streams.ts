// ReadStream and WriteStream of node:fs.

import { Buffer } from "../buffer";
import { Readable, Writable } from "../stream";
import * as sync from "./fs_sync";

type Any = any;
const B = Buffer as Any;

function openFor(stream: Any, path: Any, flags: Any, mode: Any): void {
  try {
    stream.fd = sync.openSync(path, flags, mode);
  } catch (error) {
    (globalThis as Any).process.nextTick(() => stream.destroy(error));
    return;
  }
  (globalThis as Any).process.nextTick(() => {
    stream.emit("open", stream.fd);
    stream.emit("ready");
  });
}
function closeOf(this: Any, error: unknown, done: (error?: unknown) => void): void {
  if (typeof this.fd === "number" && this._ownsFile) sync.closeSync(this.fd);
  this.fd = null;
  done(error);
}

export function ReadStream(this: Any, path: Any, options?: Any): Any {
  if (!(this instanceof (ReadStream as Any))) return new (ReadStream as Any)(path, options);
  const settings = typeof options === "string" ? { encoding: options } : (options ?? {});
  Readable.call(this, { highWaterMark: 65536, ...settings });
  this.path = path;
  this.bytesRead = 0;
  this.start = settings.start;
  this.end = settings.end ?? Infinity;
  this._position = settings.start ?? 0;
  this._ownsFile = settings.autoClose !== false;
  if (settings.fd !== undefined && settings.fd !== null) this.fd = settings.fd.fd ?? settings.fd;
  else openFor(this, path, settings.flags ?? "r", settings.mode);
  return undefined;
}
Object.setPrototypeOf(ReadStream.prototype, Readable.prototype);
Object.setPrototypeOf(ReadStream, Readable);
ReadStream.prototype._read = function (this: Any, size: number) {
  if (typeof this.fd !== "number") return;
  const wanted = Math.min(size, this.end - this._position + 1);
  if (wanted <= 0) return this.push(null);
  const buffer = B.alloc(wanted);
  try {
    const count = sync.readSync(this.fd, buffer, 0, wanted, this._position);
    this._position += count;
    this.bytesRead += count;
    this.push(count === 0 ? null : buffer.subarray(0, count));
  } catch (error) {
    this.destroy(error);
  }
};
ReadStream.prototype._destroy = closeOf;
ReadStream.prototype.close = function (this: Any, callback?: Any) {
  if (callback) this.once("close", callback);
  this.destroy();
};

export function WriteStream(this: Any, path: Any, options?: Any): Any {
  if (!(this instanceof (WriteStream as Any))) return new (WriteStream as Any)(path, options);
  const settings = typeof options === "string" ? { encoding: options } : (options ?? {});
  Writable.call(this, settings);
  this.path = path;
  this.bytesWritten = 0;
  this._position = settings.start;
  this._ownsFile = settings.autoClose !== false;
  if (settings.encoding) this.setDefaultEncoding(settings.encoding);
  if (settings.fd !== undefined && settings.fd !== null) this.fd = settings.fd.fd ?? settings.fd;
  else openFor(this, path, settings.flags ?? "w", settings.mode);
  return undefined;
}
Object.setPrototypeOf(WriteStream.prototype, Writable.prototype);
Object.setPrototypeOf(WriteStream, Writable);
WriteStream.prototype._write = function (this: Any, chunk: Any, _encoding: string, done: (error?: unknown) => void) {
  try {
    const count = sync.writeSync(this.fd, chunk, 0, chunk.length, this._position ?? null);
    if (this._position !== undefined) this._position += count;
    this.bytesWritten += count;
    done();
  } catch (error) {
    done(error);
  }
};
WriteStream.prototype._destroy = closeOf;
WriteStream.prototype.close = function (this: Any, callback?: Any) {
  if (callback) this.once("close", callback);
  this.end();
};
WriteStream.prototype.destroySoon = WriteStream.prototype.end;

for (const Class of [ReadStream, WriteStream] as Any[])
  Object.defineProperties(Class.prototype, {
    autoClose: {
      get(this: Any) {
        return this._ownsFile;
      },
      set(this: Any, value: unknown) {
        this._ownsFile = Boolean(value);
      },
      configurable: true,
    },
    pending: {
      get(this: Any) {
        return typeof this.fd !== "number";
      },
      configurable: true,
    },
  });
