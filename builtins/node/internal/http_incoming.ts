// IncomingMessage of node:http: a web Request's or Response's headers and body as Node shows them.

import { Buffer } from "../buffer";
import { Readable } from "../stream";

type Any = any;
const B = Buffer as Any;

/** Of these headers Node keeps the first only. */
const single = new Set(
  (
    "age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified location " +
    "max-forwards proxy-authorization referer retry-after server user-agent"
  ).split(" "),
);

export function IncomingMessage(this: Any, socket?: Any): Any {
  if (!(this instanceof (IncomingMessage as Any))) return new (IncomingMessage as Any)(socket);
  Readable.call(this, {});
  this.socket = this.connection = socket ?? null;
  this.httpVersion = "1.1";
  this.httpVersionMajor = this.httpVersionMinor = 1;
  this.complete = false;
  this.aborted = false;
  this.headers = {};
  this.headersDistinct = {};
  this.rawHeaders = [];
  this.trailers = {};
  this.trailersDistinct = {};
  this.rawTrailers = [];
  this.method = null;
  this.url = "";
  this.statusCode = null;
  this.statusMessage = null;
  this._reader = undefined;
  return undefined;
}
Object.setPrototypeOf(IncomingMessage.prototype, Readable.prototype);
Object.setPrototypeOf(IncomingMessage, Readable);

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  _addHeaders(headers: Iterable<[string, string]>) {
    for (const [name, value] of headers) {
      this.rawHeaders.push(name, value);
      const key = name.toLowerCase();
      (this.headersDistinct[key] ??= []).push(value);
      if (key === "set-cookie") (this.headers[key] ??= []).push(value);
      else if (this.headers[key] === undefined) this.headers[key] = value;
      else if (!single.has(key)) this.headers[key] += (key === "cookie" ? "; " : ", ") + value;
    }
  },
  _take(body: Any) {
    if (body === null || body === undefined) {
      this.complete = true;
      this.push(null);
    } else {
      this._reader = body.getReader();
    }
  },
  _read() {
    if (this._reader === undefined) return;
    this._reader.read().then(
      ({ value, done }: Any) => {
        if (done) {
          this.complete = true;
          this.push(null);
        } else {
          this.push(B.from(value.buffer, value.byteOffset, value.byteLength));
        }
      },
      (error: unknown) => this.destroy(Object.assign(new Error("aborted", { cause: error }), { code: "ECONNRESET" })),
    );
  },
  _destroy(error: unknown, done: (error?: unknown) => void) {
    if (!this.complete && this._reader !== undefined) {
      this.aborted = true;
      this._reader.cancel(error ?? undefined).catch(() => {});
    }
    done(error);
  },
  setTimeout(_timeout_ms: number, callback?: Any) {
    if (callback) this.once("timeout", callback);
    return this;
  },
};
Object.assign(IncomingMessage.prototype, methods);
