// Fetch § 5.5, the Response class, with what Workers add (webSocket, encodeBody, cf).
// A response whose headers nobody touches has no Headers object: only the content type that its body implies.
// Invariant: #headers, once made, replaces #contentType and #block.
import {
  Body,
  type OutboundBody,
  cloneBody,
  contentTypeReaders,
  dropBody,
  isEmptyBody,
  setBody,
  setBodySource,
  takeBody,
} from "./body";
import {
  Headers,
  type HeadersInit,
  cloneHeaders,
  copyHeaders,
  freezeHeaders,
  headerLines,
  headerOf,
  headersFromBlock,
  setHeaderDefault,
} from "./headers";
import type { Source } from "./streams";
import { parseURL } from "./url";
import {
  badConstructorArgument,
  defineInterface,
  missingArgument,
  toDOMString,
  toUSVString,
  toUnsignedShort,
} from "./webidl";

export interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
  cf?: unknown;
  webSocket?: object | null;
  encodeBody?: string;
}

export type EncodeBody = "automatic" | "manual";

const statusTexts: Record<number, string> = {
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Payload Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a teapot",
  421: "Misdirected Request",
  422: "Unprocessable Entity",
  423: "Locked",
  424: "Failed Dependency",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  510: "Not Extended",
  511: "Network Authentication Required",
};
const classTexts = ["", "", "Successful", "Redirection", "Client Error", "Server Error"];

function defaultStatusText(status: number): string {
  return statusTexts[status] ?? classTexts[Math.trunc(status / 100)] ?? "";
}

function isNullBodyStatus(status: number): boolean {
  return status === 204 || status === 304 || status === 101 || status === 205;
}

/** WebSocket (websocket.ts) says here how one is told from other objects. */
export const webSocketTests: ((value: object) => boolean)[] = [];

/** What compatibility flags decide. */
export const responseCompatibility = { normalizesRedirects: true };

/** Says to the constructor to leave everything as it is. Never leaves this module. */
const empty: unique symbol = Symbol("empty");

export let isResponse: (value: unknown) => value is Response;
/**
 * A response that fetch or a stub got. `block` is "name\0value\0..." with lower-cased names, as text; `body` is undefined when there is
 * none. Its headers are immutable.
 */
export let responseFromNative: (
  status: number,
  statusText: string | undefined,
  block: string,
  body: Source | undefined,
  url: string,
  redirected: boolean,
  webSocket?: object | null,
) => Response;

// What C++ takes a response apart with: each as cheap as can be.
export let responseStatus: (response: Response) => number;
/** Empty: the standard text of the status. */
export let responseStatusText: (response: Response) => string;
/** "name: value\r\n" for each header; text, to be sent as UTF-8. */
export let responseHeaderLines: (response: Response) => string;
export let responseWebSocket: (response: Response) => object | null;
/** Whether the body is to be sent as it is, content-encoding or not. */
export let responseEncodesManually: (response: Response) => boolean;
export let responseCf: (response: Response) => unknown;

/** Takes the body: it is used from then on. Throws a TypeError when it is used or locked already. */
export function responseBody(response: Response): OutboundBody {
  return takeBody(response);
}

const PLAIN = "text/plain;charset=UTF-8";
const PLAIN_LINE = `content-type: ${PLAIN}\r\n`;
const JSON_TYPE = "application/json";
const JSON_LINE = `content-type: ${JSON_TYPE}\r\n`;

export class Response extends Body {
  static {
    isResponse = (value): value is Response => typeof value === "object" && value !== null && #status in value;
    responseFromNative = (status, statusText, block, body, url, redirected, webSocket = null) => {
      const response = new Response(empty);
      response.#status = status;
      response.#statusText = statusText;
      response.#block = block;
      response.#url = url;
      response.#redirected = redirected;
      response.#webSocket = webSocket;
      if (body !== undefined) setBodySource(response, body);
      return response;
    };
    responseStatus = (response) => response.#status;
    responseStatusText = (response) => response.#statusText ?? "";
    responseHeaderLines = (response) => {
      if (response.#headers === undefined && response.#block === undefined) {
        const type = response.#contentType;
        if (type === PLAIN) return PLAIN_LINE;
        if (type === JSON_TYPE) return JSON_LINE;
        return type === undefined ? "" : `content-type: ${type}\r\n`;
      }
      return headerLines(response.headers);
    };
    responseWebSocket = (response) => response.#webSocket;
    responseEncodesManually = (response) => response.#encodeBody === "manual";
    responseCf = (response) => response.#cf;
    contentTypeReaders.push((body) => (#status in body ? headerOf(body.headers, "content-type") : undefined));
  }

  #status = 200;
  #statusText: string | undefined = undefined;
  #headers: Headers | undefined = undefined;
  #contentType: string | undefined = undefined;
  #block: string | undefined = undefined;
  #url = "";
  #redirected = false;
  #type: "default" | "error" = "default";
  #webSocket: object | null = null;
  #encodeBody: EncodeBody = "automatic";
  #cf: unknown = undefined;

  constructor(body?: unknown, init?: ResponseInit | Response | null);
  /** @internal */
  constructor(body: typeof empty);
  constructor(body: unknown = undefined, init: unknown = undefined) {
    super();
    if (body === empty) return;
    if (init !== undefined && init !== null) this.#initialize(init);
    this.#setBody(body);
  }

  // § 5.5 initialize a response, the steps over init.
  #initialize(init: unknown): void {
    if (typeof init !== "object" && typeof init !== "function")
      badConstructorArgument("Response", 2, "InitializerDict or Response");
    if (isResponse(init)) return this.#initializeFrom(init);
    const { status, statusText, headers, cf, webSocket, encodeBody } = init as ResponseInit;
    if (headers !== undefined) {
      if (headers === null || typeof headers !== "object") {
        throw new TypeError(
          "Incorrect type for the 'headers' field on 'InitializerDict': the provided value is not of type 'Headers or Sequence or object'.",
        );
      }
      this.#headers = new Headers(headers);
    }
    if (webSocket !== undefined && webSocket !== null) {
      if (!webSocketTests.some((test) => test(webSocket))) {
        throw new TypeError(
          "Incorrect type for the 'webSocket' field on 'InitializerDict': the provided value is not of type 'WebSocket'.",
        );
      }
      this.#webSocket = webSocket;
    }
    if (status !== undefined) this.#status = toUnsignedShort(status);
    this.#checkStatus();
    if (statusText !== undefined) {
      const text = toDOMString(statusText);
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) throw new TypeError("Invalid statusText");
      this.#statusText = text;
    }
    if (encodeBody !== undefined) {
      const text = toDOMString(encodeBody);
      if (text !== "automatic" && text !== "manual") throw new TypeError(`encodeBody: unexpected value: ${text}`);
      this.#encodeBody = text;
    }
    if (cf !== undefined && cf !== null) this.#cf = JSON.parse(JSON.stringify(cf)) as unknown;
  }

