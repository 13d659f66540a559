// ClientRequest of node:http and node:https: a request that fetch sends. What has been written by the end of the turn in which writing began is
// sent as it is when that is all; else the body streams, under its Content-Length or without one.

import { AbortController, fetch, URL, webStreams } from "adit:internal";
import { Buffer } from "../buffer";
import { invalidArgType, nodeError } from "./errors";
import { IncomingMessage } from "./http_incoming";
import { OutgoingMessage, toBytes } from "./http_outgoing";
import { AsyncResource } from "../async_hooks";
import { urlToHttpOptions } from "../url";
import { validateFunction } from "./validators";

type Any = any;
const B = Buffer as Any;
const timers = globalThis as Any;
const { FixedLengthStream, IdentityTransformStream } = webStreams as Any;

/** A request that failed, by its code in Node. */
function failureOf(cause: unknown, host: string, port: number): Error {
  const text = String((cause as Error)?.message ?? cause);
  // The words of src/net/client/easy_handle.cc.
  const [code, message] = text.includes("could not be resolved")
    ? ["ENOTFOUND", `getaddrinfo ENOTFOUND ${host}`]
    : text.includes("timed out")
      ? ["ETIMEDOUT", `connect ETIMEDOUT ${host}:${port}`]
      : /is not trusted|^TLS with/.test(text)
        ? ["ERR_TLS_CERT_REJECTED", text]
        : /was lost|sent no response/.test(text)
          ? ["ECONNRESET", "socket hang up"]
          : ["ECONNREFUSED", `connect ECONNREFUSED ${host}:${port}`];
  const syscall = code === "ENOTFOUND" ? "getaddrinfo" : "connect";
  return Object.assign(new Error(message, { cause }), { code, syscall, port, address: host, hostname: host });
}

export function normalizeRequestArguments(input: Any, options: Any, callback: Any): [Any, Any] {
  let given = options;
  let done = callback;
  let base: Any = {};
  if (typeof input === "string") base = urlToHttpOptions(new URL(input));
  else if (input instanceof URL) base = urlToHttpOptions(input);
  else {
    done = options;
    given = input;
  }
  if (typeof given === "function") [done, given] = [given, {}];
  return [{ ...base, ...given }, done];
}

