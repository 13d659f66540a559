// net.Socket and tls.TLSSocket: Duplex streams over the sockets of cloudflare:sockets.
// The web socket's readable is read one chunk ahead of what the Duplex wants; its writable's promise is the write's callback.

import { native } from "adit:internal";
import { Buffer } from "../buffer";
import { Duplex } from "../stream";
import { AsyncResource } from "../async_hooks";
import { invalidArgType, missingArgs, nodeError } from "./errors";
import { validateFunction, validateNumber, validatePort } from "./validators";

type Any = any;
const B = Buffer as Any;
const { module_import } = native<{ module_import(specifier: string): Record<string, Any> }>();
const timers = globalThis as Any;

// OpenSSL's words for what is wrong with a certificate, and its code.
const certificateProblems: Record<string, string> = {
  "self-signed certificate": "DEPTH_ZERO_SELF_SIGNED_CERT",
  "self-signed certificate in certificate chain": "SELF_SIGNED_CERT_IN_CHAIN",
  "unable to get issuer certificate": "UNABLE_TO_GET_ISSUER_CERT",
  "unable to get local issuer certificate": "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "unable to verify the first certificate": "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "certificate has expired": "CERT_HAS_EXPIRED",
  "certificate is not yet valid": "CERT_NOT_YET_VALID",
  "certificate revoked": "CERT_REVOKED",
  "hostname mismatch": "ERR_TLS_CERT_ALTNAME_INVALID",
  "IP address mismatch": "ERR_TLS_CERT_ALTNAME_INVALID",
};
/** An error of TLS itself: with its code where the certificate is at fault. */
export function tlsError(reason: string): Error & { code: string } {
  return Object.assign(new Error(reason), { code: certificateProblems[reason] ?? "ERR_SSL_HANDSHAKE_FAILURE" });
}