  #initializeFrom(response: Response): void {
    this.#copyFrom(response);
    this.#url = "";
    this.#redirected = false;
    this.#type = "default";
    this.#headers = copyHeaders(response.headers);
    this.#checkStatus();
  }

  #checkStatus(): void {
    const status = this.#status;
    if (this.#webSocket !== null) {
      if (status !== 101) throw new RangeError("Responses with a WebSocket must have status code 101.");
    } else if (status < 200 || status > 599) {
      throw new RangeError("Responses may only be constructed with status codes in the range 200 to 599, inclusive.");
    }
  }

  #setBody(body: unknown): void {
    if (body === undefined || body === null) return;
    const isNullBody = isNullBodyStatus(this.#status);
    if (isNullBody && body === "") return;
    const type = setBody(this, body);
    if (isNullBody) {
      if (!isEmptyBody(this))
        throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
      dropBody(this);
    }
    if (type === undefined) return;
    if (this.#headers === undefined) this.#contentType = type;
    else setHeaderDefault(this.#headers, "content-type", type);
  }

  #copyFrom(response: Response): void {
    this.#status = response.#status;
    this.#statusText = response.#statusText;
    this.#contentType = response.#contentType;
    this.#block = response.#block;
    this.#url = response.#url;
    this.#redirected = response.#redirected;
    this.#type = response.#type;
    this.#webSocket = response.#webSocket;
    this.#encodeBody = response.#encodeBody;
    this.#cf = response.#cf;
  }

  static error(): Response {
    const response = new Response(empty);
    response.#type = "error";
    response.#status = 0;
    response.#statusText = "";
    return response;
  }

  static redirect(url: string, status: number = 302): Response {
    if (arguments.length < 1) missingArgument("redirect", "Response", 1, "string");
    const text = toUSVString(url);
    const location = parseURL(text);
    if (location === undefined) throw new TypeError(`Unable to parse URL: ${text}`);
    const code = toUnsignedShort(status);
    if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) {
      throw new RangeError(`${code} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.`);
    }
    const response = new Response(empty);
    response.#status = code;
    response.#headers = new Headers([["location", responseCompatibility.normalizesRedirects ? location : text]]);
    freezeHeaders(response.#headers);
    return response;
  }

  static json(data: unknown, init: ResponseInit | Response | null | undefined = undefined): Response {
    if (arguments.length < 1) missingArgument("json", "Response", 1, "JsValue");
    // What JSON has no text for is "undefined" on Workers.
    const text = JSON.stringify(data) ?? "undefined";
    const response = new Response(empty);
    if (init !== undefined && init !== null) response.#initialize(init);
    if (isNullBodyStatus(response.#status)) {
      throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
    }
    setBody(response, text);
    if (response.#headers === undefined) response.#contentType = JSON_TYPE;
    else setHeaderDefault(response.#headers, "content-type", JSON_TYPE);
    return response;
  }

  get status(): number {
    return this.#status;
  }

  get statusText(): string {
    return this.#statusText ?? defaultStatusText(this.#status);
  }

  get headers(): Headers {
    const known = this.#headers;
    if (known !== undefined) return known;
    if (this.#block !== undefined) return (this.#headers = headersFromBlock(this.#block));
    const headers = (this.#headers = new Headers());
    if (this.#contentType !== undefined) setHeaderDefault(headers, "content-type", this.#contentType);
    return headers;
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get redirected(): boolean {
    return this.#redirected;
  }

  get url(): string {
    return this.#url;
  }

  get webSocket(): object | null {
    return this.#webSocket;
  }

  get cf(): unknown {
    return this.#cf;
  }

  get type(): "default" | "error" {
    return this.#type;
  }

  clone(): Response {
    if (this.#webSocket !== null) throw new TypeError("Cannot clone a response to a WebSocket handshake.");
    const copy = new Response(empty);
    cloneBody(this, copy);
    copy.#copyFrom(this);
    if (this.#headers !== undefined) copy.#headers = cloneHeaders(this.#headers);
    return copy;
  }
}

defineInterface(Response, "Response");
