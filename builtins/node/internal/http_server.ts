// Server and ServerResponse of node:http: a server does not listen on the network; httpServerHandler() of cloudflare:node hands it the
// worker's requests by its port.

import { Response } from "adit:internal";
import EventEmitter from "../events";
import { nodeError } from "./errors";
import { IncomingMessage } from "./http_incoming";
import { OutgoingMessage, STATUS_CODES, toBytes } from "./http_outgoing";
import { validatePort } from "./validators";

type Any = any;
const Emitter = EventEmitter as Any;
const webStreams = globalThis as Any;

/** The servers that listen, by port. */
const listening = new Map<number, Any>();

export function ServerResponse(this: Any, request: Any): Any {
  if (!(this instanceof (ServerResponse as Any))) return new (ServerResponse as Any)(request);
  OutgoingMessage.call(this);
  this.statusCode = 200;
  this.statusMessage = undefined;
  this.req = request;
  this.sendDate = true;
  this._respond = undefined;
  this._controller = undefined;
  return undefined;
}
Object.setPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ServerResponse, OutgoingMessage);

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  writeHead(status: number, reason?: Any, headers?: Any) {
    if (this.headersSent)
      throw nodeError(Error, "ERR_HTTP_HEADERS_SENT", "Cannot write headers after they are sent to the client");
    if (!(status >= 100 && status <= 999))
      throw nodeError(RangeError, "ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${status}`);
    this.statusCode = status | 0;
    if (typeof reason === "string") this.statusMessage = reason;
    const given = typeof reason === "string" ? headers : (reason ?? headers);
    if (Array.isArray(given)) for (let i = 0; i + 1 < given.length; i += 2) this.appendHeader(given[i], given[i + 1]);
    else for (const [name, value] of Object.entries(given ?? {})) if (value !== undefined) this.setHeader(name, value);
    return this;
  },
  /** The head goes out; the body follows as it is written. */
  _start(body: Any) {
    if (this.headersSent) return;
    this.headersSent = true;
    const isEmpty =
      this.req?.method === "HEAD" || this.statusCode === 204 || this.statusCode === 205 || this.statusCode === 304;
    this._respond?.(
      new Response(isEmpty ? null : body, {
        status: this.statusCode,
        statusText: this.statusMessage ?? STATUS_CODES[this.statusCode] ?? "",
        headers: this._webHeaders(),
        ...(this.hasHeader("content-encoding") ? { encodeBody: "manual" } : {}),
      } as never),
    );
  },
  flushHeaders() {
    if (this.headersSent) return;
    this._start(
      new webStreams.ReadableStream({
        start: (controller: Any) => {
          this._controller = controller;
        },
        pull: () => {
          const resume = this._resume;
          this._resume = undefined;
          resume?.();
        },
        cancel: () => this.destroy(),
      }),
    );
  },
  _write(chunk: Any, encoding: string, done: () => void) {
    const bytes = toBytes(chunk, encoding);
    // The only chunk, known to be: no stream is needed.
    if (!this.headersSent && this.writableEnded && this.writableLength === bytes.byteLength) {
      this._start(bytes);
      return done();
    }
    this.flushHeaders();
    this._controller.enqueue(new Uint8Array(bytes));
    if (this._controller.desiredSize > 0) done();
    else this._resume = done;
  },
  _final(done: () => void) {
    if (!this.headersSent) this._start(null);
    this._controller?.close();
    done();
  },
  _destroy(error: unknown, done: (error?: unknown) => void) {
    try {
      this._controller?.error(error ?? new Error("aborted"));
    } catch {
      // It has ended.
    }
    if (!this.headersSent) this._fail?.(error ?? new Error("The response was destroyed before its headers were sent"));
    done(error);
  },
  writeContinue() {},
  writeProcessing() {},
  writeEarlyHints() {},
  assignSocket() {},
  detachSocket() {},
};
Object.assign(ServerResponse.prototype, methods);