/** A connection that failed, as libuv would say it. */
function connectError(cause: unknown, host: string, port: number): Error {
  const text = String((cause as Error)?.message ?? cause);
  const refusal = /^TLS(?: handshake failed)?: (?:the peer's certificate is not valid: )?(.*)$/.exec(text);
  if (refusal !== null) return tlsError(refusal[1]!);
  const code = /timed? ?out/i.test(text)
    ? "ETIMEDOUT"
    : /resolve|lookup|dns|name/i.test(text)
      ? "ENOTFOUND"
      : "ECONNREFUSED";
  const syscall = code === "ENOTFOUND" ? "getaddrinfo" : "connect";
  const where = code === "ENOTFOUND" ? host : `${host}:${port}`;
  const errno = code === "ETIMEDOUT" ? -110 : code === "ENOTFOUND" ? -3008 : -111;
  return Object.assign(new Error(`${syscall} ${code} ${where}`, { cause }), {
    code,
    errno,
    syscall,
    address: host,
    hostname: host,
    port,
  });
}
const reset = (cause: unknown): Error =>
  Object.assign(new Error("read ECONNRESET", { cause }), { code: "ECONNRESET", errno: -104, syscall: "read" });

/** The forms of connect(): (port, host?), (path), (options), each with a listener at the end. */
export function normalizeConnectArguments(args: Any[]): [Any, Any] {
  let list = args;
  if (Array.isArray(list[0])) list = list[0] as Any[];
  const callback = typeof list.at(-1) === "function" ? list.at(-1) : null;
  const [first, second] = list;
  if (first === undefined || typeof first === "function") return [{}, callback];
  if (typeof first === "object" && first !== null) return [first, callback];
  if (typeof first === "string" && !/^\d+$/.test(first)) return [{ path: first }, callback];
  return [{ port: first, host: typeof second === "string" ? second : undefined }, callback];
}

export function Socket(this: Any, options?: Any): Any {
  if (!(this instanceof (Socket as Any))) return new (Socket as Any)(options);
  const settings = typeof options === "number" ? { fd: options } : (options ?? {});
  if (settings.objectMode || settings.readableObjectMode || settings.writableObjectMode)
    throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", "The property 'options.objectMode' is not supported");
  Duplex.call(this, {
    ...settings,
    allowHalfOpen: Boolean(settings.allowHalfOpen),
    emitClose: true,
    autoDestroy: true,
    decodeStrings: true,
  });
  this.connecting = false;
  this._host = null;
  this._socket = undefined;
  this._reader = undefined;
  this._writer = undefined;
  this._bytesWritten = 0;
  this.bytesRead = 0;
  this.timeout = 0;
  this._timer = undefined;
  this.server = null;
  if (settings.handle) this._adopt(settings.handle);
  return undefined;
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype);
Object.setPrototypeOf(Socket, Duplex);

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  connect(...args: Any[]) {
    const [options, callback] = normalizeConnectArguments(args);
    if (callback !== null) this.once("connect", callback);
    if (options.path)
      throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Unix domain sockets are not supported in a worker");
    if (options.port === undefined && options.path === undefined) throw missingArgs("options", "port", "path");
    if (typeof options.port !== "number" && typeof options.port !== "string")
      throw invalidArgType("options.port", ["number", "string"], options.port);
    const port = validatePort(options.port, "Port", false);
    const host = options.host ?? "localhost";
    if (typeof host !== "string") throw invalidArgType("options.host", "string", host);
    if (this.destroyed) {
      this._undestroy();
      this._readableState.ended = this._readableState.endEmitted = false;
    }
    this.connecting = true;
    this._host = host;
    this._port = port;
    if (options.timeout) this.setTimeout(options.timeout);
    if (options.lookup !== undefined) validateFunction(options.lookup, "options.lookup");
    let socket: Any;
    try {
      socket = module_import("cloudflare:sockets").connect(
        { hostname: host, port },
        {
          allowHalfOpen: true,
          secureTransport: "starttls",
          ...(this._highWaterMark ? { highWaterMark: this._highWaterMark } : {}),
        },
      );
    } catch (error) {
      timers.process.nextTick(() => this.destroy(connectError(error, host, port)));
      return this;
    }
    this._adopt(this._secured(socket));
    return this;
  },
  /** What goes on over the connection: node:tls makes it TLS. */
  _secured(socket: Any) {
    return socket;
  },

  /** Takes an open web socket, or one that is opening. */
  _adopt(socket: Any) {
    this._socket = socket;
    this.connecting = true;
    this._reader = socket.readable.getReader();
    this._writer = socket.writable.getWriter();
    this._writer.closed.catch(() => {});
    socket.closed.catch(() => {});
    const opened = AsyncResource.bind((info: Any) => {
      if (this._socket !== socket || this.destroyed) return;
      this.connecting = false;
      const match = /^\[?(.*?)\]?:(\d+)$/.exec(info?.remoteAddress ?? "");
      this.remoteAddress = match?.[1] ?? this._host;
      this.remotePort = match === null ? this._port : Number(match[2]);
      this.remoteFamily = String(this.remoteAddress).includes(":") ? "IPv6" : "IPv4";
      this._onOpened(info);
    });
    socket.opened.then(opened, (error: unknown) => {
      if (this._socket !== socket) return;
      this.connecting = false;
      this.destroy(connectError(error, this._host, this._port));
    });
  },
  _onOpened() {
    this._refreshTimer();
    this.emit("connect");
    this.emit("ready");
    this.read(0);
  },

  _read(this: Any) {
    if (this.connecting || this._reader === undefined) {
      this.once("connect", () => this._read());
      return;
    }
    const reader = this._reader;
    reader.read().then(
      ({ value, done }: Any) => {
        if (this._reader !== reader) return;
        this._refreshTimer();
        if (done) {
          this.push(null);
          // Without half-open connections the end of one direction ends the other (Duplex does it), then the socket closes.
          return;
        }
        this.bytesRead += value.byteLength;
        this.push(B.from(value.buffer, value.byteOffset, value.byteLength));
      },
      (error: unknown) => {
        if (this._reader === reader && !this.destroyed) this.destroy(reset(error));
      },
    );
  },
  _write(chunk: Any, encoding: string, done: (error?: unknown) => void) {
    if (this.connecting) {
      this.once("connect", () => this._write(chunk, encoding, done));
      return;
    }
    if (this._writer === undefined) {
      done(Object.assign(new Error("write EPIPE"), { code: "EPIPE", errno: -32, syscall: "write" }));
      return;
    }
    this._refreshTimer();
    const bytes = typeof chunk === "string" ? B.from(chunk, encoding) : chunk;
    this._bytesWritten += bytes.byteLength;
    this._writer.write(bytes).then(
      () => done(),
      (error: unknown) => done(reset(error)),
    );
  },
  _writev(chunks: Any[], done: (error?: unknown) => void) {
    this._write(
      B.concat(chunks.map(({ chunk, encoding }) => (typeof chunk === "string" ? B.from(chunk, encoding) : chunk))),
      "buffer",
      done,
    );
  },
  _final(done: (error?: unknown) => void) {
    if (this.connecting) {
      this.once("connect", () => this._final(done));
      return;
    }
    if (this._writer === undefined) return done();
    this._writer.close().then(
      () => done(),
      () => done(),
    );
  },
  _destroy(error: unknown, done: (error?: unknown) => void) {
    this.connecting = false;
    this.setTimeout(0);
    const socket = this._socket;
    this._socket = this._reader = this._writer = undefined;
    if (socket !== undefined) socket.close().catch(() => {});
    this._hadError = Boolean(error);
    done(error);
  },

  setTimeout(timeout_ms: number, callback?: Any) {
    validateNumber(timeout_ms, "msecs", 0);
    this.timeout = timeout_ms;
    if (this._timer !== undefined) timers.clearTimeout(this._timer);
    this._timer = undefined;
    if (timeout_ms === 0) {
      if (callback !== undefined) this.removeListener("timeout", callback);
    } else {
      if (callback !== undefined) {
        validateFunction(callback, "callback");
        this.once("timeout", callback);
      }
      this._refreshTimer();
    }
    return this;
  },
  _refreshTimer() {
    if (!this.timeout) return;
    if (this._timer !== undefined) timers.clearTimeout(this._timer);
    this._timer = timers.setTimeout(() => this.emit("timeout"), this.timeout);
  },
  destroySoon() {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  },
  resetAndDestroy() {
    return this.destroy();
  },
  setNoDelay() {
    return this;
  },
  setKeepAlive() {
    return this;
  },
  ref() {
    return this;
  },
  unref() {
    return this;
  },
  address() {
    return {};
  },
};
Object.assign(Socket.prototype, methods);

// "close" tells whether an error was the reason.
const emit = Duplex.prototype.emit as (this: Any, ...args: Any[]) => boolean;
Socket.prototype.emit = function (this: Any, name: string, ...args: Any[]): boolean {
  return name === "close" && args.length === 0
    ? emit.call(this, name, Boolean(this._hadError))
    : emit.call(this, name, ...args);
};
Object.defineProperties(Socket.prototype, {
  pending: {
    get(this: Any) {
      return this._socket === undefined || this.connecting;
    },
    configurable: true,
  },
  readyState: {
    get(this: Any) {
      if (this.connecting) return "opening";
      if (this.readable && this.writable) return "open";
      if (this.readable) return "readOnly";
      return this.writable ? "writeOnly" : "closed";
    },
    configurable: true,
  },
  bytesWritten: {
    get(this: Any) {
      return this._bytesWritten + this.writableLength;
    },
    configurable: true,
  },
});
