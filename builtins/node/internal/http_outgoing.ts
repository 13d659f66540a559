// OutgoingMessage of node:http: headers, and a body that is written. Its end is what ClientRequest and ServerResponse do with it.

import { Headers } from "adit:internal";
import { Buffer } from "../buffer";
import { Writable } from "../stream";
import { invalidArgType, nodeError } from "./errors";
import { validateString } from "./validators";

type Any = any;
const B = Buffer as Any;

export const METHODS = Object.freeze(
  (
    "ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND " +
    "PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
);

const reasons =
  "100 Continue|101 Switching Protocols|102 Processing|103 Early Hints|200 OK|201 Created|202 Accepted|203 Non-Authoritative Information|204 No Content|" +
  "205 Reset Content|206 Partial Content|207 Multi-Status|208 Already Reported|226 IM Used|300 Multiple Choices|301 Moved Permanently|302 Found|" +
  "303 See Other|304 Not Modified|305 Use Proxy|307 Temporary Redirect|308 Permanent Redirect|400 Bad Request|401 Unauthorized|402 Payment Required|" +
  "403 Forbidden|404 Not Found|405 Method Not Allowed|406 Not Acceptable|407 Proxy Authentication Required|408 Request Timeout|409 Conflict|410 Gone|" +
  "411 Length Required|412 Precondition Failed|413 Payload Too Large|414 URI Too Long|415 Unsupported Media Type|416 Range Not Satisfiable|" +
  "417 Expectation Failed|418 I'm a Teapot|421 Misdirected Request|422 Unprocessable Entity|423 Locked|424 Failed Dependency|425 Too Early|" +
  "426 Upgrade Required|428 Precondition Required|429 Too Many Requests|431 Request Header Fields Too Large|451 Unavailable For Legal Reasons|" +
  "500 Internal Server Error|501 Not Implemented|502 Bad Gateway|503 Service Unavailable|504 Gateway Timeout|505 HTTP Version Not Supported|" +
  "506 Variant Also Negotiates|507 Insufficient Storage|508 Loop Detected|509 Bandwidth Limit Exceeded|510 Not Extended|" +
  "511 Network Authentication Required";
export const STATUS_CODES: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries(reasons.split("|").map((row) => [row.slice(0, 3), row.slice(4)])),
);

const token = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
// eslint-disable-next-line no-control-regex
const badValue = /[^\t\x20-\x7e\x80-\xff]/;

export function validateHeaderName(name: unknown, label = "Header name"): void {
  if (typeof name !== "string" || !token.test(name))
    throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `${label} must be a valid HTTP token ["${String(name)}"]`);
}
export function validateHeaderValue(name: string, value: unknown): void {
  if (value === undefined)
    throw nodeError(TypeError, "ERR_HTTP_INVALID_HEADER_VALUE", `Invalid value "undefined" for header "${name}"`);
  for (const item of Array.isArray(value) ? value : [value])
    if (badValue.test(String(item)))
      throw nodeError(TypeError, "ERR_INVALID_CHAR", `Invalid character in header content ["${name}"]`);
}
const headersSent = (what: string): Error =>
  nodeError(Error, "ERR_HTTP_HEADERS_SENT", `Cannot ${what} headers after they are sent to the client`);

export function OutgoingMessage(this: Any, options?: Any): void {
  Writable.call(this, { ...options, decodeStrings: true, autoDestroy: false, emitClose: true });
  this._headerTable = new Map<string, [string, Any]>();
  this.headersSent = false;
  this.sendDate = false;
  this.chunkedEncoding = false;
  this.shouldKeepAlive = true;
  this.finished = false;
  this.socket = this.connection = null;
}
Object.setPrototypeOf(OutgoingMessage.prototype, Writable.prototype);
Object.setPrototypeOf(OutgoingMessage, Writable);

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  setHeader(name: string, value: Any) {
    if (this.headersSent) throw headersSent("set");
    validateHeaderName(name);
    validateHeaderValue(name, value);
    this._headerTable.set(name.toLowerCase(), [name, value]);
    return this;
  },
  setHeaders(headers: Any) {
    if (this.headersSent) throw headersSent("set");
    if (!(headers instanceof Headers) && !(headers instanceof Map))
      throw invalidArgType("headers", ["Headers", "Map"], headers);
    for (const [name, value] of headers as Iterable<[string, string]>) {
      const before = this.getHeader(name);
      this.setHeader(
        name,
        name.toLowerCase() === "set-cookie" && before !== undefined ? [before, value].flat() : value,
      );
    }
    return this;
  },
  appendHeader(name: string, value: Any) {
    if (this.headersSent) throw headersSent("append");
    const before = this.getHeader(name);
    return this.setHeader(name, before === undefined ? value : [before, value].flat());
  },
  getHeader(name: string) {
    validateString(name, "name");
    return this._headerTable.get(name.toLowerCase())?.[1];
  },
  hasHeader(name: string) {
    validateString(name, "name");
    return this._headerTable.has(name.toLowerCase());
  },
  removeHeader(name: string) {
    validateString(name, "name");
    if (this.headersSent) throw headersSent("remove");
    this._headerTable.delete(name.toLowerCase());
  },
  getHeaderNames() {
    return [...this._headerTable.keys()];
  },
  getRawHeaderNames() {
    return [...this._headerTable.values()].map(([name]: [string]) => name);
  },
  getHeaders() {
    return Object.assign(
      Object.create(null),
      Object.fromEntries([...this._headerTable].map(([key, [, value]]: Any) => [key, value])),
    );
  },
  flushHeaders() {
    this.headersSent = true;
  },
  addTrailers() {},
  setTimeout(_timeout_ms: number, callback?: Any) {
    if (callback) this.once("timeout", callback);
    return this;
  },
  cork() {},
  uncork() {},
  /** The headers as fetch takes them. */
  _webHeaders() {
    const headers = new Headers();
    for (const [name, value] of this._headerTable.values() as Iterable<[string, Any]>)
      for (const item of Array.isArray(value) ? value : [value]) headers.append(name, String(item));
    return headers;
  },
  _implicitHeader() {},
};
Object.assign(OutgoingMessage.prototype, methods);
Object.defineProperty(OutgoingMessage.prototype, "_headers", {
  get(this: Any) {
    return this.getHeaders();
  },
  configurable: true,
});

const end = Writable.prototype.end;
OutgoingMessage.prototype.end = function (this: Any, ...args: Any[]) {
  this.finished = true;
  return end.apply(this, args);
};
export const toBytes = (chunk: Any, encoding?: string): Uint8Array =>
  typeof chunk === "string" ? B.from(chunk, encoding) : chunk;