export function ClientRequest(this: Any, input: Any, options?: Any, callback?: Any): Any {
  if (!(this instanceof (ClientRequest as Any))) return new (ClientRequest as Any)(input, options, callback);
  OutgoingMessage.call(this);
  const [settings, done] = normalizeRequestArguments(input, options, callback);
  const agent = settings.agent ?? settings._defaultAgent;
  const defaultProtocol = settings._defaultProtocol ?? agent?.protocol ?? "http:";
  this.protocol = settings.protocol ?? defaultProtocol;
  if (this.protocol !== "http:" && this.protocol !== "https:")
    throw nodeError(
      TypeError,
      "ERR_INVALID_PROTOCOL",
      `Protocol "${this.protocol}" not supported. Expected "${defaultProtocol}"`,
    );
  if (settings._defaultProtocol !== undefined && this.protocol !== settings._defaultProtocol)
    throw nodeError(
      TypeError,
      "ERR_INVALID_PROTOCOL",
      `Protocol "${this.protocol}" not supported. Expected "${settings._defaultProtocol}"`,
    );
  const method = settings.method;
  if (method !== undefined && method !== null && typeof method !== "string")
    throw invalidArgType("options.method", "string", method);
  this.method = method ? method.toUpperCase() : "GET";
  if (!/^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/.test(this.method))
    throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `Method must be a valid HTTP token ["${method}"]`);
  this.path = settings.path || "/";
  if (/[^\u0021-\u00ff]/.test(this.path))
    throw nodeError(TypeError, "ERR_UNESCAPED_CHARACTERS", "Request path contains unescaped characters");
  for (const name of ["hostname", "host"])
    if (settings[name] !== null && settings[name] !== undefined && typeof settings[name] !== "string")
      throw invalidArgType(`options.${name}`, ["string", "undefined", "null"], settings[name]);
  this.host = settings.hostname || settings.host || "localhost";
  const defaultPort = settings.defaultPort ?? (this.protocol === "https:" ? 443 : 80);
  this.port = Number(settings.port || defaultPort);
  this.agent = agent;
  this.aborted = false;
  this.reusedSocket = false;
  this.maxHeadersCount = null;
  this._chunks = [] as Uint8Array[];
  this._writer = undefined;
  this._isSent = false;
  this._controller = new AbortController();
  for (const [name, value] of headerEntries(settings.headers)) this.setHeader(name, value);
  const showPort = this.port !== defaultPort ? `:${this.port}` : "";
  if (!this.hasHeader("host") && settings.setHost !== false)
    this.setHeader("Host", (this.host.includes(":") ? `[${this.host}]` : this.host) + showPort);
  if (settings.auth && !this.hasHeader("authorization"))
    this.setHeader("Authorization", `Basic ${B.from(settings.auth).toString("base64")}`);
  if (done) this.once("response", done);
  if (settings.timeout) this.setTimeout(settings.timeout);
  const signal = settings.signal;
  if (signal) {
    const abort = (): void =>
      this.destroy(
        Object.assign(new Error("The operation was aborted", { cause: signal.reason }), {
          name: "AbortError",
          code: "ABORT_ERR",
        }),
      );
    if (signal.aborted) timers.process.nextTick(abort);
    else signal.addEventListener("abort", abort, { once: true });
  }
  return undefined;
}
Object.setPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ClientRequest, OutgoingMessage);