export function Server(this: Any, options?: Any, listener?: Any): Any {
  if (!(this instanceof (Server as Any))) return new (Server as Any)(options, listener);
  Emitter.call(this);
  const handler = typeof options === "function" ? options : listener;
  if (handler) this.on("request", handler);
  this.listening = false;
  this._port = undefined;
  this.timeout = 0;
  this.keepAliveTimeout = 5000;
  this.headersTimeout = 60000;
  this.requestTimeout = 300000;
  this.maxHeadersCount = null;
  this.maxRequestsPerSocket = 0;
  return undefined;
}
Object.setPrototypeOf(Server.prototype, Emitter.prototype);
Object.setPrototypeOf(Server, Emitter);

let nextPort = 40000;
Object.assign(Server.prototype, {
  listen(this: Any, ...args: Any[]) {
    const callback = args.find((arg) => typeof arg === "function");
    const first = args[0];
    let port = typeof first === "object" && first !== null ? first.port : typeof first === "function" ? 0 : first;
    port = validatePort(port ?? 0);
    if (port === 0) port = nextPort++;
    if (this.listening)
      throw nodeError(
        Error,
        "ERR_SERVER_ALREADY_LISTEN",
        "Listen method has been called more than once without closing.",
      );
    if (listening.has(port))
      throw Object.assign(new Error(`listen EADDRINUSE: address already in use :::${port}`), {
        code: "EADDRINUSE",
        errno: -98,
        syscall: "listen",
        port,
      });
    listening.set(port, this);
    this._port = port;
    this.listening = true;
    (globalThis as Any).process.nextTick(() => {
      this.emit("listening");
      callback?.();
    });
    return this;
  },
  close(this: Any, callback?: Any) {
    listening.delete(this._port);
    this.listening = false;
    (globalThis as Any).process.nextTick(() => {
      this.emit("close");
      callback?.();
    });
    return this;
  },
  address(this: Any) {
    return this.listening ? { address: "127.0.0.1", family: "IPv4", port: this._port } : null;
  },
  setTimeout(this: Any) {
    return this;
  },
  closeAllConnections(): void {},
  closeIdleConnections(): void {},
  ref(this: Any) {
    return this;
  },
  unref(this: Any) {
    return this;
  },
  async [Symbol.asyncDispose](this: Any) {
    await new Promise((resolve) => this.close(resolve));
  },
});

/** A worker's request, handled by the server on this port. */
export function handle(port: number, request: Any, env: unknown, ctx: unknown): Promise<Any> {
  const server = listening.get(port);
  if (server === undefined)
    throw nodeError(
      Error,
      "ERR_INVALID_STATE",
      `Invalid state: Http server with port ${port} not found. This is likely a bug with your code. You should check if server.listen() was called with the same port (${port})`,
    );
  const url = new (globalThis as Any).URL(request.url);
  // Frameworks listen to the connection and ask whether it is open.
  const socket: Any = Object.assign(new Emitter(), {
    encrypted: url.protocol === "https:",
    remoteAddress: request.headers.get("cf-connecting-ip") ?? "127.0.0.1",
    remoteFamily: "IPv4",
    remotePort: 0,
    localPort: port,
    readable: true,
    writable: true,
    setTimeout: () => socket,
    setKeepAlive: () => socket,
    setNoDelay: () => socket,
    destroy: () => socket,
  });
  const incoming = new (IncomingMessage as Any)(socket);
  incoming.method = request.method;
  incoming.url = url.pathname + url.search;
  incoming.cloudflare = { cf: request.cf, env, ctx };
  incoming._addHeaders(request.headers);
  incoming._take(request.body);
  const response = new (ServerResponse as Any)(incoming);
  response.socket = response.connection = incoming.socket;
  const { promise, resolve, reject } = Promise.withResolvers();
  response._respond = resolve;
  response._fail = reject;
  if (!server.emit("request", incoming, response)) response.end();
  return promise;
}

export const _connectionListener = (): void => {};
export const createServer = (options?: Any, listener?: Any): Any => new (Server as Any)(options, listener);