function headerEntries(headers: Any): [string, Any][] {
  if (!headers) return [];
  if (Array.isArray(headers)) {
    if (Array.isArray(headers[0])) return headers as [string, Any][];
    const pairs: [string, Any][] = [];
    for (let i = 0; i + 1 < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
    return pairs;
  }
  if (typeof headers[Symbol.iterator] === "function") return [...(headers as Iterable<[string, Any]>)];
  return Object.entries(headers).filter(([, value]) => value !== undefined);
}

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  _write(chunk: Any, encoding: string, done: () => void) {
    this.headersSent = true;
    const bytes = B.from(toBytes(chunk, encoding));
    if (this._writer !== undefined) {
      this._writer.write(bytes).then(done, done);
      return;
    }
    this._chunks.push(bytes);
    if (this._chunks.length === 1) timers.queueMicrotask(() => this._stream());
    done();
  },
  _final(done: () => void) {
    this.headersSent = true;
    if (this._writer === undefined) {
      this._send(this._chunks.length > 0 && this._takesBody() ? B.concat(this._chunks) : undefined);
      this._isSent = true;
      done();
    } else {
      this._writer.close().then(done, done);
    }
  },
  _takesBody() {
    return this.method !== "GET" && this.method !== "HEAD";
  },
  flushHeaders() {
    this.headersSent = true;
    timers.queueMicrotask(() => this._stream());
  },
  /** The request goes out; its body follows as it is written. */
  _stream() {
    if (this._isSent || this._writer !== undefined || this.destroyed || !this._takesBody()) return;
    const length = this.getHeader("content-length");
    const { readable, writable } =
      length === undefined ? new IdentityTransformStream() : new FixedLengthStream(Number(length));
    this._writer = writable.getWriter();
    this._writer.closed.catch(() => {}); // fetch fails with it
    for (const chunk of this._chunks) this._writer.write(chunk).catch(() => {});
    this._chunks = [];
    this._send(readable);
  },
  _send(body: Any) {
    const headers = this._webHeaders();
    headers.delete("host");
    // fetch frames the body itself.
    for (const name of ["content-length", "transfer-encoding", "connection", "keep-alive"]) headers.delete(name);
    const host = this.host.includes(":") && !this.host.startsWith("[") ? `[${this.host}]` : this.host;
    const url = new URL(`${this.protocol}//${host}:${this.port}`);
    const path = this.path.startsWith("/") ? this.path : `/${this.path}`;
    const target = url.origin + path;
    const respond = AsyncResource.bind((response: Any) => this._onResponse(response));
    fetch(
      target as never,
      {
        method: this.method,
        headers,
        body,
        redirect: "manual",
        signal: this._controller.signal,
        encodeResponseBody: "manual",
      } as never,
    ).then(respond, (error: unknown) => {
      if (this.destroyed) return;
      this._clearTimeout();
      this.destroy(failureOf(error, this.host, this.port));
    });
  },
  _onResponse(response: Any) {
    if (this.destroyed) return;
    this._clearTimeout();
    const message = new (IncomingMessage as Any)();
    message.statusCode = response.status;
    message.statusMessage = response.statusText;
    message.url = "";
    message.req = this;
    message._addHeaders(response.headers);
    message._take(response.body);
    this.res = message;
    message.once("close", () => this.destroy());
    // Nobody listens: the body is read and forgotten.
    if (!this.emit("response", message)) message.resume();
  },
  _destroy(error: unknown, done: (error?: unknown) => void) {
    this._clearTimeout();
    this._writer?.abort(error ?? undefined).catch(() => {});
    if (this.res === undefined) this._controller.abort();
    else if (error) this.res.destroy(error);
    done(
      error ??
        (this.res === undefined && !this.aborted
          ? Object.assign(new Error("socket hang up"), { code: "ECONNRESET" })
          : null),
    );
  },
  abort() {
    if (this.aborted) return;
    this.aborted = true;
    timers.process.nextTick(() => this.emit("abort"));
    this.destroy();
  },
  setTimeout(timeout_ms: number, callback?: Any) {
    this._clearTimeout();
    if (callback !== undefined) {
      validateFunction(callback, "callback");
      this.once("timeout", callback);
    }
    if (timeout_ms > 0) this._timer = timers.setTimeout(() => this.emit("timeout"), timeout_ms);
    this.timeout = timeout_ms;
    return this;
  },
  _clearTimeout() {
    if (this._timer !== undefined) timers.clearTimeout(this._timer);
    this._timer = undefined;
  },
  setNoDelay() {},
  setSocketKeepAlive() {},
  onSocket() {},
};
Object.assign(ClientRequest.prototype, methods);

/** Options of connections, which the platform pools by itself. */
export class Agent {
  options: Any;
  maxSockets: number;
  maxFreeSockets: number;
  maxTotalSockets: number;
  keepAlive: boolean;
  keepAliveMsecs: number;
  scheduling: string;
  protocol = "http:";
  defaultPort = 80;
  requests = Object.create(null) as object;
  sockets = Object.create(null) as object;
  freeSockets = Object.create(null) as object;
  totalSocketCount = 0;
  constructor(options: Any = {}) {
    this.options = { path: null, noDelay: true, ...options };
    this.keepAlive = options.keepAlive ?? false;
    this.keepAliveMsecs = options.keepAliveMsecs ?? 1000;
    this.maxSockets = options.maxSockets ?? Infinity;
    this.maxFreeSockets = options.maxFreeSockets ?? 256;
    this.maxTotalSockets = options.maxTotalSockets ?? Infinity;
    this.scheduling = options.scheduling ?? "lifo";
  }
  destroy(): void {}
  getName(options: Any = {}): string {
    return `${options.host ?? "localhost"}:${options.port ?? ""}:${options.localAddress ?? ""}`;
  }
  createConnection(): never {
    throw nodeError(
      Error,
      "ERR_METHOD_NOT_IMPLEMENTED",
      "The Agent.createConnection method is not implemented: fetch makes the connections",
    );
  }
}
